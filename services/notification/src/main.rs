//! The notification service as a process.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service_kit::process::{self, Command};

/// The notification service: messages to people. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Own,
}

#[derive(Debug, Subcommand)]
enum Own {
    #[command(flatten)]
    Common(Command),
    /// Bring the checked-in templates into the database, then stop.
    Seed,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Own::Common(command) => process::run::<notification::NotificationService>(command),
        Own::Seed => {
            process::init();
            process::exit(process::block_on(notification::seed()))
        }
    }
}
