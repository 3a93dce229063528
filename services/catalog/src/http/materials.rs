//! Materials.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::{CategoryId, InventoryId, MaterialId, Money, Quantity, Rate, Unit, VendorId};
use garde::Validate;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, NoContent, Page, PageParams, PageRequest, Params, PathId, Problems};
use uuid::Uuid;

use super::CatalogStaff;
use super::categories::yes;
use super::facets::FacetsOut;
use super::lists::{ListParams, PlaceParams, VendorTermsOut, cursor, page, text, web_address};
use super::tagged::{Keep, tagged};
use crate::App;
use crate::store::materials::MaterialRow;
use crate::store::offers::MaterialOfferRow;
use crate::store::search::Filter;
use crate::usecases::browse::{self, Found};
use crate::usecases::count_facets::count_facets;
use crate::usecases::retire_material::retire_material;
use crate::usecases::save_material::{MaterialDraft, save_material};

/// A material.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MaterialOut {
    id: MaterialId,
    category_id: CategoryId,
    name: String,
    description: Option<String>,
    sku: Option<String>,
    /// Price of one unit before tax.
    base_price: Money,
    /// Always INR.
    currency: &'static str,
    unit: Unit,
    min_order_quantity: Quantity,
    hsn_code: String,
    /// GST of registered suppliers today.
    gst_rate: Option<Rate>,
    /// How far a vendor's price may lie from the base price.
    price_band_percent: Rate,
    image_urls: Vec<String>,
    #[schema(value_type = Object)]
    specifications: serde_json::Value,
    is_active: bool,
    updated_at: DateTime<Utc>,
    /// The vendor's own terms, on a vendor's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<VendorTermsOut>,
}

impl From<MaterialRow> for MaterialOut {
    fn from(row: MaterialRow) -> Self {
        Self {
            id: row.id,
            category_id: row.category_id,
            name: row.name,
            description: row.description,
            sku: row.sku,
            base_price: row.base_price,
            currency: "INR",
            unit: row.unit,
            min_order_quantity: row.min_order_quantity,
            hsn_code: row.hsn_code,
            gst_rate: row.gst_rate,
            price_band_percent: row.price_band_percent,
            image_urls: row.image_urls.0,
            specifications: row.specifications,
            is_active: row.is_active,
            updated_at: row.updated_at,
            vendor: None,
        }
    }
}

/// What a material is to be.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaterialIn {
    #[garde(skip)]
    category_id: CategoryId,
    #[garde(length(chars, min = 1, max = 255), custom(text))]
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    #[garde(inner(length(chars, max = 4000), custom(text)))]
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// Unique.
    #[garde(inner(length(chars, min = 1, max = 50), custom(text)))]
    #[schema(min_length = 1, max_length = 50)]
    sku: Option<String>,
    /// Price of one unit before tax; more than nothing.
    #[garde(custom(positive))]
    base_price: Money,
    /// Not hour or day.
    #[garde(custom(goods_unit))]
    unit: Unit,
    /// 1 when left out.
    #[garde(inner(custom(some_quantity)))]
    min_order_quantity: Option<Quantity>,
    #[garde(length(max = 20), inner(custom(web_address)))]
    #[serde(default)]
    #[schema(max_items = 20)]
    image_urls: Vec<String>,
    /// Such as grade, brand, size.
    #[garde(custom(small_document))]
    #[serde(default)]
    #[schema(value_type = Object)]
    specifications: serde_json::Map<String, serde_json::Value>,
    /// HSN, four to eight digits.
    #[garde(custom(hsn))]
    #[schema(pattern = "^[0-9]{4,8}$")]
    hsn_code: String,
    /// GST of registered suppliers; must be the tax table's where it knows the code.
    #[garde(skip)]
    gst_rate: Rate,
    /// How far a vendor's price may lie from the base price; the platform's own when left out.
    #[garde(inner(custom(percentage)))]
    price_band_percent: Option<Rate>,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

pub(super) fn positive(value: &Money, (): &()) -> garde::Result {
    let fits = *value > Money::ZERO && *value <= Money::from_rupees(100_000_000);
    if fits { Ok(()) } else { Err(garde::Error::new("must be more than nothing and at most ten crore")) }
}

pub(super) fn some_quantity(value: &Quantity, (): &()) -> garde::Result {
    if value.is_positive() { Ok(()) } else { Err(garde::Error::new("must be more than nothing")) }
}

