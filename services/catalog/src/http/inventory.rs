//! What vendors offer, as they see and set it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::business_time::ist_date;
use domain::{InventoryId, ItemType, LaborId, MaterialId, Money, Quantity, Unit, VendorId};
use garde::Validate;
use http::{HeaderValue, header};
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::ApiError;
use service_kit::http::error::ErrorEnvelope;
use service_kit::http::{
    Allowed, Body, Created, Data, Page, PageParams, PageRequest, Params, PathId, Problems, RawBody, VendorCaller,
};

use self::batches::{BatchIn, BatchOut, few_enough, said};
use super::InventoryReaders;
use super::categories::yes;
use super::materials::{positive, some_quantity};
use super::preconditions::IfMatch;
use crate::App;
use crate::domain::batch::too_old;
use crate::domain::offer::available;
use crate::domain::order_line::shown_price;
use crate::usecases::change_offer::{OfferChange, change_offer};
use crate::usecases::import_offers::import_offers;
use crate::usecases::list_inventory::{Offered, list_inventory};
use crate::usecases::offer_item::{NewOffer, offer_item};

mod batches;
mod csv_file;

/// An offer as its vendor sees it. Fields of the other kind are absent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InventoryOut {
    id: InventoryId,
    vendor_id: VendorId,
    item_type: ItemType,
    /// `materials.id` or `labor_categories.id`.
    item_id: uuid::Uuid,
    name: String,
    /// Whether the vendor sells it now.
    is_available: bool,
    /// Whether the catalogue has it at all.
    is_active: bool,
    /// Always INR.
    currency: &'static str,
    #[serde(flatten)]
    stock: StockOut,
    /// Give it as If-Match when you change the offer.
    version: i64,
    updated_at: DateTime<Utc>,
}

/// What there is of it, by its kind.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum StockOut {
    /// Of a material.
    Material(MaterialStockOut),
    /// Of labour.
    Labor(WorkersOut),
}

/// Of a material.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MaterialStockOut {
    unit: Option<Unit>,
    stock_quantity: Quantity,
    /// Kept for orders.
    reserved_quantity: Quantity,
    /// What can still be ordered.
    available_quantity: Quantity,
    /// The vendor's own price, when there is one.
    vendor_price: Option<Money>,
    /// The catalogue's price.
    base_price: Option<Money>,
    /// What one unit costs.
    unit_price: Option<Money>,
    min_order_quantity: Option<Quantity>,
    low_stock_threshold: Option<Quantity>,
    /// What there is in batches, first to expire first; the rest of the stock is of no known age.
    batches: Vec<BatchOut>,
}

/// Of labour.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WorkersOut {
    available_workers: i32,
    /// Kept for orders.
    reserved_workers: i32,
    vendor_hourly_rate: Option<Money>,
    /// The catalogue's.
    hourly_rate: Option<Money>,
    vendor_daily_rate: Option<Money>,
    /// The catalogue's.
    daily_rate: Option<Money>,
    min_hours: Option<Quantity>,
}

