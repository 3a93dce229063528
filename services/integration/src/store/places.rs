//! What Google said of places, for as long as its terms allow.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A place that was asked for before.
#[derive(Debug, Clone)]
pub(crate) struct CachedPlace {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) formatted_address: String,
    pub(crate) place_id: Option<String>,
    pub(crate) address_components: Value,
}

/// What is known under a key and not yet due to be forgotten.
pub(crate) async fn find(conn: &mut PgConnection, key: &str, now: DateTime<Utc>) -> sqlx::Result<Option<CachedPlace>> {
    sqlx::query_as!(
        CachedPlace,
        r#"SELECT latitude::float8 as "latitude!", longitude::float8 as "longitude!",
                  coalesce(formatted_address, '') as "formatted_address!", place_id,
                  coalesce(address_components, '{}') as "address_components!"
             FROM location_cache WHERE address_text = $1 AND expires_at > $2"#,
        key,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Keeps an answer under a key.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    id: Uuid,
    key: &str,
    place: &CachedPlace,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO location_cache (id, address_text, latitude, longitude, formatted_address, place_id, address_components,
                                     geocoded_at, expires_at, created_at)
         VALUES ($1, $2, ($3::float8)::numeric(10,7), ($4::float8)::numeric(10,7), $5, $6, $7, $8, $9, $8)
         ON CONFLICT (address_text) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude,
                formatted_address = $5, place_id = $6, address_components = $7, geocoded_at = $8, expires_at = $9",
        id,
        key,
        place.latitude,
        place.longitude,
        place.formatted_address,
        place.place_id,
        place.address_components,
        now,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what is due.
pub(crate) async fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let gone = sqlx::query!("DELETE FROM location_cache WHERE expires_at <= $1", now).execute(conn).await?;
    Ok(gone.rows_affected())
}
