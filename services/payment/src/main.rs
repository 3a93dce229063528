//! The payment service as a process.

use std::process::ExitCode;

use clap::Parser;
use service_kit::process::{self, Command};

/// The payment service: money in and out, the ledger. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    process::run::<payment::PaymentService>(Cli::parse().command)
}
