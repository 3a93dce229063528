//! The tables: all SQL of the service, on a connection that a use case hands in.

pub(crate) mod areas;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod places;
pub(crate) mod statuses;
pub(crate) mod vendors;
