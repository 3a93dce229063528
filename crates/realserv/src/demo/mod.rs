//! `realserv demo`: the whole fleet, and real orders played through it as the real clients would, with every amount held
//! against figures computed here.

pub mod api;
mod books;
mod cast;
mod figures;
pub mod joining;
mod online_order;
mod other_orders;
mod settling;
mod story;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;
use tokio::process::Command;
use tokio::signal;

use crate::commands;
use crate::fleet::{Environment, Fleet, Options, Phase, PortArgs, Ports, Probe, Secrets, table};
use crate::home::Home;
use crate::process;
use crate::service::{SERVICES, Service};
use cast::World;
use story::Story;

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    ports: PortArgs,
    /// Do not build first.
    #[arg(long)]
    no_build: bool,
    /// Leave the fleet running at the end, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Kill this service (SIGKILL) three times while the orders are played; `each` kills one after the other, once.
    #[arg(long, value_name = "SERVICE")]
    kill: Option<String>,
}

impl DemoArgs {
    /// The services to be killed in turn.
    fn victims(&self) -> Result<Vec<&'static str>> {
        match self.kill.as_deref() {
            None => Ok(Vec::new()),
            Some("each") => Ok(SERVICES.iter().map(|service| service.name).collect()),
            Some(name) => Ok(vec![Service::named(name)?.name; 3]),
        }
    }
}

/// Pause between two kills: long enough for a service to be back and at work.
const BETWEEN_KILLS: Duration = Duration::from_secs(3);

/// Starts a fleet with empty databases under `.realserv/demo`, plays, and stops it.
///
/// # Errors
/// Something could not be started, an answer was not what it should be, or a figure does not agree.
pub async fn run(home: &Home, args: DemoArgs) -> Result<ExitCode> {
    let victims = args.victims()?;
    let home = home.inner("demo")?;
    let ports = args.ports.decide();
    commands::down::run(&home, true).await?;
    let home = Home { state: home.folder("")?, ..home };
    ports.must_be_free()?;
    if !args.no_build {
        commands::up::build(&home, &[])?;
    }
    let _ = process::reap(&home.folder("run")?);
    let pidfile = process::record(&home.state, "realserv", rustix::process::getpid())?;
    let mut fleet = Fleet::new(&home, Options { ports, only: Vec::new() })?;
    let played = tokio::select! {
        played = start_and_play(&home, &mut fleet, ports, args.keep, &victims) => played,
        _ = signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    fleet.stop().await;
    let _ = std::fs::remove_file(pidfile);
    played?;
    Ok(ExitCode::SUCCESS)
}

async fn start_and_play(home: &Home, fleet: &mut Fleet, ports: Ports, keep: bool, victims: &[&str]) -> Result<()> {
    fleet.start().await?;
    let state = fleet.state(Phase::Ready);
    let (text, _) = table(home, &state, &Probe::new()?).await;
    println!("\n{text}");
    // The supervisor runs on: a service that is killed meanwhile comes back, and the play goes on.
    tokio::select! {
        ended = fleet.supervise() => ended,
        () = kill_in_turn(home, victims) => Ok(()),
        played = play(home, ports) => {
            played?;
            if keep {
                println!("The fleet stays: http://127.0.0.1:{} (REALSERV_HOME={} realserv status). Ctrl-C stops it.",
                    ports.gateway, home.state.display());
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    }
}

/// Kills the services one after the other, then waits for ever.
async fn kill_in_turn(home: &Home, victims: &[&str]) {
    for name in victims {
        tokio::time::sleep(BETWEEN_KILLS).await;
        let pidfile = home.state.join("run").join(format!("{name}.pid"));
        if let Some(running) = process::Running::read(&pidfile) {
            running.signal(rustix::process::Signal::KILL);
        }
    }
    std::future::pending().await
}

async fn play(home: &Home, ports: Ports) -> Result<()> {
    let mut world = World::new(home, ports)?;
    let mut story = Story::begin();
    joining::staff(&mut world, &mut story).await?;
    joining::vendor(&mut world, &mut story).await?;
    joining::buyer(&mut world, &mut story).await?;
    let first = online_order::play(&mut world, &mut story).await?;
    let settlement = settling::first(&mut world, &mut story, &first).await?;
    let cash = other_orders::cash_on_delivery(&mut world, &mut story).await?;
    other_orders::cancelled(&mut world, &mut story).await?;
    other_orders::unanswered(&mut world, &mut story).await?;
    settling::second(&mut world, &mut story, &cash).await?;
    books::timeline(&mut world, &mut story, &first).await?;
    books::ledger(&mut world, &mut story, &settlement).await?;
    story.end()
}

/// Makes the first super admin with the user service's own command, and gives its answer.
pub(crate) async fn bootstrap_admin(home: &Home, ports: Ports, phone: &str, name: &str) -> Result<String> {
    let user: Service = SERVICES[0];
    let catalogue = bus::Catalogue::load()?;
    let environment = Environment::new(home, ports, Secrets::ensure(home)?, &catalogue);
    let program = std::env::current_exe()?.with_file_name(user.name);
    let output = Command::new(program)
        .args(["bootstrap-admin", "--phone", phone, "--name", name])
        .envs(environment.service(user, &bus::topology::Topology::default()))
        .output()
        .await
        .context("the user service's program cannot be started")?;
    if !output.status.success() {
        bail!("bootstrap-admin: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Moves the fleet's clock and lets everybody notice.
async fn move_clock(home: &Home, step: &str) -> Result<()> {
    commands::clock::set(home, step)?;
    tokio::time::sleep(Duration::from_millis(250)).await;
    Ok(())
}

/// A list answered by the API.
pub(crate) fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
