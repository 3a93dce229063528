//! What is decided here: pure, without async, SQL or wire shapes.

pub mod area;
pub mod centres;
pub mod coverage;
pub mod file;
