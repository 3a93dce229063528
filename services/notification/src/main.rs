//! The notification service as a process.

use std::process::ExitCode;

use clap::Parser;
use service_kit::process::{self, Command};

/// The notification service: messages to people. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    process::run::<notification::NotificationService>(Cli::parse().command)
}
