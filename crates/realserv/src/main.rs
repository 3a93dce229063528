//! `realserv`: the whole marketplace on one machine.

use clap::Parser as _;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match realserv::cli::Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("realserv: {error:#}");
            ExitCode::FAILURE
        }
    }
}
