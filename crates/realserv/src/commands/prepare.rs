//! `realserv prepare`: the checked queries (`.sqlx`) of a service, made anew.
//!
//! sqlx's macros write each query they describe into `SQLX_OFFLINE_DIR` when they are not offline. So: a scratch
//! database with the service's tables, `cargo check` against it with a fresh folder, and the folder takes the place
//! of `.sqlx` only when the check succeeded.

use super::with_stack::TestStack;
use crate::{
    home::Home,
    service::{SERVICES, Service},
};
use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Executor as _};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::SystemTime,
};

type Queries = BTreeMap<String, Vec<u8>>;

/// Prepares (or checks) the named services.
pub async fn run(home: &Home, names: &[String], check: bool) -> Result<ExitCode> {
    let services = if names.iter().any(|name| name == "all") {
        SERVICES.to_vec()
    } else {
        names.iter().map(|name| Service::named(name)).collect::<Result<_>>()?
    };
    let stack = TestStack::start(home, false).await?;
    let mut differing = Vec::new();
    let mut failure = None;
    for service in services {
        match prepare(home, &stack, service, check).await {
            Ok(true) => {}
            Ok(false) => differing.push(service.name),
            Err(error) => {
                failure = Some(error.context(format!("{} could not be prepared", service.name)));
                break;
            }
        }
    }
    stack.stop().await;
    match failure {
        Some(error) => Err(error),
        None if differing.is_empty() => Ok(ExitCode::SUCCESS),
        None => bail!("checked queries differ; run `realserv prepare {}`", differing.join(" ")),
    }
}

/// True when what is checked in is, or now is, what the code asks for.
async fn prepare(home: &Home, stack: &TestStack, service: Service, check: bool) -> Result<bool> {
    let database = format!("prepare_{}", service.name.replace('-', "_"));
    let mut admin = stack.cluster.connect("postgres").await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await?;
    let mut scratch = stack.cluster.connect(&database).await?;
    for file in migrations(home, service)? {
        let sql = fs::read_to_string(&file)?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut scratch).await.with_context(|| format!("{} failed", file.display()))?;
    }
    drop(scratch);
    let fresh = home.root.join("target/prepared-queries").join(service.name);
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh)?;
    compile(home, service, &stack.cluster.admin_url(&database), &fresh)?;

    let checked_in = home.root.join("services").join(service.name).join(".sqlx");
    let (before, after) = (read(&checked_in)?, read(&fresh)?);
    let same = before == after;
    if !same && !check {
        replace(&checked_in, &before, &after)?;
    }
    let verdict = match (same, check) {
        (true, _) => "unchanged",
        (false, true) => "DIFFERENT",
        (false, false) => "written",
    };
    println!("{:<18} {} queries, {verdict}", service.name, after.len());
    Ok(same || !check)
}

/// The kit's migrations, then the service's, each in the order of their names.
fn migrations(home: &Home, service: Service) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for folder in [home.root.join("crates/pg-kit/migrations"), home.root.join("migrations").join(service.name)] {
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.to_string_lossy();
                name.ends_with(".sql") && !name.ends_with(".down.sql")
            })
            .collect();
        files.sort();
        all.extend(files);
    }
    Ok(all)
}

fn compile(home: &Home, service: Service, url: &str, into: &Path) -> Result<()> {
    // Cargo does not know that the database changed: a newer lib.rs makes it expand the macros again.
    let lib = home.root.join("services").join(service.name).join("src/lib.rs");
    #[expect(clippy::disallowed_methods, reason = "a file's time is the machine's, not the marketplace's")]
    let now = SystemTime::now();
    fs::OpenOptions::new()
        .append(true)
        .open(&lib)
        .with_context(|| format!("{} cannot be touched", lib.display()))?
        .set_modified(now)?;
    let done = Command::new("cargo")
        .args(["check", "--package", service.name, "--all-targets"])
        .current_dir(&home.root)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", into)
        .env("DATABASE_URL", url)
        .status()
        .context("cargo cannot be started")?;
    if !done.success() {
        bail!("cargo check failed; .sqlx is left as it was");
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Queries> {
    let mut queries = Queries::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            queries.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(queries)
}

fn replace(folder: &Path, before: &Queries, after: &Queries) -> Result<()> {
    fs::create_dir_all(folder)?;
    // New files first: somebody else may be building offline at this moment.
    for (name, text) in after {
        if before.get(name) != Some(text) {
            fs::write(folder.join(name), text)?;
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}
