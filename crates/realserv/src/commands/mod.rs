//! One file a command.

pub mod books;
pub mod clock;
pub mod down;
pub mod gateway;
pub mod logs;
pub mod prepare;
pub mod saga;
pub mod sql;
pub mod status;
pub mod up;
pub mod with_stack;
