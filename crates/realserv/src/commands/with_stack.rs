//! `realserv with-stack -- CMD`: CMD beside a test Postgres and AWS stand-in.

use crate::{
    aws,
    home::Home,
    net,
    postgres::{self, Access, Cluster},
    process::{self, Process},
};
use anyhow::{Context as _, Result, bail};
use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// Clusters at most at once on one checkout.
const SLOTS: usize = 16;

/// A test Postgres, and the AWS stand-in when asked for.
#[derive(Debug)]
pub struct TestStack {
    /// The cluster.
    pub cluster: Cluster,
    /// The stand-in and its port.
    pub aws: Option<(Process, u16)>,
    // Held while the stack is in use: the next run takes another folder.
    _slot: Slot,
}

#[derive(Debug)]
struct Slot {
    folder: PathBuf,
    _lock: File,
}

impl Slot {
    /// The first folder no other run uses.
    fn take(home: &Home) -> Result<Self> {
        for number in 0..SLOTS {
            let folder = home.folder(&format!("test-pg/{number}"))?;
            let lock = File::create(folder.join("lock"))?;
            match lock.try_lock() {
                Ok(()) => {
                    return Ok(Self { folder, _lock: lock });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        bail!("{SLOTS} test stacks are running on this checkout already");
    }
}

impl TestStack {
    /// Starts both.
    pub async fn start(home: &Home, with_aws: bool) -> Result<Self> {
        let slot = Slot::take(home)?;
        let run = slot.folder.join("run");
        process::reap(&run);
        let log = slot.folder.join("postgres.log");
        let _ = fs::remove_file(&log);
        let binaries = postgres::find_or_install()?;
        let data = slot.folder.join("data");
        let port = net::free_port()?;
        let cluster = Cluster::start(&binaries, &data, port, Access::Trust, &log, &run).await?;
        postgres::drop_all(&cluster).await?;
        let aws = if with_aws {
            let program = aws::install(home)?;
            let port = net::free_port()?;
            let log = slot.folder.join("ministack.log");
            let _ = fs::remove_file(&log);
            let spec = aws::server(program, port, None, &log);
            Some((aws::start(&spec, port, &run).await?, port))
        } else {
            None
        };
        Ok(Self { cluster, aws, _slot: slot })
    }

    /// What a test needs to know.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![("TEST_DATABASE_ADMIN_URL", self.cluster.admin_url("postgres"))];
        if let Some((_, port)) = &self.aws {
            environment.extend([
                ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
                ("AWS_REGION", aws::REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", "test".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ]);
        }
        environment
    }

    /// Stops both.
    pub async fn stop(mut self) {
        if let Some((process, _)) = &mut self.aws {
            process.stop(Duration::from_secs(3)).await;
        }
        self.cluster.stop().await;
    }
}

/// Runs the command and answers with its exit status.
pub async fn run(home: &Home, with_aws: bool, command: &[OsString]) -> Result<ExitCode> {
    let (program, args) = command.split_first().context("no command given")?;
    let stack = TestStack::start(home, with_aws).await?;
    let code = supervise(&stack, program, args).await;
    stack.stop().await;
    code
}

async fn supervise(stack: &TestStack, program: &OsString, args: &[OsString]) -> Result<ExitCode> {
    let mut child = tokio::process::Command::new(program)
        .args(args)
        .envs(stack.environment())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    // Ctrl-C reaches the command by itself; this process only must outlive it to clean up.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {
                if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
            }
        }
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
