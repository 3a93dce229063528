//! Finds an address on the map, at once or later.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clients::ServiceError;
use domain::{AddressId, ServiceName};
use pg_kit::DbError;
use pg_kit::jobs::{self, Job, JobError, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use crate::App;
use crate::domain::{Address, AddressText};
use crate::store;

/// The job's kind.
pub(crate) const LOCATE_ADDRESS: &str = "locate_address";
/// How long a request waits for the map.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize, Deserialize)]
struct LocatePayload {
    address_id: AddressId,
    revision: i64,
}

/// Asks the map. `None` when it knows no such place; that is an answer, and asking again would give the same.
pub(super) async fn look_up(app: &App, text: &AddressText) -> Result<Option<(f64, f64)>, ServiceError> {
    let line = text.one_line();
    let asked = tokio::time::timeout(PATIENCE, app.integration.geocode(&line)).await;
    let place = asked.unwrap_or_else(|_| {
        Err(ServiceError::Unavailable { service: ServiceName::Integration, reason: "it took too long".to_owned() })
    })?;
    Ok(place.map(|place| (place.latitude, place.longitude)))
}

/// Promises, in the transaction that writes the address, that it will be looked up.
pub(super) async fn promise(app: &App, conn: &mut PgConnection, address: &Address, now: DateTime<Utc>) -> Result<(), DbError> {
    let payload = LocatePayload { address_id: address.id, revision: address.revision };
    let job = NewJob {
        id: app.kit.ids.uuid(),
        kind: LOCATE_ADDRESS,
        payload: json!(payload),
        run_at: now + Duration::from_secs(2),
        dedupe_key: Some(format!("{LOCATE_ADDRESS}:{}:{}", address.id, address.revision)),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

/// The job. An address that was changed, located or removed since needs it no more.
pub(crate) async fn locate_address(app: &App, job: &Job) -> Result<(), JobError> {
    let LocatePayload { address_id, revision } = job.parse()?;
    let address = {
        let mut conn = app.kit.pool.acquire().await?;
        store::addresses::by_ids(&mut conn, &[address_id]).await?.pop()
    };
    let Some(address) = address.filter(|address| address.revision == revision && address.text.point.is_none()) else {
        return Ok(());
    };
    let found = look_up(app, &address.text)
        .await
        .map_err(|error| if error.is_transient() { JobError::retry(error) } else { JobError::fail(error) })?;
    if let Some(point) = found {
        let mut conn = app.kit.pool.acquire().await?;
        store::addresses::locate(&mut conn, address_id, revision, point).await?;
    }
    Ok(())
}
