//! What is decided here: pure, without async, SQL or wire shapes.

pub mod invoice;
pub mod ledger;
pub mod movements;
pub mod online;
pub mod refund;
pub mod replace;
