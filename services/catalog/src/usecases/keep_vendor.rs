//! The read copy of a vendor follows what vendor-management says.

use domain::EventId;
use domain::events::VendorFacts;

use super::CatalogError;
use crate::App;
use crate::events::{CONSUMER, Taken};
use crate::store::vendors;

/// Keeps what is said, unless something newer was said already.
pub(crate) async fn keep_vendor(app: &App, event_id: EventId, vendor: &VendorFacts) -> Result<Taken, CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !pg_kit::inbox::first_time(&mut tx, CONSUMER, event_id, now).await? {
        return Ok(Taken::Duplicate);
    }
    let news = vendors::keep(&mut tx, vendor, now).await?;
    tx.commit().await?;
    Ok(if news { Taken::Done } else { Taken::Stale })
}
