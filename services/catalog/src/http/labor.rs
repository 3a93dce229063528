//! Kinds of labour.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::{CategoryId, LaborId, Money, Quantity, Rate, VendorId};
use garde::Validate;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, NoContent, Page, PageParams, Params, PathId, Problems};
use uuid::Uuid;

use super::CatalogStaff;
use super::categories::yes;
use super::lists::{ListParams, PlaceParams, VendorTermsOut, cursor, page, slug_form, text, web_address};
use super::materials::{kept, percentage, positive};
use super::tagged::{Keep, tagged};
use crate::App;
use crate::store::labor::LaborRow;
use crate::store::search::Filter;
use crate::usecases::browse::{self, Found};
use crate::usecases::retire_labor::retire_labor;
use crate::usecases::save_labor::{LaborDraft, save_labor};

/// A kind of labour.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LaborOut {
    id: LaborId,
    category_id: CategoryId,
    name: String,
    slug: String,
    description: Option<String>,
    /// Price of an hour before tax, when it is sold by the hour.
    hourly_rate: Option<Money>,
    /// Price of a day before tax, when it is sold by the day.
    daily_rate: Option<Money>,
    /// Always INR.
    currency: &'static str,
    /// Fewer hours are not sold.
    min_hours: Quantity,
    skills_required: Vec<String>,
    image_url: Option<String>,
    sac_code: String,
    /// GST of registered suppliers today.
    gst_rate: Option<Rate>,
    /// How far a vendor's rate may lie from these.
    price_band_percent: Rate,
    is_active: bool,
    updated_at: DateTime<Utc>,
    /// The vendor's own terms, on a vendor's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<VendorTermsOut>,
}

impl From<LaborRow> for LaborOut {
    fn from(row: LaborRow) -> Self {
        Self {
            id: row.id,
            category_id: row.category_id,
            name: row.name,
            slug: row.slug,
            description: row.description,
            hourly_rate: row.hourly_rate,
            daily_rate: row.daily_rate,
            currency: "INR",
            min_hours: row.min_hours,
            skills_required: row.skills_required.0,
            image_url: row.image_url,
            sac_code: row.sac_code,
            gst_rate: row.gst_rate,
            price_band_percent: row.price_band_percent,
            is_active: row.is_active,
            updated_at: row.updated_at,
            vendor: None,
        }
    }
}

/// What a kind of labour is to be.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaborIn {
    #[garde(skip)]
    category_id: CategoryId,
    #[garde(length(chars, min = 1, max = 255), custom(text))]
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Unique; small letters, digits and dashes.
    #[garde(custom(slug_form))]
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 100)]
    slug: String,
    #[garde(inner(length(chars, max = 4000), custom(text)))]
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// One of the two rates is needed.
    #[garde(inner(custom(positive)))]
    hourly_rate: Option<Money>,
    #[garde(inner(custom(positive)))]
    daily_rate: Option<Money>,
    /// 4 when left out.
    #[garde(inner(custom(hours)))]
    min_hours: Option<Quantity>,
    #[garde(length(max = 20), inner(length(chars, min = 1, max = 100), custom(text)))]
    #[serde(default)]
    #[schema(max_items = 20)]
    skills_required: Vec<String>,
    #[garde(inner(custom(web_address)))]
    #[schema(max_length = 512)]
    image_url: Option<String>,
    /// SAC, four to six digits beginning with 99.
    #[garde(custom(sac))]
    #[schema(pattern = "^99[0-9]{2,4}$")]
    sac_code: String,
    /// GST of registered suppliers; must be the tax table's where it knows the code.
    #[garde(skip)]
    gst_rate: Rate,
    /// How far a vendor's rate may lie from these; the platform's own when left out.
    #[garde(inner(custom(percentage)))]
    price_band_percent: Option<Rate>,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

fn hours(value: &Quantity, (): &()) -> garde::Result {
    let fits = value.is_positive() && *value <= Quantity::from_whole(24);
    if fits { Ok(()) } else { Err(garde::Error::new("must be more than nothing and at most 24")) }
}

fn sac(value: &str, (): &()) -> garde::Result {
    let fits = value.starts_with("99") && (4..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("must be a SAC of four to six digits that begins with 99")) }
}

impl LaborIn {
    fn draft(self) -> LaborDraft {
        LaborDraft {
            category_id: self.category_id,
            name: self.name.trim().to_owned(),
            slug: self.slug,
            description: self.description,
            hourly_rate: self.hourly_rate,
            daily_rate: self.daily_rate,
            min_hours: self.min_hours.unwrap_or(Quantity::from_whole(4)),
            skills_required: self.skills_required,
            image_url: self.image_url,
            sac_code: self.sac_code,
            gst_rate: self.gst_rate,
            price_band_percent: self.price_band_percent,
            is_active: self.is_active,
        }
    }
}

