//! The limit to hold a service against: a handler that does the same SQL and nothing else.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row};

/// What the bare server is told.
#[derive(Debug, clap::Args)]
pub struct BareArgs {
    /// Where to listen.
    #[arg(long)]
    bind: SocketAddr,
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// The statement that a GET runs; its rows are answered as JSON.
    #[arg(long)]
    read: String,
    /// The statement that a POST runs in a transaction of its own.
    #[arg(long)]
    write: String,
}

#[derive(Clone)]
struct Bare {
    pool: PgPool,
    read: String,
    write: String,
}

/// Serves until killed.
///
/// # Errors
/// It cannot listen or reach the database.
pub async fn serve(args: BareArgs) -> Result<()> {
    // The same number of connections as a service has.
    let pool = PgPoolOptions::new().max_connections(8).connect(&args.database_url).await.context("the database")?;
    let app = Router::new().route("/", get(read).post(write)).with_state(Bare { pool, read: args.read, write: args.write });
    let listener = tokio::net::TcpListener::bind(args.bind).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn read(State(bare): State<Bare>) -> Result<String, String> {
    // The statement comes from our own command line.
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT to_jsonb(bare)::text FROM ({}) AS bare", bare.read)))
        .fetch_all(&bare.pool)
        .await
        .map_err(|error| error.to_string())?;
    let items: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    Ok(format!("[{}]", items.join(",")))
}

async fn write(State(bare): State<Bare>) -> Result<String, String> {
    let run = async {
        let mut tx = bare.pool.begin().await?;
        sqlx::query(AssertSqlSafe(bare.write.clone())).execute(&mut *tx).await?;
        tx.commit().await
    };
    run.await.map(|()| "{}".to_owned()).map_err(|error: sqlx::Error| error.to_string())
}
