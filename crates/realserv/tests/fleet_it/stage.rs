//! A fleet of its own for a test, started with `realserv up` as a user starts it.

use bus::{Catalogue, topology::Topology};
use realserv::{
    aws,
    fleet::{Environment, Phase, PortArgs, Ports, Probe, Secrets, State},
    home::Home,
    net,
    process::Running,
    service::{SERVICES, Service},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Longest wait for something that happens by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running fleet; dropping it stops it.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) ports: Ports,
    environment: Environment,
    runner: Child,
}

impl Stage {
    /// All of it, with these variables more.
    pub(crate) async fn start(name: &str, more: &[(&str, &str)]) -> Self {
        Self::with(name, &SERVICES, more).await
    }

    /// All but one service, which the test starts and stops itself.
    pub(crate) async fn without(name: &str, left_out: &str) -> Self {
        let others: Vec<Service> = SERVICES.into_iter().filter(|service| service.name != left_out).collect();
        let stage = Self::with(name, &others, &[]).await;
        let migrated = stage.command(left_out, "migrate").await.status().unwrap();
        assert!(migrated.success(), "{left_out} could not be migrated");
        if Service::named(left_out).unwrap().seeds {
            assert!(stage.command(left_out, "seed").await.status().unwrap().success(), "{left_out} could not be seeded");
        }
        stage
    }