pub(super) fn percentage(value: &Rate, (): &()) -> garde::Result {
    let fits = (0..=10_000).contains(&value.basis_points());
    if fits { Ok(()) } else { Err(garde::Error::new("must be a percentage from 0.00 to 100.00")) }
}

fn goods_unit(value: &Unit, (): &()) -> garde::Result {
    if matches!(value, Unit::Hour | Unit::Day) { Err(garde::Error::new("goods are not sold by hour or day")) } else { Ok(()) }
}

fn hsn(value: &str, (): &()) -> garde::Result {
    let fits = (4..=8).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("must be an HSN code of four to eight digits")) }
}

fn small_document(value: &serde_json::Map<String, serde_json::Value>, (): &()) -> garde::Result {
    let document = serde_json::to_string(value).unwrap_or_default();
    // Postgres keeps no null character in a JSON document.
    let fits = document.len() <= 8000 && !document.contains("\\u0000");
    if fits { Ok(()) } else { Err(garde::Error::new("must be at most 8000 characters of JSON without null characters")) }
}

impl MaterialIn {
    fn draft(self) -> MaterialDraft {
        MaterialDraft {
            category_id: self.category_id,
            name: self.name.trim().to_owned(),
            description: self.description,
            sku: self.sku.map(|sku| sku.trim().to_owned()),
            base_price: self.base_price,
            unit: self.unit,
            min_order_quantity: self.min_order_quantity.unwrap_or(Quantity::from_whole(1)),
            image_urls: self.image_urls,
            specifications: self.specifications.into(),
            hsn_code: self.hsn_code,
            gst_rate: self.gst_rate,
            price_band_percent: self.price_band_percent,
            is_active: self.is_active,
        }
    }
}

/// A vendor who has a material now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferOut {
    inventory_id: InventoryId,
    vendor_id: VendorId,
    business_name: String,
    /// Price of one unit before tax.
    unit_price: Money,
    /// Always INR.
    currency: &'static str,
    min_order_quantity: Quantity,
    /// Whether it can be ordered now.
    in_stock: bool,
    /// Whether the shop is open.
    is_accepting_orders: bool,
}

impl From<MaterialOfferRow> for OfferOut {
    fn from(row: MaterialOfferRow) -> Self {
        Self {
            inventory_id: row.inventory_id,
            vendor_id: row.vendor_id,
            business_name: row.business_name,
            unit_price: row.unit_price,
            currency: "INR",
            min_order_quantity: row.min_order_quantity,
            // Others are not listed.
            in_stock: true,
            is_accepting_orders: true,
        }
    }
}

async fn search(app: &App, filter: Filter, asked: &Asked) -> Result<MaterialsPage, ApiError> {
    let sort = asked.params.sort();
    let request = page(&asked.paging, sort)?;
    let place = asked.place.place()?;
    let Found { rows, filter, corrected } = browse::list::<MaterialRow>(app, filter, place.as_ref(), sort, &request).await?;
    let terms = match filter.vendor {
        Some(vendor) => {
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let terms = browse::terms_of_materials(app, vendor, &ids).await?;
            terms.iter().map(|terms| (terms.item_id, VendorTermsOut::of(vendor, terms))).collect()
        }
        None => HashMap::new(),
    };
    let facets = if asked.params.facets { Some(FacetsOut::from(&*count_facets(app, &filter).await?)) } else { None };
    let page = request.page(
        rows,
        |row| cursor(sort, row, corrected.as_ref()),
        |row| MaterialOut { vendor: terms.get(&row.id).cloned(), ..MaterialOut::from(row.row) },
    );
    Ok(MaterialsPage { page, facets })
}

/// What depends on stock is asked for each time.
pub(super) fn kept(app: &App, place: &PlaceParams) -> Keep {
    if place.is_given() { Keep::Asking } else { Keep::For(app.config.public_cache_seconds) }
}

/// What a list is asked for with.
struct Asked {
    params: ListParams,
    place: PlaceParams,
    paging: PageParams,
}

/// Materials, and how many there are of what when that was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MaterialsPage {
    #[serde(flatten)]
    page: Page<MaterialOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<FacetsOut>,
}

