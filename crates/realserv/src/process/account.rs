//! Another user for programs that refuse to run as root.

use anyhow::{Context as _, Result};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// The user to become for Postgres: none unless this process is root.
    pub fn unprivileged() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&users, name))
            .map(Some)
            .context("Postgres refuses to run as root and there is neither a user postgres nor nobody")
    }

    /// Reads one user from the text of `/etc/passwd`.
    pub fn in_passwd(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields.as_slice() {
                [login, _, uid, gid, ..] if *login == name => {
                    Some(Self { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? })
                }
                _ => None,
            }
        })
    }
}

/// Whether that user may pass through every folder on the way to `path`.
pub fn may_enter(account: &Account, path: &Path) -> bool {
    path.ancestors().filter_map(|folder| fs::metadata(folder).ok()).all(|folder| {
        let mode = folder.permissions().mode();
        let needed = if folder.uid() == account.uid {
            0o100
        } else if folder.gid() == account.gid {
            0o010
        } else {
            0o001
        };
        mode & needed != 0
    })
}
