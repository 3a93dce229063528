//! The user service as a process.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service_kit::process::{self, Command};

/// The user service: identity, profiles, addresses, admins, the audit log. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    #[command(flatten)]
    Any(Command),
    /// Make the first super admin and print the id.
    BootstrapAdmin(user::BootstrapAdmin),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        UserCommand::Any(command) => process::run::<user::UserService>(command),
        UserCommand::BootstrapAdmin(admin) => {
            process::init();
            process::exit(process::block_on(user::bootstrap_admin(admin)))
        }
    }
}
