//! The vendor-management service as a process.

use std::process::ExitCode;

use clap::Parser;
use service_kit::process::{self, Command};

/// The vendor-management service: vendors, KYC, deliveries, settlements. Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    process::run::<vendor_management::VendorManagementService>(Cli::parse().command)
}
