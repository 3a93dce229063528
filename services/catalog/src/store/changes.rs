//! How often the catalogue has changed.

use sqlx::PgConnection;

use super::Stored;

/// Another number than before when materials or categories have changed since.
pub(crate) async fn version(conn: &mut PgConnection) -> Stored<i64> {
    sqlx::query_scalar!(r#"SELECT last_value as "version!" FROM catalogue_changes"#).fetch_one(conn).await
}
