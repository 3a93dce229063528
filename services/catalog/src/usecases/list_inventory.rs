//! A vendor's offers, with the batches they come in.

use domain::{InventoryId, ItemType, VendorId};
use service_kit::http::PageRequest;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CatalogError, browse};
use crate::App;
use crate::domain::batch::Batch;
use crate::store::batches::{self, BatchRow};
use crate::store::inventory::OfferRow;

/// An offer, and what there is of it in batches.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub row: OfferRow,
    pub batches: Vec<Batch>,
}

impl Offered {
    /// With its batches, as they are now.
    pub(super) async fn read(conn: &mut PgConnection, row: OfferRow) -> Result<Self, CatalogError> {
        let batches = match row.item_type {
            ItemType::Material => batches::of_offers(conn, &[row.id.as_uuid()]).await?,
            ItemType::Labor => Vec::new(),
        };
        Ok(Self { row, batches: batches.into_iter().map(|row| row.batch).collect() })
    }
}

/// Everything a vendor offers, as the vendor sees it.
pub(crate) async fn list_inventory(
    app: &App,
    vendor: VendorId,
    page: &PageRequest<InventoryId>,
) -> Result<Vec<Offered>, CatalogError> {
    let rows = browse::inventory_of(app, vendor, page).await?;
    let ids: Vec<Uuid> = rows.iter().filter(|row| row.item_type == ItemType::Material).map(|row| row.id.as_uuid()).collect();
    let mut conn = app.kit.pool.acquire().await?;
    let known = batches::of_offers(&mut conn, &ids).await?;
    let of = |id| known.iter().filter(|row: &&BatchRow| row.inventory_id == id).map(|row| row.batch.clone()).collect();
    Ok(rows.into_iter().map(|row| Offered { batches: of(row.id), row }).collect())
}
