//! What nobody came for is free again.

use domain::{Actor, ServiceName};

use super::CatalogError;
use super::end_reservation::end_reservation;
use crate::App;
use crate::domain::reservation::Ending;
use crate::store::reservations;

/// At most so many in one go.
const AT_ONCE: i64 = 200;

/// Ends every live reservation whose time is over, each in a transaction of its own; answers how many there were. One that
/// cannot be ended now is tried again with the next round.
pub(crate) async fn expire_reservations(app: &App) -> Result<usize, CatalogError> {
    let overdue = {
        let mut conn = app.kit.pool.acquire().await?;
        reservations::overdue(&mut conn, app.kit.clock.now(), AT_ONCE).await?
    };
    let actor = Actor::system(ServiceName::Catalog);
    for order_id in &overdue {
        match end_reservation(app, &actor, *order_id, Ending::Expire).await {
            Ok(_) | Err(CatalogError::ReservationEnded { .. }) => {}
            Err(error) => tracing::warn!(%order_id, %error, "a reservation that is over stays for now"),
        }
    }
    Ok(overdue.len())
}
