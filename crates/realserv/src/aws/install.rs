//! Installs the stand-in.

use crate::home::Home;
use anyhow::{Context as _, Result, bail};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const VERSION: &str = "1.5.33";

/// Installs the pinned version unless it is there, and answers its program.
pub fn install(home: &Home) -> Result<PathBuf> {
    let venv = home.tools.join("venv");
    let program = venv.join("bin/ministack");
    let marker = venv.join(format!(".ministack-{VERSION}"));
    // Two runs at once would install into each other's feet.
    let lock = File::create(home.tools.join("venv.lock"))?;
    lock.lock()?;
    if marker.exists() && program.exists() {
        return Ok(program);
    }
    eprintln!("AWS stand-in: installing ministack {VERSION} into {}", venv.display());
    make_venv(&venv)?;
    let done = Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("ministack=={VERSION}"))
        .status()?;
    if !done.success() {
        bail!("pip could not install ministack=={VERSION}: is the package index reachable?");
    }
    fs::write(marker, "")?;
    Ok(program)
}

fn make_venv(venv: &Path) -> Result<()> {
    let make = || -> Result<bool> {
        let _ = fs::remove_dir_all(venv);
        let done = Command::new("python3")
            .args(["-m", "venv"])
            .arg(venv)
            .stdout(Stdio::null())
            .status()
            .context("python3 is needed for the AWS stand-in and was not found")?;
        Ok(done.success())
    };
    if make()? {
        return Ok(());
    }
    if rustix::process::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists() {
        eprintln!("AWS stand-in: python3 has no venv; installing Debian's package");
        Command::new("/usr/bin/apt-get").arg("update").stdout(Stdio::null()).status()?;
        Command::new("/usr/bin/apt-get").args(["install", "-y", "python3-venv"]).stdout(Stdio::null()).status()?;
        if make()? {
            return Ok(());
        }
    }
    bail!("python3 -m venv failed (Debian and Ubuntu: `sudo apt-get install python3-venv`)");
}
