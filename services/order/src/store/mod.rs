//! What is remembered. SQL lives here and nowhere else; every function works on the connection it is given.

pub(crate) mod analytics;
pub(crate) mod changes;
pub(crate) mod disputes;
pub(crate) mod edits;
pub(crate) mod history;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod orders;
pub(crate) mod placing;
pub(crate) mod row;
pub(crate) mod sagas;
pub(crate) mod said;
pub(crate) mod tickets;
pub(crate) mod timeline;
