//! A vendor changes an offer.

use chrono::{DateTime, Utc};
use domain::business_time::ist_date;
use domain::{Actor, InventoryId, Money, Quantity, VendorId};
use sqlx::PgConnection;

use super::CatalogError;
use super::list_inventory::Offered;
use super::offer_item::low;
use super::said;
use crate::App;
use crate::domain::batch::{self, Batch, Said};
use crate::domain::offer::{Crossing, OfferError, available, check_price, crossing};
use crate::store::batches;
use crate::store::inventory::{self, LaborTerms, MaterialTerms};

/// What is to be other than it is. The outer `None` leaves a thing as it is, the inner one takes the vendor's own value
/// back to the catalogue's.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfferChange {
    pub is_available: Option<bool>,
    pub stock_quantity: Option<Quantity>,
    pub vendor_price: Option<Option<Money>>,
    pub min_order_quantity: Option<Option<Quantity>>,
    pub low_stock_threshold: Option<Option<Quantity>>,
    /// All batches that there are; without `stock_quantity`, they are the whole stock.
    pub batches: Option<Vec<Said>>,
    pub available_workers: Option<i32>,
    pub vendor_hourly_rate: Option<Option<Money>>,
    pub vendor_daily_rate: Option<Option<Money>>,
}

impl OfferChange {
    fn of_material(&self) -> Option<&'static str> {
        [
            (self.stock_quantity.is_some(), "stock_quantity"),
            (self.vendor_price.is_some(), "vendor_price"),
            (self.min_order_quantity.is_some(), "min_order_quantity"),
            (self.low_stock_threshold.is_some(), "low_stock_threshold"),
            (self.batches.is_some(), "batches"),
        ]
        .into_iter()
        .find_map(|(is_set, field)| is_set.then_some(field))
    }

    fn of_labor(&self) -> Option<&'static str> {
        [
            (self.available_workers.is_some(), "available_workers"),
            (self.vendor_hourly_rate.is_some(), "vendor_hourly_rate"),
            (self.vendor_daily_rate.is_some(), "vendor_daily_rate"),
        ]
        .into_iter()
        .find_map(|(is_set, field)| is_set.then_some(field))
    }
}

/// Which version of an offer a change is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Whichever there is.
    Any,
    /// This one and no other.
    Version(i64),
}

impl Expected {
    fn check(self, current: i64) -> Result<(), CatalogError> {
        match self {
            Self::Version(version) if version != current => Err(CatalogError::VersionDiffers { current }),
            _ => Ok(()),
        }
    }
}

/// A vendor changes an own offer, of the version that was seen.
pub(crate) async fn change_offer(
    app: &App,
    actor: &Actor,
    (id, vendor_id): (InventoryId, VendorId),
    expected: Expected,
    change: &OfferChange,
) -> Result<Offered, CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if let Some(terms) = inventory::lock_material(&mut tx, id, vendor_id).await? {
        expected.check(terms.version)?;
        change_material(app, &mut tx, actor, (id, vendor_id), terms, change, now).await?;
    } else {
        let terms = inventory::lock_labor(&mut tx, id, vendor_id).await?.ok_or(CatalogError::NotFound("offer"))?;
        expected.check(terms.version)?;
        change_labor(&mut tx, id, terms, change, now).await?;
    }
    let row = said::offer_changed(app, &mut tx, actor, (id, vendor_id), now).await?;
    let offered = Offered::read(&mut tx, row).await?;
    tx.commit().await?;
    Ok(offered)
}

/// Writes a material's new terms; tells when its stock has run low by them.
pub(super) async fn change_material(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (id, vendor_id): (InventoryId, VendorId),
    mut terms: MaterialTerms,
    change: &OfferChange,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    if let Some(field) = change.of_labor() {
        return Err(CatalogError::field(field, "this offer is of a material"));
    }
    terms.is_available = change.is_available.unwrap_or(terms.is_available);
    terms.stock_quantity = change.stock_quantity.unwrap_or(terms.stock_quantity);
    terms.vendor_price = change.vendor_price.unwrap_or(terms.vendor_price);
    terms.min_order_quantity = change.min_order_quantity.unwrap_or(terms.min_order_quantity);
    terms.low_stock_threshold = change.low_stock_threshold.unwrap_or(terms.low_stock_threshold);
    let known = if terms.is_batched || change.batches.is_some() {
        batches::lock(conn, &[id.as_uuid()]).await?.into_iter().map(|row| row.batch).collect()
    } else {
        Vec::new()
    };
    let aged = age(app, &mut terms, known.clone(), change, now)?;
    check_material(&terms)?;
    let threshold = terms.low_stock_threshold.or(terms.min_order_quantity).unwrap_or(terms.default_minimum);
    let left = sold_now(&terms, &aged, now);
    let crossed = crossing(terms.is_low, left, threshold);
    terms.is_low = match crossed {
        Crossing::Fell => true,
        Crossing::Rose => false,
        Crossing::None => terms.is_low,
    };
    if !inventory::update_material(conn, id, &terms, now).await? {
        return Err(CatalogError::ChangedMeanwhile);
    }
    let changed: Vec<Batch> = aged.into_iter().filter(|batch| !known.contains(batch)).collect();
    batches::save(conn, id, &changed).await?;
    if crossed == Crossing::Fell {
        said::stock_low(app, conn, actor, low(&terms, (id, vendor_id), left, threshold), now).await?;
    }
    Ok(())
}

