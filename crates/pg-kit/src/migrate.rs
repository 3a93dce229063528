//! The kit's own tables first, the service's after them, one process at a time.

use std::time::Duration;

use aws_lc_rs::digest;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

use crate::DbError;

/// Any number nobody else uses as an advisory lock.
const LOCK: i64 = 0x7265_616c_7365_7276;
const LOCK_PAUSE: Duration = Duration::from_millis(200);
const LOCK_TRIES: u32 = 600;

/// The migrations of the kit's tables; they are counted in a table of their own.
pub fn kit_migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.dangerous_set_table_name("_kit_migrations");
    migrator
}

/// Brings the database to the newest schema: the kit's tables, then `service`'s.
///
/// Runs on a connection of its own, without the pool's time-outs. The lock is tried and slept for
/// instead of waited for: a session that waits inside a statement would hold up `CREATE INDEX
/// CONCURRENTLY` in another one's migration for ever.
pub async fn migrate(pool: &PgPool, service: &Migrator) -> Result<(), DbError> {
    let mut conn = pool.connect_options().connect().await?;
    sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = 0")
        .execute(&mut conn)
        .await?;
    take_lock(&mut conn).await?;
    let outcome = run_both(&mut conn, service).await;
    // Closing the session gives the lock back, also after a failure.
    conn.close().await?;
    outcome
}

async fn run_both(conn: &mut PgConnection, service: &Migrator) -> Result<(), DbError> {
    kit_migrator().run_direct(None, conn, false).await?;
    service.run_direct(None, conn, false).await?;
    Ok(())
}

async fn take_lock(conn: &mut PgConnection) -> Result<(), DbError> {
    for _ in 0..LOCK_TRIES {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *conn).await?;
        if taken {
            return Ok(());
        }
        tokio::time::sleep(LOCK_PAUSE).await;
    }
    Err(DbError::State("another process has been migrating this database for two minutes"))
}

/// A short name for "exactly these migrations", kit and service together.
pub fn migration_fingerprint(service: &Migrator) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for migration in kit_migrator().iter().chain(service.iter()) {
        hash.update(&migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    hash.finish().as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
