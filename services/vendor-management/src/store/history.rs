//! Where deliveries stood, when, where and by whom.

use chrono::{DateTime, Utc};
use domain::{Actor, Channel, DeliveryId, DeliveryStatus};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::place::Place;

/// A row of the history.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) previous_status: Option<DeliveryStatus>,
    pub(crate) new_status: DeliveryStatus,
    pub(crate) notes: Option<String>,
    pub(crate) latitude: Option<f64>,
    pub(crate) longitude: Option<f64>,
    pub(crate) changed_by: Option<Uuid>,
    pub(crate) changed_via: Channel,
    pub(crate) created_at: DateTime<Utc>,
}

/// A row to be.
#[derive(Debug)]
pub(crate) struct NewEntry<'a> {
    pub(crate) id: Uuid,
    pub(crate) delivery_id: DeliveryId,
    pub(crate) from: Option<DeliveryStatus>,
    pub(crate) to: DeliveryStatus,
    pub(crate) notes: Option<&'a str>,
    pub(crate) place: Option<Place>,
    pub(crate) actor: &'a Actor,
    pub(crate) now: DateTime<Utc>,
}

pub(crate) async fn append(conn: &mut PgConnection, new: &NewEntry<'_>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO delivery_status_history
             (id, delivery_id, previous_status, new_status, notes, latitude, longitude, changed_by, changed_via, position, created_at)
         SELECT $1, $2, $3, $4, $5, ($6::float8)::numeric(10,7), ($7::float8)::numeric(10,7), $8, $9,
                coalesce(max(position), 0) + 1, $10
           FROM delivery_status_history WHERE delivery_id = $2",
        new.id,
        new.delivery_id as DeliveryId,
        new.from.map(|s| s.as_str()),
        new.to.as_str(),
        new.notes,
        new.place.map(|p| p.latitude),
        new.place.map(|p| p.longitude),
        new.actor.user_uuid(),
        new.actor.channel.as_str(),
        new.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn of_delivery(conn: &mut PgConnection, id: DeliveryId) -> Stored<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"SELECT previous_status as "previous_status: DeliveryStatus", new_status as "new_status: DeliveryStatus", notes,
                  latitude::float8 as latitude, longitude::float8 as longitude, changed_by,
                  changed_via as "changed_via: Channel", created_at
             FROM delivery_status_history WHERE delivery_id = $1 ORDER BY position"#,
        id as DeliveryId
    )
    .fetch_all(conn)
    .await
}

/// The last place that anybody told.
pub(crate) async fn last_place(conn: &mut PgConnection, id: DeliveryId) -> Stored<Option<Place>> {
    let row = sqlx::query!(
        r#"SELECT latitude::float8 as latitude, longitude::float8 as longitude FROM delivery_status_history
            WHERE delivery_id = $1 AND latitude IS NOT NULL ORDER BY position DESC LIMIT 1"#,
        id as DeliveryId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|r| Place::of(r.latitude, r.longitude)))
}