async fn search(
    app: &App,
    filter: Filter,
    params: &ListParams,
    place: &PlaceParams,
    paging: &PageParams,
) -> Result<Page<LaborOut>, ApiError> {
    let sort = params.sort();
    let request = page(paging, sort)?;
    let place = place.place()?;
    let Found { rows, filter, corrected } = browse::list::<LaborRow>(app, filter, place.as_ref(), sort, &request).await?;
    let terms = match filter.vendor {
        Some(vendor) => {
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let terms = browse::terms_of_labor(app, vendor, &ids).await?;
            terms.iter().map(|terms| (terms.item_id, VendorTermsOut::of(vendor, terms))).collect()
        }
        None => HashMap::new(),
    };
    Ok(request.page(
        rows,
        |row| cursor(sort, row, corrected.as_ref()),
        |row| LaborOut { vendor: terms.get(&row.id).cloned(), ..LaborOut::from(row.row) },
    ))
}

/// Labour that is sold.
#[utoipa::path(get, path = "/api/v1/labor", tag = "labor", operation_id = "listLabor", params(ListParams, PlaceParams, PageParams),
    responses((status = 200, body = Page<LaborOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Params(params): Params<ListParams>,
    Params(place): Params<PlaceParams>,
    Params(paging): Params<PageParams>,
) -> Result<Response, ApiError> {
    let found = search(&app, params.filter()?, &params, &place, &paging).await?;
    tagged(&headers, kept(&app, &place), &found)
}

/// Labour of a category and what hangs under it.
#[utoipa::path(get, path = "/api/v1/labor/category/{categoryId}", tag = "labor", operation_id = "listLaborOfCategory",
    params(("categoryId" = CategoryId, Path), ListParams, PlaceParams, PageParams),
    responses((status = 200, body = Page<LaborOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
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
    let found = search(&app, filter, &params, &place, &paging).await?;
    tagged(&headers, kept(&app, &place), &found)
}

/// Labour that a vendor offers, with the vendor's own rates. Empty while the vendor is not selling.
#[utoipa::path(get, path = "/api/v1/labor/vendor/{vendorId}", tag = "labor", operation_id = "listLaborOfVendor",
    params(("vendorId" = VendorId, Path), ListParams, PlaceParams, PageParams),
    responses((status = 200, body = Page<LaborOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
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
    let found = search(&app, filter, &params, &place, &paging).await?;
    tagged(&headers, Keep::Asking, &found)
}

/// One kind of labour.
#[utoipa::path(get, path = "/api/v1/labor/{id}", tag = "labor", operation_id = "getLabor", params(("id" = LaborId, Path)),
    responses((status = 200, body = Data<LaborOut>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn get(State(app): State<App>, headers: HeaderMap, PathId(id): PathId<LaborId>) -> Result<Response, ApiError> {
    let kind = LaborOut::from(browse::labor_kind(&app, id).await?);
    tagged(&headers, Keep::For(app.config.public_cache_seconds), &Data::new(kind))
}

/// A new kind of labour.
#[utoipa::path(post, path = "/api/v1/labor", tag = "labor", operation_id = "createLabor", request_body = LaborIn,
    responses((status = 201, body = Data<LaborOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn create(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    Body(kind): Body<LaborIn>,
) -> Result<Created<LaborOut>, ApiError> {
    Ok(Created(save_labor(&app, &staff.actor, None, kind.draft()).await?.into()))
}

/// A kind of labour with other content, whole. Vendors' rates that no longer fit the band are taken back.
#[utoipa::path(put, path = "/api/v1/labor/{id}", tag = "labor", operation_id = "updateLabor", params(("id" = LaborId, Path)),
    request_body = LaborIn, responses((status = 200, body = Data<LaborOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn update(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    PathId(id): PathId<LaborId>,
    Body(kind): Body<LaborIn>,
) -> Result<Data<LaborOut>, ApiError> {
    Ok(Data::new(save_labor(&app, &staff.actor, Some(id), kind.draft()).await?.into()))
}

/// Takes a kind of labour out of the catalogue; orders keep what they have of it.
#[utoipa::path(delete, path = "/api/v1/labor/{id}", tag = "labor", operation_id = "retireLabor", params(("id" = LaborId, Path)),
    responses((status = 204, description = "It is out"), Problems), security(("firebase" = [])))]
pub(crate) async fn retire(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    PathId(id): PathId<LaborId>,
) -> Result<NoContent, ApiError> {
    retire_labor(&app, &staff.actor, id).await?;
    Ok(NoContent)
}
