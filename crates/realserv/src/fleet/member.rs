//! One child of the fleet and its recovery.

use crate::process::{Process, Spec};
use anyhow::Result;
use std::{
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Who lived this long starts again without the pauses of before.
const STABLE: Duration = Duration::from_secs(30);

/// A child that is kept running.
#[derive(Debug)]
pub struct Member {
    /// How it is started.
    pub spec: Spec,
    process: Option<Process>,
    since: Instant,
    pause: Duration,
    due: Option<Instant>,
}

/// What happened to a member since it was last looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// It ended and will be started again after the pause.
    Died(String, Duration),
    /// It was started again.
    Restarted,
}

impl Member {
    /// Starts it.
    pub fn start(spec: Spec, run: &Path) -> Result<Self> {
        let process = Process::start(&spec, run)?;
        Ok(Self::running(spec, process))
    }

    /// Takes over what runs already.
    pub fn running(spec: Spec, process: Process) -> Self {
        Self { spec, process: Some(process), since: Instant::now(), pause: FIRST_PAUSE, due: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| process.ended().is_some())
    }

    /// Notices an end, and starts it again when the pause is over.
    pub fn heal(&mut self, run: &Path) -> Result<Option<Change>> {
        if let Some(status) = self.process.as_mut().and_then(Process::ended) {
            self.process = None;
            if self.since.elapsed() > STABLE {
                self.pause = FIRST_PAUSE;
            }
            let pause = self.pause;
            self.due = Some(Instant::now() + pause);
            self.pause = (pause * 2).min(LONGEST_PAUSE);
            return Ok(Some(Change::Died(describe(status), pause)));
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.due = None;
            self.process = Some(Process::start(&self.spec, run)?);
            self.since = Instant::now();
            return Ok(Some(Change::Restarted));
        }
        Ok(None)
    }

    /// Stops it for good.
    pub async fn stop(&mut self, grace: Duration) {
        self.due = None;
        if let Some(mut process) = self.process.take() {
            process.stop(grace).await;
        }
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown cause".to_owned(),
    }
}
