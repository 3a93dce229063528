//! Children: each in a process group of its own, its output in a log, remembered in a pid file.

mod account;
mod pidfile;

pub use account::{Account, may_enter};
pub use pidfile::{Running, reap, record};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{process::Child, time};

/// What to start.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name in tables, logs and pid files.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables added to this process's own.
    pub env: BTreeMap<String, String>,
    /// Another user, when this one is root and the program refuses that.
    pub account: Option<Account>,
    /// Working folder.
    pub folder: PathBuf,
    /// Where its output goes (appended).
    pub log: PathBuf,
    /// The signal that makes it stop in good order.
    pub stop: Signal,
}

impl Spec {
    /// A program with nothing special about it.
    pub fn new(name: &str, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            account: None,
            folder: PathBuf::from("/"),
            log: log.into(),
            stop: Signal::TERM,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }
}

/// A running child. Dropping it kills its whole group.
#[derive(Debug)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its log.
    pub log: PathBuf,
    child: Child,
    pid: Pid,
    stop: Signal,
    pidfile: PathBuf,
    over: bool,
}

impl Process {
    /// Starts it; `run` is the folder for its pid file.
    pub fn start(spec: &Spec, run: &Path) -> Result<Self> {
        if let Some(folder) = spec.log.parent() {
            fs::create_dir_all(folder)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&spec.log)
            .with_context(|| format!("log {} cannot be written", spec.log.display()))?;
        let mut command = tokio::process::Command::new(&spec.program);
        command
            .args(&spec.args)
            .envs(&spec.env)
            .current_dir(&spec.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(account) = &spec.account {
            command.uid(account.uid).gid(account.gid);
        }
        let child = command.spawn().with_context(|| format!("{} cannot be started", spec.program.display()))?;
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .with_context(|| format!("{} ended at once", spec.name))?;
        let pidfile = record(run, &spec.name, pid)?;
        Ok(Self { name: spec.name.clone(), log: spec.log.clone(), child, pid, stop: spec.stop, pidfile, over: false })
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten();
        if status.is_some() {
            self.forget();
        }
        status
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.forget();
        Ok(status)
    }

    /// Asks it to stop and insists when the grace is over.
    pub async fn stop(&mut self, grace: Duration) {
        if self.ended().is_some() {
            return;
        }
        // Only an already ended process cannot be signalled; waiting then returns at once.
        let _ = rustix::process::kill_process(self.pid, self.stop);
        if time::timeout(grace, self.child.wait()).await.is_err() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = self.child.wait().await;
        }
        self.forget();
    }

    fn forget(&mut self) {
        if !self.over {
            self.over = true;
            let _ = fs::remove_file(&self.pidfile);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.over && self.ended().is_none() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            self.forget();
        }
    }
}
