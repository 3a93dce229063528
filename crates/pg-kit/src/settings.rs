//! How a service reaches its database.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::DbError;

/// A connection that was in use this recently is handed out without asking the database whether it still lives: the
/// question costs as much as a small query, and under load every request would pay it.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Where the database is and how much of it one process may take.
#[derive(Clone, Debug, clap::Args)]
pub struct PgSettings {
    /// Where the service's own database is.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// Connections this process may hold at once.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 8)]
    pub database_max_connections: u32,
    /// How long a request waits for a free connection.
    #[arg(long, env = "DATABASE_ACQUIRE_TIMEOUT_SECONDS", default_value_t = 3)]
    pub database_acquire_timeout_seconds: u64,
    /// How long one statement may run.
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT_SECONDS", default_value_t = 5)]
    pub database_statement_timeout_seconds: u64,
    /// How long a statement waits for a lock somebody else holds.
    #[arg(long, env = "DATABASE_LOCK_TIMEOUT_SECONDS", default_value_t = 3)]
    pub database_lock_timeout_seconds: u64,
    /// What Postgres shows as the name of the program; the executable's name when left out.
    #[arg(long, env = "DATABASE_APPLICATION_NAME")]
    pub database_application_name: Option<String>,
}

impl PgSettings {
    /// Settings with the usual limits for a database at `url`.
    pub fn for_url(url: &str) -> Self {
        Self {
            database_url: SecretString::from(url),
            database_max_connections: 8,
            database_acquire_timeout_seconds: 3,
            database_statement_timeout_seconds: 5,
            database_lock_timeout_seconds: 3,
            database_application_name: None,
        }
    }

    fn options(&self) -> Result<PgConnectOptions, DbError> {
        let options: PgConnectOptions = self.database_url.expose_secret().parse()?;
        let name = self.database_application_name.clone().unwrap_or_else(executable_name);
        Ok(options.application_name(&name).options([
            ("statement_timeout", format!("{}s", self.database_statement_timeout_seconds)),
            ("lock_timeout", format!("{}s", self.database_lock_timeout_seconds)),
            // A process that dies or hangs in a transaction must not keep its locks for ever.
            ("idle_in_transaction_session_timeout", "30s".to_owned()),
            ("timezone", "UTC".to_owned()),
        ]))
    }
}

fn executable_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| path.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "realserv".to_owned())
}

/// Opens the pool and proves with one connection that the database answers.
pub async fn connect(settings: &PgSettings) -> Result<PgPool, DbError> {
    let pool = PgPoolOptions::new()
        .max_connections(settings.database_max_connections)
        .acquire_timeout(Duration::from_secs(settings.database_acquire_timeout_seconds))
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .before_acquire(|conn, meta| Box::pin(async move { Ok(meta.idle_for < TRUSTED_FOR || conn.ping().await.is_ok()) }))
        .connect_with(settings.options()?)
        .await?;
    Ok(pool)
}