impl InventoryOut {
    /// As it is on an Indian day.
    fn on(offered: Offered, today: NaiveDate) -> Self {
        let Offered { row, batches } = offered;
        let quantity = row.stock_quantity.unwrap_or_default();
        let reserved = row.reserved_quantity.unwrap_or_default();
        let stock = match row.item_type {
            ItemType::Material => StockOut::Material(MaterialStockOut {
                unit: row.unit,
                stock_quantity: quantity,
                reserved_quantity: reserved,
                available_quantity: available(quantity, reserved).checked_sub(too_old(&batches, today)).unwrap_or_default(),
                vendor_price: row.vendor_price,
                base_price: row.base_price,
                unit_price: shown_price(row.vendor_price, row.base_price),
                min_order_quantity: row.min_order_quantity,
                low_stock_threshold: row.low_stock_threshold,
                batches: batches.iter().map(|batch| BatchOut::on(batch, today)).collect(),
            }),
            ItemType::Labor => StockOut::Labor(WorkersOut {
                available_workers: row.available_workers.unwrap_or_default(),
                reserved_workers: row.reserved_workers.unwrap_or_default(),
                vendor_hourly_rate: row.vendor_hourly_rate,
                hourly_rate: row.hourly_rate,
                vendor_daily_rate: row.vendor_daily_rate,
                daily_rate: row.daily_rate,
                min_hours: row.min_hours,
            }),
        };
        Self {
            id: row.id,
            vendor_id: row.vendor_id,
            item_type: row.item_type,
            item_id: row.item_id,
            name: row.name,
            is_available: row.is_available,
            is_active: row.is_active,
            currency: "INR",
            stock,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// What a vendor starts to offer: a material or a kind of labour.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InventoryIn {
    /// Of this material; or
    #[garde(skip)]
    material_id: Option<MaterialId>,
    /// of this kind of labour.
    #[garde(skip)]
    labor_category_id: Option<LaborId>,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_available: bool,
    /// Of a material: how much there is; nothing when left out.
    #[garde(skip)]
    stock_quantity: Option<Quantity>,
    /// Of a material: an own price inside the band, instead of the catalogue's.
    #[garde(inner(custom(positive)))]
    vendor_price: Option<Money>,
    /// Of a material: an own minimum, instead of the catalogue's.
    #[garde(inner(custom(some_quantity)))]
    min_order_quantity: Option<Quantity>,
    /// Of a material: warn below this; below the minimum order when left out.
    #[garde(skip)]
    low_stock_threshold: Option<Quantity>,
    /// Of a material that ages: its batches. Without `stock_quantity` they are the whole stock; with more, the rest is of no
    /// known age.
    #[garde(dive, custom(few_enough))]
    #[schema(max_items = 100)]
    batches: Option<Vec<BatchIn>>,
    /// Of labour: how many; one when left out.
    #[garde(inner(range(min = 0, max = 100_000)))]
    #[schema(minimum = 0, maximum = 100_000)]
    available_workers: Option<i32>,
    /// Of labour: an own rate inside the band, instead of the catalogue's.
    #[garde(inner(custom(positive)))]
    vendor_hourly_rate: Option<Money>,
    /// Of labour: an own rate inside the band, instead of the catalogue's.
    #[garde(inner(custom(positive)))]
    vendor_daily_rate: Option<Money>,
}

impl InventoryIn {
    fn offer(self) -> Result<NewOffer, ApiError> {
        let stray = |field: &str, of: &str| Err(ApiError::invalid_field(field, format!("belongs to {of}")));
        match (self.material_id, self.labor_category_id) {
            (Some(_), None) if self.available_workers.is_some() => stray("available_workers", "labour"),
            (Some(_), None) if self.vendor_hourly_rate.is_some() => stray("vendor_hourly_rate", "labour"),
            (Some(_), None) if self.vendor_daily_rate.is_some() => stray("vendor_daily_rate", "labour"),
            (None, Some(_)) if self.stock_quantity.is_some() => stray("stock_quantity", "a material"),
            (None, Some(_)) if self.vendor_price.is_some() => stray("vendor_price", "a material"),
            (None, Some(_)) if self.min_order_quantity.is_some() => stray("min_order_quantity", "a material"),
            (None, Some(_)) if self.low_stock_threshold.is_some() => stray("low_stock_threshold", "a material"),
            (None, Some(_)) if self.batches.is_some() => stray("batches", "a material"),
            (Some(material_id), None) => Ok(NewOffer::Material {
                material_id,
                is_available: self.is_available,
                stock_quantity: self.stock_quantity,
                vendor_price: self.vendor_price,
                min_order_quantity: self.min_order_quantity,
                low_stock_threshold: self.low_stock_threshold,
                batches: said(self.batches),
            }),
            (None, Some(labor_id)) => Ok(NewOffer::Labor {
                labor_id,
                is_available: self.is_available,
                available_workers: self.available_workers.unwrap_or(1),
                vendor_hourly_rate: self.vendor_hourly_rate,
                vendor_daily_rate: self.vendor_daily_rate,
            }),
            _ => Err(ApiError::invalid_field("material_id", "give either material_id or labor_category_id")),
        }
    }
}

/// What is to be other than it is. What is left out stays; `null` takes an own value back to the catalogue's.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InventoryChangeIn {
    #[garde(skip)]
    is_available: Option<bool>,
    /// Of a material; not less than what is kept for orders.
    #[garde(skip)]
    stock_quantity: Option<Quantity>,
    /// Of a material; inside the band.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Money>)]
    vendor_price: Option<Option<Money>>,
    /// Of a material.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Quantity>)]
    min_order_quantity: Option<Option<Quantity>>,
    /// Of a material.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Quantity>)]
    low_stock_threshold: Option<Option<Quantity>>,
    /// Of a material that ages: all batches that there are now; those not named are gone. Without `stock_quantity` they are
    /// the whole stock. Changing `stock_quantity` alone takes from what expires first.
    #[garde(dive, custom(few_enough))]
    #[schema(max_items = 100)]
    batches: Option<Vec<BatchIn>>,
    /// Of labour; not fewer than are kept for orders.
    #[garde(inner(range(min = 0, max = 100_000)))]
    #[schema(minimum = 0, maximum = 100_000)]
    available_workers: Option<i32>,
    /// Of labour; inside the band.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Money>)]
    vendor_hourly_rate: Option<Option<Money>>,
    /// Of labour; inside the band.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Money>)]
    vendor_daily_rate: Option<Option<Money>>,
}

/// Tells `null` from nothing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl From<InventoryChangeIn> for OfferChange {
    fn from(change: InventoryChangeIn) -> Self {
        Self {
            is_available: change.is_available,
            stock_quantity: change.stock_quantity,
            vendor_price: change.vendor_price,
            min_order_quantity: change.min_order_quantity,
            low_stock_threshold: change.low_stock_threshold,
            batches: said(change.batches),
            available_workers: change.available_workers,
            vendor_hourly_rate: change.vendor_hourly_rate,
            vendor_daily_rate: change.vendor_daily_rate,
        }
    }
}

