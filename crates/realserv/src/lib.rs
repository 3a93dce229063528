//! The local runner. `cli` says what it can do, `commands` does it, one file a command.
//!
//! `fleet` holds the whole together, `postgres` and `aws` bring up what the services stand on, `gateway` is the one
//! door, `process` keeps children in order.

pub mod aws;
pub mod bench;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod fleet;
pub mod gateway;
pub mod home;
pub mod net;
pub mod postgres;
pub mod process;
pub mod replay;
pub mod service;
pub mod soak;
