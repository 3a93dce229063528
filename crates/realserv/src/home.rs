//! Where things are: the checkout, and `.realserv/` inside it.

use anyhow::{Context as _, Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The checkout and the folder that holds everything local.
#[derive(Debug, Clone)]
pub struct Home {
    /// The checkout.
    pub root: PathBuf,
    /// `.realserv/` of the checkout, or `REALSERV_HOME`: data, logs and secrets of one fleet.
    pub state: PathBuf,
    /// Where installed tools are; fleets with data of their own share them.
    pub tools: PathBuf,
}

impl Home {
    /// Finds the checkout from the current folder upwards, else the one this binary was built from.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current folder cannot be read")?;
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = here
            .ancestors()
            .find(|folder| is_checkout(folder))
            .map(Path::to_path_buf)
            .or_else(|| fs::canonicalize(built_from).ok().filter(|f| is_checkout(f)));
        let Some(root) = root else {
            bail!("run this inside the RealServ checkout");
        };
        Self::at(root, env::var_os("REALSERV_HOME").map(PathBuf::from))
    }

    /// A home at known places; `state` defaults to `.realserv` in the checkout.
    pub fn at(root: PathBuf, state: Option<PathBuf>) -> Result<Self> {
        let state = state.unwrap_or_else(|| root.join(".realserv"));
        fs::create_dir_all(&state).with_context(|| format!("{} cannot be created", state.display()))?;
        let state = fs::canonicalize(state)?;
        Ok(Self { root, tools: state.clone(), state })
    }

    /// A fleet with data of its own inside this one's folder, with the same tools.
    pub fn inner(&self, name: &str) -> Result<Self> {
        Ok(Self { root: self.root.clone(), state: self.folder(name)?, tools: self.tools.clone() })
    }

    /// A folder below `.realserv`, created when missing.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.state.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        Ok(folder)
    }
}

fn is_checkout(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("crates/realserv").is_dir()
}
