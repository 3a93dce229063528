//! The limit to hold a service against: a handler that does the same SQL and nothing else.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::types::{Decimal, JsonValue, Uuid};
use sqlx::{AssertSqlSafe, Column as _, PgPool, Row as _, TypeInfo as _};

use super::limits;

/// What the bare server is told.
#[derive(Debug, clap::Args)]
pub struct BareArgs {
    /// Where to listen.
    #[arg(long)]
    bind: SocketAddr,
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// A statement that GET runs; its rows are answered as JSON.
    #[arg(long)]
    read: Vec<String>,
}

#[derive(Clone)]
struct Bare {
    pool: PgPool,
    read: Arc<[String]>,
    orders: Arc<AtomicI64>,
}

/// Serves until killed.
///
/// # Errors
/// It cannot listen or reach the database.
pub async fn serve_bare(args: BareArgs) -> Result<ExitCode> {
    // The same number of connections as a service has.
    let pool = PgPoolOptions::new().max_connections(8).connect(&args.database_url).await.context("the database")?;
    let bare = Bare { pool, read: args.read.into(), orders: Arc::default() };
    let app = Router::new().route("/", get(read).post(order)).with_state(bare);
    let listener = tokio::net::TcpListener::bind(args.bind).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(ExitCode::SUCCESS)
}

async fn read(State(bare): State<Bare>) -> Result<Response, Fault> {
    let mut conn = bare.pool.acquire().await?;
    let mut rows = Vec::new();
    for statement in bare.read.iter() {
        // The statement comes from our own command line.
        rows.extend(sqlx::query(AssertSqlSafe(statement.clone())).fetch_all(&mut *conn).await?);
    }
    Ok(Json(rows.into_iter().map(AsObject).collect::<Vec<_>>()).into_response())
}

/// The order of [`limits::ORDER`], in one transaction of one database.
async fn order(State(bare): State<Bare>) -> Result<Response, Fault> {
    let number = bare.orders.fetch_add(1, Ordering::Relaxed);
    let stock = limits::first_stock(number);
    let mut tx = bare.pool.begin().await?;
    for statement in limits::ORDER {
        let statement = limits::with_parameter(statement);
        let takes_stock = statement.contains("$1");
        let query = sqlx::query(AssertSqlSafe(statement));
        let query = if takes_stock { query.bind(stock) } else { query };
        query.execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(serde_json::json!({ "data": { "number": number } }))).into_response())
}

/// A row as a JSON object, whatever its columns are.
struct AsObject(PgRow);

impl Serialize for AsObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &self.0;
        let mut object = serializer.serialize_map(Some(row.len()))?;
        for column in row.columns() {
            let (name, at) = (column.name(), column.ordinal());
            match column.type_info().name() {
                "UUID" => object.serialize_entry(name, &row.try_get::<Option<Uuid>, _>(at).ok())?,
                "NUMERIC" => {
                    object.serialize_entry(name, &row.try_get::<Option<Decimal>, _>(at).ok().flatten().map(|n| n.to_string()))?
                }
                "BOOL" => object.serialize_entry(name, &row.try_get::<Option<bool>, _>(at).ok())?,
                "INT4" => object.serialize_entry(name, &row.try_get::<Option<i32>, _>(at).ok())?,
                "INT8" => object.serialize_entry(name, &row.try_get::<Option<i64>, _>(at).ok())?,
                "DATE" => object.serialize_entry(name, &row.try_get::<Option<NaiveDate>, _>(at).ok())?,
                "TIMESTAMPTZ" => object.serialize_entry(name, &row.try_get::<Option<DateTime<Utc>>, _>(at).ok())?,
                "JSONB" | "JSON" => object.serialize_entry(name, &row.try_get::<Option<JsonValue>, _>(at).ok())?,
                "TEXT[]" | "VARCHAR[]" => object.serialize_entry(name, &row.try_get::<Option<Vec<String>>, _>(at).ok())?,
                _ => object.serialize_entry(name, &row.try_get_unchecked::<Option<&str>, _>(at).ok())?,
            }
        }
        object.end()
    }
}

/// Counted by whoever asked.
struct Fault(sqlx::Error);

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        eprintln!("{}", self.0);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
