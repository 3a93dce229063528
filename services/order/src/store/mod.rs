//! What is remembered. SQL lives here and nowhere else; every function works on the connection it is given.

pub(crate) mod history;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod orders;
pub(crate) mod row;
pub(crate) mod sagas;
pub(crate) mod timeline;
