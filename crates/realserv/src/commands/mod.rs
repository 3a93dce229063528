//! One file a command.

pub mod gateway;
pub mod prepare;
pub mod with_stack;
