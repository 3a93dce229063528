//! What is decided here: pure, without async, SQL or wire shapes.

pub mod batch;
pub mod offer;
pub mod order_line;
pub mod reservation;
pub mod tree;
pub mod words;
