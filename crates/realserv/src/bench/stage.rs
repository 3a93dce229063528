//! The fleet under load, and everything needed to watch it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::cpu::{self, Watched};
use super::limits::{self, Alone, Server};
use super::load;
use super::report::Level;
use super::statements::Watch;
use super::vitals::pid;
use crate::fleet::Ports;
use crate::service::SERVICES;

/// Longest wait for what follows the answers.
const AFTERMATH: Duration = Duration::from_secs(120);

/// What every measurement needs.
pub(super) struct Stage {
    pub(super) ports: Ports,
    pub(super) server: Server,
    pub(super) watch: Watch,
    pub(super) run: PathBuf,
    pub(super) logs: PathBuf,
    /// Where scripts and lists of statements are left.
    pub(super) scripts: PathBuf,
    pub(super) users: Vec<usize>,
    pub(super) time: Duration,
    pub(super) watched: Watched,
    /// Where it is installed.
    pub(super) pgbench: Option<PathBuf>,
}

impl Stage {
    /// The address of something on this machine.
    pub(super) fn at(&self, port: u16, path: &str) -> String {
        format!("http://127.0.0.1:{port}{path}")
    }

    /// The same stage with one process more to be watched.
    pub(super) fn with(&self, name: &str, pid: i32) -> Self {
        let mut watched = self.watched.clone();
        watched.add(name, pid);
        Self {
            watched,
            server: self.server.clone(),
            watch: Watch::new(self.server.clone(), self.logs.join("postgres.log")),
            run: self.run.clone(),
            logs: self.logs.clone(),
            scripts: self.scripts.clone(),
            users: self.users.clone(),
            pgbench: self.pgbench.clone(),
            ..*self
        }
    }

    /// Load of so many users; first for a while that is not counted, so that connections are open and caches warm.
    pub(super) async fn level<F, Fut>(&self, users: usize, warm: bool, ask: F) -> Result<Level>
    where
        F: Fn(usize, usize) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send,
    {
        if warm {
            load::run(users, self.time.div_f64(5.0).max(Duration::from_millis(500)), ask.clone()).await;
        }
        let (before, everybody) = (self.watched.read(), cpu::of_everybody());
        let measured = load::run(users, self.time, ask).await;
        let (used, everybody) = (self.watched.read().since(&before), cpu::of_everybody() - everybody);
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let elsewhere = (everybody - used.sum()) / (measured.took.as_secs_f64() * 1000.0 * processors);
        Ok(Level { measured, used, elsewhere: elsewhere.max(0.0), used_in_all: None, settled_after: None })
    }

    /// The same for what goes on after its answer: waits until all is done before and after.
    pub(super) async fn level_with_aftermath<F, Fut>(&self, users: usize, ask: F) -> Result<Level>
    where
        F: Fn(usize, usize) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send,
    {
        load::run(users, self.time.div_f64(5.0).max(Duration::from_millis(500)), ask.clone()).await;
        self.settle().await;
        let before = self.watched.read();
        let mut level = self.level(users, false, ask).await?;
        level.settled_after = self.settle().await;
        level.used_in_all = Some(self.watched.read().since(&before));
        Ok(level)
    }

    /// Waits until the services have nothing left to do; how many seconds that took, none when they still have.
    pub(super) async fn settle(&self) -> Option<f64> {
        const STEP: Duration = Duration::from_millis(500);
        let is_service = |name: &str| SERVICES.iter().any(|service| service.name == name);
        let begun = Instant::now();
        let mut quiet = 0;
        while begun.elapsed() < AFTERMATH {
            let before = self.watched.read();
            sleep(STEP).await;
            // Polling costs a little; work costs more than a twentieth of a processor.
            let busy = self.watched.read().since(&before).of(is_service);
            quiet = if busy <= 30.0 { quiet + 1 } else { 0 };
            if quiet == 3 {
                return Some((begun.elapsed() - STEP * 3).as_secs_f64());
            }
        }
        None
    }

    /// A script by pgbench with one client and with as many as a service has connections; none when it is not there.
    pub(super) async fn pgbench(&self, script: &Path, database: &str) -> Result<Option<Vec<(Alone, f64)>>> {
        let Some(program) = &self.pgbench else {
            println!("\n(pgbench is not installed beside Postgres: the limit of the SQL alone is left out)");
            return Ok(None);
        };
        let mut found = Vec::new();
        for clients in [1, 8] {
            let before = self.watched.read();
            let alone = limits::run_pgbench(program, &self.server, database, script, clients, self.time.as_secs().max(1)).await?;
            // Its connections end a little later than itself, and what they used counts once they have been waited for.
            sleep(Duration::from_millis(300)).await;
            found.push((alone, self.watched.read().since(&before).of(|name| name == "postgres")));
        }
        Ok(Some(found))
    }
}

/// Every process of the fleet, and this one.
pub(super) fn watched(run: &Path, names: &[String]) -> Watched {
    let mut watched = Watched::default();
    for name in names {
        match pid(run, name) {
            Some(pid) if name == "postgres" => watched.add_family(name, pid),
            Some(pid) => watched.add(name, pid),
            None => {}
        }
    }
    watched.add("bench", rustix::process::getpid().as_raw_nonzero().get());
    watched
}
