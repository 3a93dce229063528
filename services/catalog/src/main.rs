//! The catalog service as a process.

use std::process::ExitCode;

use clap::Parser;
use service_kit::process::{self, Command};

/// The catalog service: materials, labour, offers, stock. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CatalogCommand {
    #[command(flatten)]
    Common(Command),
    /// Bring the catalogue to what the checked-in seed files say. Again: nothing changes.
    Seed,
    /// Compare stock, reservations and the book of movements, and name every row that does not agree.
    ReconcileStock,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        CatalogCommand::Common(command) => process::run::<catalog::CatalogService>(command),
        CatalogCommand::Seed => {
            process::init();
            process::exit(process::block_on(catalog::seed()))
        }
        CatalogCommand::ReconcileStock => {
            process::init();
            process::exit(process::block_on(catalog::reconcile()))
        }
    }
}