/// The batches as they are to be. When the vendor names them, the stock is what they add up to, unless it is said too; when
/// the stock alone is said, what expires first is what has left.
pub(super) fn age(
    app: &App,
    terms: &mut MaterialTerms,
    known: Vec<Batch>,
    change: &OfferChange,
    now: DateTime<Utc>,
) -> Result<Vec<Batch>, CatalogError> {
    let aged = if let Some(said) = &change.batches {
        let aged = batch::replace(known, said, ist_date(now), || app.kit.ids.uuid()).map_err(CatalogError::batch)?;
        let total = batch::total(&aged);
        if change.stock_quantity.is_none() {
            terms.stock_quantity = total;
        } else if terms.stock_quantity < total {
            return Err(CatalogError::field("stock_quantity", format!("the batches together are {total}")));
        }
        aged
    } else {
        let mut aged = known;
        batch::fit(&mut aged, terms.stock_quantity);
        aged
    };
    terms.is_batched = aged.iter().any(|batch| batch.quantity.is_positive());
    Ok(aged)
}

/// What can be ordered of it today.
pub(super) fn sold_now(terms: &MaterialTerms, batches: &[Batch], now: DateTime<Utc>) -> Quantity {
    let free = available(terms.stock_quantity, terms.reserved_quantity);
    free.checked_sub(batch::too_old(batches, ist_date(now))).unwrap_or(Quantity::ZERO)
}

async fn change_labor(
    conn: &mut PgConnection,
    id: InventoryId,
    mut terms: LaborTerms,
    change: &OfferChange,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    if let Some(field) = change.of_material() {
        return Err(CatalogError::field(field, "this offer is of labour"));
    }
    terms.is_available = change.is_available.unwrap_or(terms.is_available);
    terms.available_workers = change.available_workers.unwrap_or(terms.available_workers);
    terms.vendor_hourly_rate = change.vendor_hourly_rate.unwrap_or(terms.vendor_hourly_rate);
    terms.vendor_daily_rate = change.vendor_daily_rate.unwrap_or(terms.vendor_daily_rate);
    check_labor(&terms)?;
    if inventory::update_labor(conn, id, &terms, now).await? { Ok(()) } else { Err(CatalogError::ChangedMeanwhile) }
}

/// Whether these terms may be: the price in its band, nothing taken away that is kept for orders.
pub(super) fn check_material(terms: &MaterialTerms) -> Result<(), CatalogError> {
    check_price(terms.vendor_price, Some(terms.base_price), terms.price_band_percent)
        .map_err(|error| CatalogError::offer("vendor_price", error))?;
    if terms.min_order_quantity.is_some_and(|minimum| !minimum.is_positive()) {
        return Err(CatalogError::field("min_order_quantity", "must be more than nothing"));
    }
    if terms.stock_quantity < terms.reserved_quantity {
        let kept = OfferError::BelowReserved { reserved: terms.reserved_quantity };
        return Err(CatalogError::offer("stock_quantity", kept));
    }
    Ok(())
}

/// The same for labour.
pub(super) fn check_labor(terms: &LaborTerms) -> Result<(), CatalogError> {
    check_price(terms.vendor_hourly_rate, terms.hourly_rate, terms.price_band_percent)
        .map_err(|error| CatalogError::offer("vendor_hourly_rate", error))?;
    check_price(terms.vendor_daily_rate, terms.daily_rate, terms.price_band_percent)
        .map_err(|error| CatalogError::offer("vendor_daily_rate", error))?;
    if terms.available_workers < terms.reserved_workers {
        let kept = OfferError::BelowReserved { reserved: Quantity::from_whole(terms.reserved_workers) };
        return Err(CatalogError::offer("available_workers", kept));
    }
    Ok(())
}
