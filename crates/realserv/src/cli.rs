//! The command line.

use crate::{commands, gateway, home::Home};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::{ffi::OsString, process::ExitCode};

/// RealServ on one machine: Postgres, AWS stand-in, sandbox, gateway and seven services.
#[derive(Debug, Parser)]
#[command(name = "realserv", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The gateway alone, in the foreground.
    Gateway(Box<gateway::Settings>),
    /// Run a command beside a test Postgres and AWS stand-in, then stop both.
    #[command(name = "with-stack")]
    WithStack {
        /// Leave the AWS stand-in out.
        #[arg(long)]
        no_aws: bool,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
    /// Make a service's checked queries (`.sqlx`) anew from its migrations and code.
    Prepare {
        /// Names of services, or `all`.
        #[arg(required = true)]
        services: Vec<String>,
        /// Change nothing; fail when the checked-in queries differ.
        #[arg(long)]
        check: bool,
    },
}

impl Cli {
    /// Does what the command line asks.
    pub async fn run(self) -> Result<ExitCode> {
        let home = Home::find()?;
        match self.command {
            Command::Gateway(settings) => commands::gateway::run(*settings).await,
            Command::WithStack { no_aws, command } => commands::with_stack::run(&home, !no_aws, &command).await,
            Command::Prepare { services, check } => commands::prepare::run(&home, &services, check).await,
        }
    }
}
