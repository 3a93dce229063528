//! What follows later.

use domain::{Actor, OrderId, ServiceName};
use pg_kit::jobs::{self, Job, JobError};
use serde::Deserialize;

use crate::App;
use crate::domain::reservation::Ending;
use crate::usecases::CatalogError;
use crate::usecases::end_reservation::end_in;

/// Frees what nobody came for.
pub(crate) const EXPIRE_RESERVATION: &str = "expire_reservation";

/// There is one expiry for each order.
pub(crate) fn expiry_key(order_id: OrderId) -> String {
    format!("{EXPIRE_RESERVATION}:{order_id}")
}

#[derive(Deserialize)]
struct Expiry {
    order_id: OrderId,
}

/// Ends a reservation whose time is over, and the job with it.
pub(crate) async fn expire_reservation(app: App, job: Job) -> Result<(), JobError> {
    let Expiry { order_id } = job.parse()?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    match end_in(&app, &mut tx, &Actor::system(ServiceName::Catalog), order_id, Ending::Expire).await {
        Ok(_) | Err(CatalogError::NotFound(_)) => {}
        Err(error) => return Err(JobError::retry(error)),
    }
    jobs::complete(&mut tx, &job, now).await?;
    tx.commit().await?;
    Ok(())
}
