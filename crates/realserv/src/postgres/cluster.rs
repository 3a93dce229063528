//! One cluster: made once, started in the foreground as a child of the runner.

use super::finder::Binaries;
use crate::{
    net,
    process::{Account, Process, Spec, may_enter},
};
use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection};
use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time;

/// Settings for a cluster that may be lost: local runs and tests only. Nothing is forced to the disk, so a power cut
/// can ruin it, which costs a `down --wipe`; a killed process loses nothing, because what was committed has been
/// handed to the operating system. Production runs on RDS with its own parameters.
const SETTINGS: [&str; 8] = [
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=128MB",
    // Seven services with their pools, or nextest with as many tests as cores.
    "max_connections=300",
    "unix_socket_directories=",
    "timezone=UTC",
    "log_timezone=UTC",
    "jit=off",
];

/// Who may connect.
#[derive(Debug, Clone)]
pub enum Access {
    /// Roles with passwords; this is the superuser's.
    Password(String),
    /// Anybody on this machine, for test clusters that hold nothing: key derivation at each connection would cost
    /// more than most tests.
    Trust,
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The port it listens on, on 127.0.0.1 only.
    pub port: u16,
    /// The server.
    pub process: Process,
    spec: Spec,
    access: Access,
}

impl Cluster {
    /// Makes the cluster in `data` unless it exists, and starts it.
    pub async fn start(binaries: &Binaries, data: &Path, port: u16, access: Access, log: &Path, run: &Path) -> Result<Self> {
        let spec = server(binaries, data, port, &access, log)?;
        let mut cluster = Self { port, process: Process::start(&spec, run)?, spec, access };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// URL of the superuser on a database.
    pub fn admin_url(&self, database: &str) -> String {
        let login = match &self.access {
            Access::Password(password) => format!("postgres:{password}"),
            Access::Trust => "postgres".to_owned(),
        };
        format!("postgres://{login}@127.0.0.1:{}/{database}", self.port)
    }

    /// A superuser's connection to a database.
    pub async fn connect(&self, database: &str) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.admin_url(database)).await?)
    }

    /// The server and how to start it again, for somebody else to look after.
    pub fn into_parts(self) -> (Spec, Process) {
        (self.spec, self.process)
    }

    /// Stops it: running statements are broken off, data is written.
    pub async fn stop(&mut self) {
        self.process.stop(Duration::from_secs(15)).await;
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        for _ in 0..600 {
            if self.connect("postgres").await.is_ok() {
                return Ok(());
            }
            if self.process.ended().is_some() {
                break;
            }
            time::sleep(Duration::from_millis(50)).await;
        }
        let log = &self.process.log;
        bail!("Postgres did not start, see {}:\n{}", log.display(), net::tail(log, 8));
    }
}

/// How the server of a cluster is started; makes the cluster unless it exists.
pub(super) fn server(binaries: &Binaries, data: &Path, port: u16, access: &Access, log: &Path) -> Result<Spec> {
    let account = Account::unprivileged()?;
    let data = reachable(data, account.as_ref())?;
    if !data.join("PG_VERSION").exists() {
        make(binaries, &data, account.as_ref(), access)?;
    }
    same_version(binaries, &data)?;
    let mut spec = Spec::new("postgres", binaries.program("postgres"), log)
        .args(["-D".into(), data.into_os_string(), "-h".into(), "127.0.0.1".into()])
        .args(["-p".to_owned(), port.to_string()]);
    for setting in SETTINGS {
        spec = spec.args(["-c", setting]);
    }
    spec.account = account;
    spec.stop = Signal::INT;
    Ok(spec)
}

/// The data folder itself, or a link to one under /var/tmp when the other user cannot pass to it.
fn reachable(data: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let Some(account) = account else {
        fs::create_dir_all(data)?;
        return Ok(data.to_path_buf());
    };
    if let Ok(target) = fs::read_link(data) {
        fs::create_dir_all(&target)?;
        own(&target, account)?;
        return Ok(target);
    }
    let parent = data.parent().context("the data folder has no parent")?;
    fs::create_dir_all(parent)?;
    if data.is_dir() || may_enter(account, parent) {
        fs::create_dir_all(data)?;
        own(data, account)?;
        return Ok(data.to_path_buf());
    }
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let elsewhere = PathBuf::from(format!("/var/tmp/realserv-pg-{:016x}", hasher.finish()));
    fs::create_dir_all(&elsewhere)?;
    own(&elsewhere, account)?;
    symlink(&elsewhere, data)?;
    Ok(elsewhere)
}

fn own(folder: &Path, account: &Account) -> Result<()> {
    chown(folder, Some(account.uid), Some(account.gid))
        .with_context(|| format!("{} cannot be given to {}", folder.display(), account.name))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

fn make(binaries: &Binaries, data: &Path, account: Option<&Account>, access: &Access) -> Result<()> {
    // A start that was broken off leaves half a cluster, which initdb refuses to touch.
    for entry in fs::read_dir(data)?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    let secret = data.with_extension("pw");
    let mut command = Command::new(binaries.program("initdb"));
    command
        .args(["-U", "postgres", "--encoding=UTF8", "--no-sync"])
        .arg(if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" })
        .arg("-D")
        .arg(data)
        .current_dir("/");
    match access {
        Access::Trust => command.arg("--auth=trust"),
        Access::Password(password) => {
            fs::write(&secret, password)?;
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
            command.arg("--auth=scram-sha-256").arg(format!("--pwfile={}", secret.display()))
        }
    };
    if let Some(account) = account {
        use std::os::unix::process::CommandExt as _;
        if secret.exists() {
            chown(&secret, Some(account.uid), Some(account.gid))?;
        }
        command.uid(account.uid).gid(account.gid);
    }
    let output = command.output().context("initdb cannot be started");
    let _ = fs::remove_file(&secret);
    let output = output?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn same_version(binaries: &Binaries, data: &Path) -> Result<()> {
    let of_data = fs::read_to_string(data.join("PG_VERSION"))?;
    let of_data = of_data.trim();
    let output = Command::new(binaries.program("postgres")).arg("--version").output()?;
    let version = String::from_utf8_lossy(&output.stdout);
    let of_binary = version
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .and_then(|word| word.split(['.', 'b', 'r']).next())
        .unwrap_or_default();
    if of_data != of_binary {
        bail!(
            "{} was made by Postgres {of_data} and {} is {of_binary}: set PG_BIN to version {of_data} or remove the folder",
            data.display(),
            binaries.folder.display()
        );
    }
    Ok(())
}
