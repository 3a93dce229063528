//! What is decided here: pure, without async, SQL or wire shapes.