/// What came of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportedOut {
    /// Offered for the first time.
    created: u32,
    /// Offered before.
    updated: u32,
}

/// Everything a vendor offers, materials and labour, in the order they were added.
#[utoipa::path(get, path = "/api/v1/inventory/vendor/{vendorId}", tag = "inventory", operation_id = "listInventory",
    params(("vendorId" = VendorId, Path), PageParams), responses((status = 200, body = Page<InventoryOut>), Problems),
    security(("firebase" = [])))]
pub(crate) async fn of_vendor(
    State(app): State<App>,
    reader: Allowed<InventoryReaders>,
    PathId(vendor): PathId<VendorId>,
    Params(paging): Params<PageParams>,
) -> Result<Page<InventoryOut>, ApiError> {
    if !reader.caller.is_vendor(vendor) && !reader.caller.is_admin(&[domain::AdminRole::Operations]) {
        return Err(ApiError::forbidden("forbidden", "this is another vendor's inventory"));
    }
    let request: PageRequest<InventoryId> = paging.request()?;
    let rows = list_inventory(&app, vendor, &request).await?;
    let today = ist_date(app.kit.clock.now());
    Ok(request.page(rows, |offered| offered.row.id, |offered| InventoryOut::on(offered, today)))
}

/// Starts to offer a material or a kind of labour.
#[utoipa::path(post, path = "/api/v1/inventory", tag = "inventory", operation_id = "createInventory", request_body = InventoryIn,
    responses((status = 201, body = Data<InventoryOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn start(
    State(app): State<App>,
    vendor: VendorCaller,
    Body(new): Body<InventoryIn>,
) -> Result<Created<InventoryOut>, ApiError> {
    let offered = offer_item(&app, &vendor.actor, vendor.vendor_id, new.offer()?).await?;
    Ok(Created(InventoryOut::on(offered, ist_date(app.kit.clock.now()))))
}

/// Changes an own offer, of the version given as If-Match.
#[utoipa::path(put, path = "/api/v1/inventory/{itemId}", tag = "inventory", operation_id = "updateInventory",
    params(("itemId" = InventoryId, Path), ("If-Match" = String, Header, description = "The version that you have seen, such as \"3\"")),
    request_body = InventoryChangeIn,
    responses((status = 200, body = Data<InventoryOut>, headers(("ETag" = String, description = "The new version"))),
        (status = 412, body = ErrorEnvelope, description = "It has another version by now"),
        (status = 428, body = ErrorEnvelope, description = "If-Match is missing"), Problems),
    security(("firebase" = [])))]
pub(crate) async fn change(
    State(app): State<App>,
    vendor: VendorCaller,
    PathId(id): PathId<InventoryId>,
    IfMatch(expected): IfMatch,
    Body(change): Body<InventoryChangeIn>,
) -> Result<Response, ApiError> {
    let offered = change_offer(&app, &vendor.actor, (id, vendor.vendor_id), expected, &change.into()).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", offered.row.version)).map_err(ApiError::internal)?;
    let mut response = Data::new(InventoryOut::on(offered, ist_date(app.kit.clock.now()))).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// Takes in a stock list: all of its rows, or none and each bad one named. Columns: `sku`, `stock_quantity`, and if wanted
/// `vendor_price`, `min_order_quantity`, `is_available`.
#[utoipa::path(post, path = "/api/v1/inventory/import", tag = "inventory", operation_id = "importInventory",
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Data<ImportedOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn import(State(app): State<App>, vendor: VendorCaller, file: RawBody) -> Result<Data<ImportedOut>, ApiError> {
    let (rows, bad) = csv_file::read(&file)?;
    let done = import_offers(&app, &vendor.actor, vendor.vendor_id, rows, bad).await?;
    Ok(Data::new(ImportedOut { created: done.created, updated: done.updated }))
}
