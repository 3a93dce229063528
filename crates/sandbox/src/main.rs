//! The sandbox as a program: listens until it is told to stop.

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();
    let mut terminate = signal(SignalKind::terminate())?;
    let sandbox = sandbox::start(sandbox::Settings::parse()).await?;
    tracing::info!(addr = %sandbox.addr, "sandbox listens");
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    sandbox.stop().await;
    Ok(())
}
