//! `realserv bench`: browsing and ordering under load, beside what is possible at all on the same machine in the same
//! minutes. A report, not a test: ratios are what counts, absolute figures differ between machines.

mod bare;
mod browsing;
mod client;
mod cpu;
pub(crate) mod crowd;
mod large;
mod limits;
mod load;
mod ordering;
mod report;
mod stage;
mod statements;
mod vitals;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use domain::{Clock as _, SystemClock};
use tokio::signal;

pub use bare::{BareArgs, serve_bare};

use crate::fleet::{Fleet, Options, Phase, PortArgs, Ports, Secrets};
use crate::home::Home;
use crate::{commands, postgres, process};
use limits::Server;
use stage::Stage;
use statements::Watch;

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    ports: PortArgs,
    /// Do not build first.
    #[arg(long)]
    no_build: bool,
    /// How long each measurement lasts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Numbers of users at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 500])]
    users: Vec<usize>,
    /// Only one of the two.
    #[arg(long)]
    only: Option<Part>,
    /// Instead of both: browsing and searching 50,000 materials with 2,000,000 offers, which are made first.
    #[arg(long, conflicts_with = "only")]
    large_catalogue: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A page of the catalogue.
    Browsing,
    /// An order.
    Ordering,
}

/// Starts a fleet with empty databases under `.realserv/bench`, puts load on it, prints, and stops it.
///
/// # Errors
/// Something could not be started, or nobody could join.
pub async fn run(home: &Home, args: BenchArgs) -> Result<ExitCode> {
    let home = home.inner("bench")?;
    let ports = args.ports.decide();
    commands::down::run(&home, true).await?;
    ports.must_be_free()?;
    if cfg!(debug_assertions) {
        println!("This is not a release build: the figures mean little. Use `make bench`.");
    }
    if !args.no_build {
        commands::up::build(&home, &[])?;
    }
    let pidfile = process::record(&home.state, "realserv", rustix::process::getpid())?;
    // Browsing needs two services; the others would only wait beside them.
    let few = args.large_catalogue || args.only == Some(Part::Browsing);
    let only = if few { vec!["user".to_owned(), "catalog".to_owned()] } else { Vec::new() };
    let mut fleet = Fleet::new(&home, Options { ports, only })?;
    // The one limit that is lifted: what a route lets through in a second.
    fleet.add_variable("GATEWAY_NO_THROTTLE", "true");
    let done = tokio::select! {
        done = start_and_measure(&home, &mut fleet, ports, &args) => done,
        _ = signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    fleet.stop().await;
    let _ = std::fs::remove_file(pidfile);
    done?;
    Ok(ExitCode::SUCCESS)
}

async fn start_and_measure(home: &Home, fleet: &mut Fleet, ports: Ports, args: &BenchArgs) -> Result<()> {
    let run = home.folder("run")?;
    let facts = fleet.state(Phase::Starting).facts;
    let names: Vec<String> = facts.iter().map(|fact| fact.name.clone()).collect();
    let timing = tokio::spawn(vitals::time_to_ready(run.clone(), facts));
    fleet.start().await?;
    let ready = timing.await?;
    let binaries = postgres::find_or_install()?;
    let server = Server { port: ports.postgres, password: Secrets::ensure(home)?.postgres };
    let logs = home.folder("logs")?;
    let stage = Stage {
        ports,
        watch: Watch::new(server.clone(), logs.join("postgres.log")),
        server,
        watched: stage::watched(&run, &names),
        run,
        logs,
        scripts: home.folder("report")?,
        users: args.users.clone(),
        time: Duration::from_secs(args.seconds),
        pgbench: limits::pgbench(&binaries),
    };
    tokio::select! {
        ended = fleet.supervise() => ended,
        measured = measure(home, &stage, &names, &ready, args) => measured,
    }
}

async fn measure(
    home: &Home,
    stage: &Stage,
    names: &[String],
    ready: &std::collections::BTreeMap<String, u128>,
    args: &BenchArgs,
) -> Result<()> {
    stage.settle().await;
    let idle = vitals::memory(&stage.run, names);
    println!("\n{}", machine());
    if args.large_catalogue {
        Box::pin(large::run(stage)).await.context("the large catalogue")?;
    } else if args.only != Some(Part::Ordering) {
        Box::pin(browsing::run(stage)).await.context("browsing")?;
    }
    if !args.large_catalogue && args.only != Some(Part::Browsing) {
        Box::pin(ordering::run(stage, home)).await.context("ordering")?;
    }
    vitals::print(names, ready, &idle, &vitals::memory(&stage.run, names));
    Ok(())
}

/// On what, and when.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| Some(line.strip_prefix("model name")?.trim_start_matches([' ', '\t', ':']).to_owned()))
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    format!(
        "{}, {cores} × {model}; load, services, Postgres and stand-ins share them",
        SystemClock.now().format("%Y-%m-%d %H:%M UTC")
    )
}
