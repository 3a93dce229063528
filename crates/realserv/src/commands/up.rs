//! `realserv up`: the whole fleet.

use crate::{
    fleet::{Fleet, Options, Phase, PortArgs, Probe, State, runner, table},
    home::Home,
    process,
    service::Service,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::{
    env,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time,
};

/// Arguments of `up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    #[command(flatten)]
    ports: PortArgs,
    /// Do not build first.
    #[arg(long)]
    no_build: bool,
    /// Return once everything is ready and leave it running; `realserv down` stops it.
    #[arg(long)]
    detach: bool,
    /// Start only these services (comma separated).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The runner behind `--detach`.
    #[arg(long, hide = true)]
    background: bool,
}

/// Starts the fleet and, unless detached, stays with it.
pub async fn run(home: &Home, args: UpArgs) -> Result<ExitCode> {
    for name in &args.only {
        Service::named(name)?;
    }
    if let Some(running) = runner(home) {
        bail!("the fleet already runs (process {}): `realserv status` shows it, `realserv down` stops it", running.pid);
    }
    let left = process::reap(&home.folder("run")?);
    if !left.is_empty() {
        println!("stopped what an earlier run left behind: {}", left.join(", "));
    }
    let ports = args.ports.decide();
    ports.must_be_free()?;
    if !args.no_build {
        build(home, &args.only)?;
    }
    if args.detach {
        return detach(home).await;
    }
    if args.background {
        rustix::process::setsid().context("the runner cannot leave its terminal")?;
    }
    let options = Options { ports, only: args.only };
    foreground(home, options, args.background).await
}

async fn foreground(home: &Home, options: Options, background: bool) -> Result<ExitCode> {
    let pid = rustix::process::getpid();
    let pidfile = process::record(&home.state, "realserv", pid)?;
    let mut fleet = Fleet::new(home, options)?;
    let result = tokio::select! {
        result = watch(home, &mut fleet, background) => result,
        () = told_to_stop() => Ok(()),
    };
    println!("stopping");
    fleet.stop().await;
    let _ = fs::remove_file(pidfile);
    result?;
    println!("stopped; data stays in {}", home.state.display());
    Ok(ExitCode::SUCCESS)
}

async fn watch(home: &Home, fleet: &mut Fleet, background: bool) -> Result<()> {
    fleet.start().await?;
    let (text, _) = table(home, &fleet.state(Phase::Ready), &Probe::new()?).await;
    println!("\n{text}");
    if !background {
        println!("Ctrl-C stops everything. Logs: realserv logs [name] -f");
    }
    fleet.supervise().await
}

/// Ctrl-C, `down`, or a closed terminal.
async fn told_to_stop() {
    let listen = |kind| signal(kind).ok();
    let (Some(mut interrupt), Some(mut terminate), Some(mut hangup)) =
        (listen(SignalKind::interrupt()), listen(SignalKind::terminate()), listen(SignalKind::hangup()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Builds everything in the profile this program was built in; cargo shows its progress.
pub(crate) fn build(home: &Home, only: &[String]) -> Result<()> {
    let mut command = Command::new("cargo");
    command.arg("build").current_dir(&home.root);
    if is_release() {
        command.arg("--release");
    }
    if only.is_empty() {
        // The whole workspace, so that this build and the one for the tests share their dependencies.
        command.args(["--workspace", "--bins"]);
    } else {
        command.args(["--package", "sandbox"]);
    }
    for name in only {
        command.args(["--package", name]);
    }
    let status = command.status().context("cargo cannot be started; --no-build takes the programs as they are")?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

fn is_release() -> bool {
    env::current_exe().is_ok_and(|exe| exe.parent().is_some_and(|folder| folder.ends_with("release")))
}

/// Starts the runner in the background and shows its words until the fleet is ready.
async fn detach(home: &Home) -> Result<ExitCode> {
    let log = home.folder("logs")?.join("realserv.log");
    let out = File::create(&log)?;
    // The same words as given, so that ports and services stay what they were.
    let given = env::args_os().skip(1).filter(|word| word != "--detach" && word != "--no-build");
    let mut child = Command::new(env::current_exe()?)
        .args(given)
        .args(["--no-build", "--background"])
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .context("the runner cannot be started")?;
    let mut shown = 0;
    loop {
        time::sleep(Duration::from_millis(200)).await;
        let ready = State::read(home).is_some_and(|state| state.phase == Phase::Ready);
        if ready {
            // The table is printed after the state is written.
            time::sleep(Duration::from_millis(500)).await;
        }
        shown = show(&log, shown)?;
        if let Some(status) = child.try_wait()? {
            show(&log, shown)?;
            bail!("the fleet did not start ({status})");
        }
        if ready {
            println!("The fleet runs in the background. realserv down stops it.");
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn show(log: &Path, from: u64) -> Result<u64> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    let read = file.read_to_end(&mut text)?;
    std::io::stdout().write_all(&text)?;
    Ok(from.saturating_add(u64::try_from(read)?))
}
