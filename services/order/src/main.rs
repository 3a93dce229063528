//! The order service as a process.

use std::process::ExitCode;

use clap::Parser;
use service_kit::process::{self, Command};

/// The order service: orders, their saga, tickets, disputes. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    process::run::<order::OrderService>(Cli::parse().command)
}
