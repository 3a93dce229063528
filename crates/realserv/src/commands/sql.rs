//! `realserv sql SERVICE`: psql in a service's database, as the service's own role.

use crate::{
    fleet::{Environment, Secrets, State},
    home::Home,
    postgres,
    service::Service,
};
use anyhow::{Context as _, Result, bail};
use bus::Catalogue;
use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

/// Hands over to psql.
pub fn run(home: &Home, service: &str, args: &[OsString]) -> Result<ExitCode> {
    let service = Service::named(service)?;
    let Some(state) = State::read(home) else {
        bail!("nothing runs; `realserv up` starts the fleet");
    };
    let environment = Environment::new(home, state.ports, Secrets::ensure(home)?, &Catalogue::load()?);
    let binaries = postgres::find_or_install()?;
    let beside = binaries.program("psql");
    let psql = if beside.is_file() { beside } else { "psql".into() };
    let status = Command::new(psql)
        .arg(environment.database_url(service))
        .args(args)
        .status()
        .context("psql was not found (Debian and Ubuntu: `sudo apt-get install postgresql-client`)")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
