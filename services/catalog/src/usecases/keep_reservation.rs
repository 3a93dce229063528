//! A confirmed order keeps its stock until it ends, however long that takes.

use domain::OrderId;
use pg_kit::jobs;
use sqlx::PgConnection;

use super::CatalogError;
use crate::App;
use crate::jobs::expiry_key;
use crate::store::reservations;

/// Takes the end off an active reservation, in the transaction of whoever calls.
pub(crate) async fn keep_reservation(app: &App, conn: &mut PgConnection, order_id: OrderId) -> Result<(), CatalogError> {
    if reservations::keep_for_good(conn, order_id).await? {
        jobs::cancel(conn, &expiry_key(order_id), app.kit.clock.now()).await?;
    }
    Ok(())
}
