//! A Postgres cluster of our own, from whatever server binaries the machine has.

mod cluster;
mod databases;
mod finder;
mod install;

pub use cluster::{Access, Cluster};
pub use databases::{drop_all, ensure_service_databases};
pub use finder::{Binaries, Places, find};
pub use install::find_or_install;
