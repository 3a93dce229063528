//! The command line.

use crate::{bench, commands, demo, gateway, home::Home, soak};
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
    /// Build and start everything; Ctrl-C stops it, data stays.
    Up(Box<commands::up::UpArgs>),
    /// Play real orders through a fleet of its own, and check every amount.
    Demo(demo::DemoArgs),
    /// Put load on a fleet of its own and report what it bears, beside what is possible at all. Not a test.
    Bench(bench::BenchArgs),
    /// Play random orders of many people through a fleet of its own, with every kind of trouble, and hold model and books
    /// against what came of it.
    Soak(Box<soak::SoakArgs>),
    /// The handler that `bench` holds the services against.
    #[command(name = "bench-bare", hide = true)]
    BenchBare(bench::BareArgs),
    /// Stop the fleet, wherever it was started.
    Down {
        /// Remove its data as well.
        #[arg(long)]
        wipe: bool,
    },
    /// The running fleet in one table.
    Status,
    /// What the children wrote.
    Logs {
        /// One of them; all when left out.
        name: Option<String>,
        /// Go on as they write.
        #[arg(short, long)]
        follow: bool,
        /// How many of the last lines.
        #[arg(short = 'n', long, default_value_t = 40)]
        lines: usize,
    },
    /// Move the clock of the whole local fleet: +2h, +1d, -30m, reset, show.
    Clock {
        /// The step.
        #[arg(allow_hyphen_values = true)]
        step: String,
    },
    /// psql in a service's database.
    Sql {
        /// The service.
        service: String,
        /// Arguments for psql, such as -c 'SELECT 1'.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Rebuild orders with their payment, delivery and settlement from the recorded events alone, and name what the tables
    /// say otherwise.
    Replay(crate::replay::ReplayArgs),
    /// How far the placing or editing of an order is; --stuck for all that are under way.
    Saga(commands::saga::SagaArgs),
    /// Recompute every balance and compare order, payment, gateway, ledger, cash, settlement and stock.
    Books(commands::books::BooksArgs),
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
            Command::Up(args) => commands::up::run(&home, *args).await,
            Command::Demo(args) => demo::run(&home, args).await,
            Command::Bench(args) => bench::run(&home, args).await,
            Command::Soak(args) => soak::run(&home, *args).await,
            Command::BenchBare(args) => bench::serve_bare(args).await,
            Command::Down { wipe } => commands::down::run(&home, wipe).await,
            Command::Status => commands::status::run(&home).await,
            Command::Logs { name, follow, lines } => commands::logs::run(&home, name.as_deref(), follow, lines).await,
            Command::Clock { step } => commands::clock::run(&home, &step).await,
            Command::Sql { service, args } => commands::sql::run(&home, &service, &args),
            Command::Replay(args) => crate::replay::run(&home, args).await,
            Command::Saga(args) => commands::saga::run(&home, args).await,
            Command::Books(args) => commands::books::run(&home, args).await,
            Command::Gateway(settings) => commands::gateway::run(*settings).await,
            Command::WithStack { no_aws, command } => commands::with_stack::run(&home, !no_aws, &command).await,
            Command::Prepare { services, check } => commands::prepare::run(&home, &services, check).await,
        }
    }
}
