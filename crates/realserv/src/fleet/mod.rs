//! The whole fleet: what it consists of, how it starts, heals and stops.

mod environment;
mod member;
mod ports;
mod probe;
mod secrets;
mod start;
mod state;
mod supervise;

pub use environment::Environment;
pub use member::Member;
pub use ports::{PortArgs, Ports};
pub use probe::{Probe, memory_megabytes, table};
pub use secrets::Secrets;
pub use start::{Fleet, Options};
pub use state::{Fact, Phase, State, runner};
