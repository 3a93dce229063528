//! The AWS stand-in: installed once into a private virtual environment, started as a child.

mod install;
mod topology;

use crate::{
    net,
    process::{Process, Spec},
};
use anyhow::{Result, bail};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub use install::install;
pub use topology::{config, ensure, store_secrets};

/// The region all names are in.
pub const REGION: &str = "ap-south-1";

/// How the stand-in is started; `keep` is the folder for its state, none to forget everything at the end.
pub fn server(program: PathBuf, port: u16, keep: Option<&Path>, log: &Path) -> Spec {
    let mut spec = Spec::new("ministack", program, log)
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("LOG_LEVEL", "WARNING")
        .env("MINISTACK_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("PYTHONUNBUFFERED", "1");
    if let Some(folder) = keep {
        let folder = folder.display();
        spec = spec
            .env("PERSIST_STATE", "1")
            .env("S3_PERSIST", "1")
            .env("STATE_DIR", format!("{folder}/state"))
            .env("S3_DATA_DIR", format!("{folder}/s3"));
    }
    spec
}

/// Starts the stand-in and waits until it answers.
pub async fn start(spec: &Spec, port: u16, run: &Path) -> Result<Process> {
    let process = Process::start(spec, run)?;
    if !net::listens_within(port, Duration::from_secs(30)).await {
        bail!("the AWS stand-in did not start, see {}:\n{}", process.log.display(), net::tail(&process.log, 8));
    }
    Ok(process)
}
