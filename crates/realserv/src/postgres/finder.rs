//! Finds the server binaries: `initdb` and `postgres`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A folder that holds `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder, with symbolic links followed.
    pub folder: PathBuf,
}

impl Binaries {
    /// Path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        // Distributions link single programs into /usr/local/bin; the whole set is where the link points.
        let postgres = fs::canonicalize(folder.join("postgres")).ok()?;
        [folder, postgres.parent()?]
            .into_iter()
            .find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
            .map(|folder| Self { folder: folder.to_path_buf() })
    }
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Value of `PG_BIN`: when set, nothing else counts.
    pub variable: Option<PathBuf>,
    /// Folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// Folders that hold one folder a version (`/usr/lib/postgresql/15/bin`); the newest is taken.
    pub versioned: Vec<PathBuf>,
    /// Other usual folders.
    pub usual: Vec<PathBuf>,
}

impl Places {
    /// The places of this machine.
    pub fn of_this_machine() -> Self {
        let usual = [
            "/usr/local/pgsql/bin",
            "/opt/homebrew/opt/postgresql/bin",
            "/usr/local/opt/postgresql/bin",
            "/Applications/Postgres.app/Contents/Versions/latest/bin",
            "/usr/bin",
        ];
        Self {
            variable: env::var_os("PG_BIN").filter(|value| !value.is_empty()).map(PathBuf::from),
            path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
            versioned: ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"]
                .map(PathBuf::from)
                .to_vec(),
            usual: usual.map(PathBuf::from).to_vec(),
        }
    }
}

/// The first folder that holds both programs: variable, PATH, versioned folders (newest first), usual folders.
pub fn find(places: &Places) -> Option<Binaries> {
    if let Some(folder) = &places.variable {
        return Binaries::in_folder(folder);
    }
    let versioned = places.versioned.iter().flat_map(|parent| newest_first(parent));
    places
        .path
        .iter()
        .cloned()
        .chain(versioned)
        .chain(places.usual.iter().cloned())
        .find_map(|folder| Binaries::in_folder(&folder))
}

/// `bin` folders of `15`, `postgresql@17`, `pgsql-16` below `parent`.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let digits = ["postgresql@", "pgsql-", ""].iter().find_map(|prefix| name.strip_prefix(prefix))?;
            Some((digits.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}
