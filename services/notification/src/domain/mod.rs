//! What is decided here: pure, without async, SQL or wire shapes.

pub mod catalogue;
pub mod facts;
pub mod matrix;
pub mod message;
pub mod preferences;
pub mod schedule;
pub mod template;
pub mod wording;