    async fn with(name: &str, services: &[Service], more: &[(&str, &str)]) -> Self {
        auth::install_crypto();
        programs();
        let home = home(name);
        let ports = free_ports();
        // Before the runner: two at once would each make secrets of their own.
        let secrets = Secrets::ensure(&home).unwrap();
        let environment = Environment::new(&home, ports, secrets, &Catalogue::load().unwrap());
        let log = File::create(home.folder("logs").unwrap().join("realserv.log")).unwrap();
        let only: Vec<&str> = services.iter().map(|service| service.name).collect();
        let mut runner = realserv(&home);
        runner.args(["up", "--no-build", "--port-base", &ports.gateway.to_string(), "--only", &only.join(",")]);
        runner.envs(more.iter().copied()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let runner = runner.spawn().unwrap();
        let mut stage = Self { home, ports, environment, runner };
        stage.wait_until_ready().await;
        stage
    }

    async fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        while State::read(&self.home).is_none_or(|state| state.phase != Phase::Ready) {
            let ended = self.runner.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let log = self.home.state.join("logs/realserv.log");
                panic!("the fleet did not start ({ended:?}), see {}:\n{}", log.display(), net::tail(&log, 30));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Where a service is without the gateway before it.
    pub(crate) fn url_of(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports.of(Service::named(service).unwrap()))
    }

    /// A service's database, as its own role.
    pub(crate) fn database_url(&self, service: &str) -> String {
        self.environment.database_url(Service::named(service).unwrap())
    }

    /// Sends a signal to a service that the runner started; the runner starts it again.
    pub(crate) async fn signal(&self, service: &str, signal: Signal) {
        let file = self.home.state.join("run").join(format!("{service}.pid"));
        let running = Running::read(&file).unwrap_or_else(|| panic!("{service} does not run"));
        running.signal(signal);
        let begun = Instant::now();
        while running.is_alive() {
            assert!(begun.elapsed() < PATIENCE, "{service} does not end");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a service takes requests.
    pub(crate) async fn ready(&self, service: &str) {
        let fact = realserv::fleet::Fact {
            name: service.to_owned(),
            port: self.ports.of(Service::named(service).unwrap()),
            ready_url: Some(format!("{}/health/ready", self.url_of(service))),
            docs_url: None,
        };
        let (probe, begun) = (Probe::new().unwrap(), Instant::now());
        while !probe.is_ready(&fact).await {
            assert!(begun.elapsed() < PATIENCE, "{service} does not become ready");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts the service that was left out, with these variables more, and waits until it is ready.
    pub(crate) async fn serve(&self, service: &str, more: &[(&str, &str)]) -> Served {
        let log = self.home.folder("logs").unwrap().join(format!("{service}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = self.command(service, "serve").await;
        command.envs(more.iter().copied()).stdout(log.try_clone().unwrap()).stderr(log);
        let served = Served { name: service.to_owned(), child: command.spawn().unwrap() };
        self.ready(service).await;
        served
    }

    /// A command of a service's program, in the environment the runner would give it.
    pub(crate) async fn command(&self, service: &str, verb: &str) -> Command {
        let endpoint = format!("http://127.0.0.1:{}", self.ports.aws);
        let topology: Topology = aws::ensure(&endpoint, &Catalogue::load().unwrap()).await.unwrap();
        let mut command = Command::new(programs().join(service));
        command.arg(verb).envs(self.environment.service(Service::named(service).unwrap(), &topology));
        command.current_dir(&self.home.root).stdin(Stdio::null());
        command
    }

    /// Moves the clock of the fleet, as `realserv clock` does.
    pub(crate) async fn clock(&self, step: &str) {
        assert!(realserv(&self.home).args(["clock", step]).output().unwrap().status.success());
        // Everybody looks at it ten times a second.
        sleep(Duration::from_millis(300)).await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let failed = thread::panicking();
        end(&mut self.runner, Signal::TERM, Duration::from_secs(40));
        let mut down = realserv(&self.home);
        down.arg("down");
        if !failed {
            down.arg("--wipe");
        }
        let _ = down.output();
        if failed {
            eprintln!("the logs of this fleet are in {}", self.home.state.join("logs").display());
        } else {
            let _ = fs::remove_dir_all(&self.home.state);
        }
    }
}

/// A service process that belongs to the test.
pub(crate) struct Served {
    name: String,
    child: Child,
}

impl Served {
    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{} goes on running", self.name);
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child, Signal::KILL, Duration::from_secs(5));
    }
}

pub(crate) fn end(child: &mut Child, signal: Signal, grace: Duration) {
    if let Some(pid) =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).filter(|_| child.try_wait().is_ok_and(|s| s.is_none()))
    {
        let _ = kill_process(pid, signal);
    }
    let begun = Instant::now();
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        if begun.elapsed() > grace {
            let _ = child.kill();
            let _ = child.wait();
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The runner's program, for a fleet in that folder.
pub(crate) fn realserv(home: &Home) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_realserv"));
    command.env("REALSERV_HOME", &home.state).env_remove("REALSERV_ENV").env_remove("REALSERV_PORT_BASE").current_dir(checkout());
    command
}

/// The folder with the programs of this build.
pub(crate) fn programs() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_realserv")).parent().unwrap().to_path_buf();
    let missing: Vec<&str> =
        SERVICES.map(|service| service.name).into_iter().chain(["sandbox"]).filter(|name| !folder.join(name).is_file()).collect();
    assert!(missing.is_empty(), "not built: {}; run `make test`, which builds them first", missing.join(", "));
    folder
}

/// An empty folder for a fleet's data, with the checkout's AWS stand-in, so that a test does not install it again.
pub(crate) fn home(name: &str) -> Home {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    aws::install(&Home::at(checkout(), None).unwrap()).unwrap();
    symlink(checkout().join(".realserv/venv"), folder.join("venv")).unwrap();
    Home::at(checkout(), Some(folder)).unwrap()
}

/// Eleven ports in a row that nobody uses, below those that the system gives to clients.
pub(crate) fn free_ports() -> Ports {
    let first = 20_000 + u16::try_from(std::process::id() % 900).unwrap() * 11;
    (0..900)
        .map(|step| 20_000 + (first - 20_000 + step * 11) % 9_900)
        .map(|base| PortArgs { port_base: Some(base), ..PortArgs::default() }.decide())
        .find(|ports| ports.must_be_free().is_ok())
        .unwrap()
}

fn checkout() -> PathBuf {
    fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}
