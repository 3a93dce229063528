//! The only SQL of the service. Everything takes a connection; use cases begin and commit.

pub(crate) mod addresses;
pub(crate) mod admins;
pub(crate) mod audit;
pub(crate) mod buyers;
pub(crate) mod refresh_tokens;
pub(crate) mod sessions;
pub(crate) mod sync;
pub(crate) mod users;
