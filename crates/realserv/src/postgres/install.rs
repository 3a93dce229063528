//! What to do when the machine has no Postgres server.

use super::finder::{Binaries, Places, find};
use anyhow::{Result, bail};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// How to get the binaries, in one line.
const ADVICE: &str = "no Postgres server binaries found: install them (Debian/Ubuntu `sudo apt-get install postgresql`, \
     macOS `brew install postgresql@17`) or set PG_BIN to the folder with initdb and postgres";

/// Finds the server binaries; installs Debian's package when there are none and this process may.
pub fn find_or_install() -> Result<Binaries> {
    let places = Places::of_this_machine();
    if let Some(found) = find(&places) {
        return Ok(found);
    }
    if let Some(folder) = &places.variable {
        bail!("PG_BIN={} holds no initdb and postgres", folder.display());
    }
    if !rustix::process::geteuid().is_root() || !Path::new("/usr/bin/apt-get").exists() {
        bail!(ADVICE);
    }
    eprintln!("Postgres: no server binaries; installing Debian's package");
    apt_get(&["update"])?;
    apt_get(&["install", "-y", "--no-install-recommends", "postgresql"])?;
    match find(&Places::of_this_machine()) {
        Some(found) => Ok(found),
        None => bail!(ADVICE),
    }
}

fn apt_get(args: &[&str]) -> Result<()> {
    let done = Command::new("/usr/bin/apt-get")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if !done.success() {
        bail!("apt-get {} failed; {ADVICE}", args.join(" "));
    }
    Ok(())
}
