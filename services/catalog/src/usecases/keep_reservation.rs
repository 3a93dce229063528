//! A confirmed order keeps its stock until it ends, however long that takes.

use domain::OrderId;
use sqlx::PgConnection;

use super::CatalogError;
use crate::store::reservations;

/// Takes the end off an active reservation, in the transaction of whoever calls.
pub(crate) async fn keep_reservation(conn: &mut PgConnection, order_id: OrderId) -> Result<(), CatalogError> {
    reservations::keep_for_good(conn, order_id).await?;
    Ok(())
}