/// Materials that are sold.
#[utoipa::path(get, path = "/api/v1/materials", tag = "materials", operation_id = "listMaterials", params(ListParams, PlaceParams, PageParams),
    responses((status = 200, body = MaterialsPage, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Params(params): Params<ListParams>,
    Params(place): Params<PlaceParams>,
    Params(paging): Params<PageParams>,
) -> Result<Response, ApiError> {
    let keep = kept(&app, &place);
    let found = search(&app, params.filter()?, &Asked { params, place, paging }).await?;
    tagged(&headers, keep, &found)
}

/// Materials of a category and what hangs under it.
#[utoipa::path(get, path = "/api/v1/materials/category/{categoryId}", tag = "materials", operation_id = "listMaterialsOfCategory",
    params(("categoryId" = CategoryId, Path), ListParams, PlaceParams, PageParams),
    responses((status = 200, body = MaterialsPage, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn of_category(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(category): PathId<CategoryId>,
    Params(params): Params<ListParams>,
    Params(place): Params<PlaceParams>,
    Params(paging): Params<PageParams>,
) -> Result<Response, ApiError> {
    browse::known_category(&app, category).await?;
    let filter = Filter { category: Some(category), ..params.filter()? };
    let keep = kept(&app, &place);
    let found = search(&app, filter, &Asked { params, place, paging }).await?;
    tagged(&headers, keep, &found)
}

/// Materials that a vendor offers, with the vendor's own price. Empty while the vendor is not selling.
#[utoipa::path(get, path = "/api/v1/materials/vendor/{vendorId}", tag = "materials", operation_id = "listMaterialsOfVendor",
    params(("vendorId" = VendorId, Path), ListParams, PlaceParams, PageParams),
    responses((status = 200, body = MaterialsPage, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn of_vendor(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(vendor): PathId<VendorId>,
    Params(params): Params<ListParams>,
    Params(place): Params<PlaceParams>,
    Params(paging): Params<PageParams>,
) -> Result<Response, ApiError> {
    let filter = Filter { vendor: Some(vendor), ..params.filter()? };
    let found = search(&app, filter, &Asked { params, place, paging }).await?;
    tagged(&headers, Keep::Asking, &found)
}

/// One material.
#[utoipa::path(get, path = "/api/v1/materials/{id}", tag = "materials", operation_id = "getMaterial", params(("id" = MaterialId, Path)),
    responses((status = 200, body = Data<MaterialOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(id): PathId<MaterialId>,
) -> Result<Response, ApiError> {
    let material = MaterialOut::from(browse::material(&app, id).await?);
    tagged(&headers, Keep::For(app.config.public_cache_seconds), &Data::new(material))
}

/// Vendors who have it now, the cheapest first; with a place, only those who deliver there.
#[utoipa::path(get, path = "/api/v1/materials/{id}/offers", tag = "materials", operation_id = "listOffersOfMaterial",
    params(("id" = MaterialId, Path), PlaceParams, PageParams),
    responses((status = 200, body = Page<OfferOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn offers(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(id): PathId<MaterialId>,
    Params(place): Params<PlaceParams>,
    Params(paging): Params<PageParams>,
) -> Result<Response, ApiError> {
    let request: PageRequest<(Money, InventoryId)> = paging.request()?;
    let rows = browse::offers_of(&app, id, place.place()?.as_ref(), &request).await?;
    let found = request.page(rows, |row| (row.unit_price, row.inventory_id), OfferOut::from);
    tagged(&headers, Keep::Asking, &found)
}

/// A new material.
#[utoipa::path(post, path = "/api/v1/materials", tag = "materials", operation_id = "createMaterial", request_body = MaterialIn,
    responses((status = 201, body = Data<MaterialOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn create(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    Body(material): Body<MaterialIn>,
) -> Result<Created<MaterialOut>, ApiError> {
    Ok(Created(save_material(&app, &staff.actor, None, material.draft()).await?.into()))
}

/// A material with other content, whole. Vendors' prices that no longer fit the band are taken back.
#[utoipa::path(put, path = "/api/v1/materials/{id}", tag = "materials", operation_id = "updateMaterial", params(("id" = MaterialId, Path)),
    request_body = MaterialIn, responses((status = 200, body = Data<MaterialOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn update(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    PathId(id): PathId<MaterialId>,
    Body(material): Body<MaterialIn>,
) -> Result<Data<MaterialOut>, ApiError> {
    Ok(Data::new(save_material(&app, &staff.actor, Some(id), material.draft()).await?.into()))
}

/// Takes a material out of the catalogue; orders keep what they have of it.
#[utoipa::path(delete, path = "/api/v1/materials/{id}", tag = "materials", operation_id = "retireMaterial", params(("id" = MaterialId, Path)),
    responses((status = 204, description = "It is out"), Problems), security(("firebase" = [])))]
pub(crate) async fn retire(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    PathId(id): PathId<MaterialId>,
) -> Result<NoContent, ApiError> {
    retire_material(&app, &staff.actor, id).await?;
    Ok(NoContent)
}
