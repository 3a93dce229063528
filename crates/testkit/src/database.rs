//! A database of its own for each test, copied from a template that is migrated once.

use std::time::{Duration, UNIX_EPOCH};

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use uuid::Uuid;

const ADMIN: &str = "TEST_DATABASE_ADMIN_URL";
/// Whoever holds it builds templates or sweeps.
const LOCK: i64 = 0x7465_7374_6b69_7400;
const STALE_SECONDS: u64 = 3600;

/// A migrated database that is dropped with this value.
#[derive(Debug)]
pub struct TestDb {
    /// Connections to it.
    pub pool: PgPool,
    /// Where it is, for a process that a test starts.
    pub url: String,
    name: String,
    admin: PgConnectOptions,
}

/// A fresh database with the kit's tables and those of `migrator`.
///
/// # Panics
/// When there is no Postgres to test against, or it fails.
#[expect(clippy::expect_used, reason = "test code")]
pub async fn database(migrator: &Migrator, service: &str) -> TestDb {
    let admin_url = std::env::var(ADMIN).unwrap_or_else(|_| no_database());
    let admin: PgConnectOptions = admin_url.parse().expect("a Postgres URL in TEST_DATABASE_ADMIN_URL");
    let mut conn = admin.connect().await.expect("the test Postgres answers");
    let service = service.replace('-', "_");
    let template = format!("tpl_{service}_{}", pg_kit::migration_fingerprint(migrator));
    ensure_template(&mut conn, &admin, &template, migrator).await;
    let name = format!("test_{}_{service}_{}", seconds(), short());
    run(&mut conn, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    conn.close().await.ok();
    let options = admin.clone().database(&name);
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.clone().options([("lock_timeout", "3s"), ("statement_timeout", "10s")]))
        .await
        .expect("the fresh database answers");
    let url = options.to_url_lossy().to_string();
    TestDb { pool, url, name, admin }
}

#[expect(clippy::panic, reason = "test code")]
fn no_database() -> String {
    panic!(
        "{ADMIN} is not set: this test wants a Postgres, run it by `make test` or `cargo run -p realserv -- with-stack -- cargo nextest run`"
    )
}

/// Built under another name and renamed when whole, so that a template that exists is complete.
async fn ensure_template(conn: &mut PgConnection, admin: &PgConnectOptions, template: &str, migrator: &Migrator) {
    if exists(conn, template).await {
        return;
    }
    lock(conn).await;
    sweep(conn).await;
    if !exists(conn, template).await {
        let building = format!("test_{}_building_{}", seconds(), short());
        run(conn, format!("CREATE DATABASE {building}")).await;
        migrate(admin.clone().database(&building), migrator).await;
        run(conn, format!("ALTER DATABASE {building} RENAME TO {template}")).await;
    }
    unlock(conn).await;
}

#[expect(clippy::expect_used, reason = "test code")]
async fn migrate(options: PgConnectOptions, migrator: &Migrator) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    pg_kit::migrate(&pool, migrator).await.expect("the migrations run");
    pool.close().await;
}

#[expect(clippy::expect_used, reason = "test code")]
async fn exists(conn: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(conn)
        .await
        .expect("the list of databases can be read")
}

/// Tried and slept for: a waiting session would keep `CREATE DATABASE` of others waiting.
#[expect(clippy::expect_used, reason = "test code")]
async fn lock(conn: &mut PgConnection) {
    loop {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *conn)
            .await
            .expect("the lock can be tried");
        if taken {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::expect_used, reason = "test code")]
async fn unlock(conn: &mut PgConnection) {
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(conn).await.expect("the lock can be given back");
}

/// Databases of tests that were killed before they could drop them.
#[expect(clippy::expect_used, reason = "test code")]
async fn sweep(conn: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar(r"SELECT datname::text FROM pg_database WHERE datname LIKE 'test\_%'")
        .fetch_all(&mut *conn)
        .await
        .expect("the list of databases can be read");
    for name in names {
        let made = name.split('_').nth(1).and_then(|text| text.parse::<u64>().ok());
        if made.is_some_and(|made| made + STALE_SECONDS < seconds()) {
            drop_database(conn, &name).await;
        }
    }
}

/// Whether or not it works: another process may be sweeping as well.
async fn drop_database(conn: &mut PgConnection, name: &str) {
    // A name of our own making: letters, digits and underscores.
    let sql = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    if let Err(error) = sqlx::raw_sql(sql).execute(conn).await {
        eprintln!("test database {name} stays: {error}");
    }
}

#[expect(clippy::expect_used, reason = "test code")]
async fn run(conn: &mut PgConnection, sql: String) {
    // Names of our own making: letters, digits and underscores.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.expect("a statement about databases");
}

#[expect(clippy::disallowed_methods, reason = "the age of a database is told by the machine's clock")]
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[expect(clippy::disallowed_methods, reason = "a name, not an id")]
fn short() -> String {
    let uuid = Uuid::now_v7().simple().to_string();
    uuid.chars().skip(16).collect()
}

impl Drop for TestDb {
    /// On a thread of its own: a test's runtime cannot be waited for from inside.
    fn drop(&mut self) {
        let (name, admin) = (self.name.clone(), self.admin.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                match admin.connect().await {
                    Ok(mut conn) => drop_database(&mut conn, &name).await,
                    Err(error) => eprintln!("test database {name} stays: {error}"),
                }
            });
        });
        dropping.join().ok();
    }
}
