//! `/api/v1/buyers/{id}/addresses`.

use axum::extract::State;
use domain::{AddressId, AdminRole, BuyerId, Phone, Pincode, StateCode};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, BuyerCaller, Caller, Created, Data, NoContent, PathId, PathOf, Problems, RegisteredCaller};
use utoipa::ToSchema;

use super::checks::{given, trimmed, words};
use super::shapes::AddressOut;
use crate::App;
use crate::domain::AddressText;
use crate::store;
use crate::usecases::{self, AddressChange, NewAddress};

fn hyderabad() -> String {
    "Hyderabad".to_owned()
}

fn telangana() -> String {
    "Telangana".to_owned()
}

/// A place to deliver to.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressIn {
    /// `Home`, `Site 1` …
    #[garde(inner(length(chars, max = 50), custom(words)))]
    label: Option<String>,
    /// First line.
    #[garde(length(chars, max = 255), custom(words))]
    #[schema(max_length = 255)]
    address_line1: String,
    /// Second line.
    #[garde(inner(length(chars, max = 255), custom(words)))]
    address_line2: Option<String>,
    /// What it is near.
    #[garde(inner(length(chars, max = 255), custom(words)))]
    landmark: Option<String>,
    /// City.
    #[serde(default = "hyderabad")]
    #[garde(length(chars, max = 100), custom(words))]
    #[schema(default = "Hyderabad", max_length = 100)]
    city: String,
    /// State by name or GST code.
    #[serde(default = "telangana")]
    #[garde(length(chars, max = 100), custom(words))]
    #[schema(default = "Telangana", max_length = 100)]
    state: String,
    /// PIN code.
    #[garde(skip)]
    pincode: Pincode,
    /// Degrees north; looked up on the map when left out.
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    /// Degrees east; looked up on the map when left out.
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// Who receives there, if not the buyer.
    #[garde(inner(length(chars, max = 120), custom(words)))]
    contact_name: Option<String>,
    /// How to reach them.
    #[garde(skip)]
    contact_phone: Option<Phone>,
    /// Takes the place of the default address. The first one becomes it anyway.
    #[serde(default)]
    #[garde(skip)]
    is_default: bool,
}

/// What to change; what is left out stays, null clears.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressChangeIn {
    /// `Home`, `Site 1` …
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(chars, max = 50), custom(words))))]
    #[schema(value_type = Option<String>)]
    label: Option<Option<String>>,
    /// First line.
    #[garde(inner(length(chars, max = 255), custom(words)))]
    address_line1: Option<String>,
    /// Second line.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(chars, max = 255), custom(words))))]
    #[schema(value_type = Option<String>)]
    address_line2: Option<Option<String>>,
    /// What it is near.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(chars, max = 255), custom(words))))]
    #[schema(value_type = Option<String>)]
    landmark: Option<Option<String>>,
    /// City.
    #[garde(inner(length(chars, max = 100), custom(words)))]
    city: Option<String>,
    /// State by name or GST code.
    #[garde(inner(length(chars, max = 100), custom(words)))]
    state: Option<String>,
    /// PIN code.
    #[garde(skip)]
    pincode: Option<Pincode>,
    /// Degrees north.
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    /// Degrees east.
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// Who receives there, if not the buyer.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(chars, max = 120), custom(words))))]
    #[schema(value_type = Option<String>)]
    contact_name: Option<Option<String>>,
    /// How to reach them.
    #[serde(default, deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<Phone>)]
    contact_phone: Option<Option<Phone>>,
    /// True takes the place of the default address; the default one cannot be made none.
    #[garde(skip)]
    is_default: Option<bool>,
}

fn point(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<(f64, f64)>, ApiError> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Ok(Some((latitude, longitude))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ApiError::invalid_field("longitude", "give both latitude and longitude, or neither")),
        (None, Some(_)) => Err(ApiError::invalid_field("latitude", "give both latitude and longitude, or neither")),
    }
}

fn state_code(state: &str) -> Result<StateCode, ApiError> {
    state.parse().map_err(|error: domain::formats::InvalidFormat| ApiError::invalid_field("state", error.to_string()))
}

impl TryFrom<AddressIn> for NewAddress {
    type Error = ApiError;

    fn try_from(body: AddressIn) -> Result<Self, ApiError> {
        let state = trimmed(body.state);
        let text = AddressText {
            label: body.label.map(trimmed),
            address_line1: trimmed(body.address_line1),
            address_line2: body.address_line2.map(trimmed),
            landmark: body.landmark.map(trimmed),
            city: trimmed(body.city),
            state_code: state_code(&state)?,
            state,
            pincode: body.pincode,
            point: point(body.latitude, body.longitude)?,
            contact_name: body.contact_name.map(trimmed),
            contact_phone: body.contact_phone,
        };
        Ok(Self { text, is_default: body.is_default })
    }
}

impl TryFrom<AddressChangeIn> for AddressChange {
    type Error = ApiError;

    fn try_from(body: AddressChangeIn) -> Result<Self, ApiError> {
        let state = body.state.map(trimmed).map(|state| state_code(&state).map(|code| (state, code))).transpose()?;
        Ok(Self {
            label: body.label.map(|label| label.map(trimmed)),
            address_line1: body.address_line1.map(trimmed),
            address_line2: body.address_line2.map(|line| line.map(trimmed)),
            landmark: body.landmark.map(|landmark| landmark.map(trimmed)),
            city: body.city.map(trimmed),
            state,
            pincode: body.pincode,
            point: point(body.latitude, body.longitude)?,
            contact_name: body.contact_name.map(|name| name.map(trimmed)),
            contact_phone: body.contact_phone,
            is_default: body.is_default,
        })
    }
}

/// Only the buyer: that somebody has addresses at all is nobody else's business.
fn own(buyer: &BuyerCaller, id: BuyerId) -> Result<(), ApiError> {
    if buyer.buyer_id == id { Ok(()) } else { Err(ApiError::not_found("buyer")) }
}

/// A buyer's addresses, the default one first.
#[utoipa::path(get, path = "/api/v1/buyers/{id}/addresses", tag = "addresses", operation_id = "list_addresses",
    params(("id" = BuyerId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The addresses", body = Data<Vec<AddressOut>>), Problems))]
pub(super) async fn list(
    State(app): State<App>,
    who: RegisteredCaller,
    PathId(id): PathId<BuyerId>,
) -> Result<Data<Vec<AddressOut>>, ApiError> {
    match &who.caller {
        caller if caller.is_buyer(id) || caller.is_admin(&[AdminRole::Support]) => {}
        Caller::Admin { .. } => return Err(ApiError::forbidden("forbidden", "you may not do this")),
        _ => return Err(ApiError::not_found("buyer")),
    }
    let mut conn = app.kit.pool.acquire().await?;
    store::buyers::find(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("buyer"))?;
    let found = store::addresses::of_buyer(&mut conn, id).await?;
    Ok(Data::new(found.into_iter().map(AddressOut::from).collect()))
}

/// Adds an address.
#[utoipa::path(post, path = "/api/v1/buyers/{id}/addresses", tag = "addresses", operation_id = "add_address",
    request_body = AddressIn, params(("id" = BuyerId, Path)), security(("firebase" = [])),
    responses((status = 201, description = "Added", body = Data<AddressOut>), Problems))]
pub(super) async fn add(
    State(app): State<App>,
    buyer: BuyerCaller,
    PathId(id): PathId<BuyerId>,
    Body(body): Body<AddressIn>,
) -> Result<Created<AddressOut>, ApiError> {
    own(&buyer, id)?;
    let added = usecases::add_address(&app, id, body.try_into()?).await?;
    Ok(Created(added.into()))
}

/// One address.
#[utoipa::path(get, path = "/api/v1/buyers/{id}/addresses/{addressId}", tag = "addresses", operation_id = "get_address",
    params(("id" = BuyerId, Path), ("addressId" = AddressId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The address", body = Data<AddressOut>), Problems))]
pub(super) async fn get(
    State(app): State<App>,
    buyer: BuyerCaller,
    PathOf((id, address)): PathOf<(BuyerId, AddressId)>,
) -> Result<Data<AddressOut>, ApiError> {
    own(&buyer, id)?;
    let mut conn = app.kit.pool.acquire().await?;
    let found = store::addresses::find(&mut conn, id, address).await?.ok_or_else(|| ApiError::not_found("address"))?;
    Ok(Data::new(found.into()))
}

/// Changes an address. Orders placed before keep their own copy.
#[utoipa::path(put, path = "/api/v1/buyers/{id}/addresses/{addressId}", tag = "addresses", operation_id = "update_address",
    request_body = AddressChangeIn, params(("id" = BuyerId, Path), ("addressId" = AddressId, Path)),
    security(("firebase" = [])),
    responses((status = 200, description = "The address as it is now", body = Data<AddressOut>), Problems))]
pub(super) async fn update(
    State(app): State<App>,
    buyer: BuyerCaller,
    PathOf((id, address)): PathOf<(BuyerId, AddressId)>,
    Body(body): Body<AddressChangeIn>,
) -> Result<Data<AddressOut>, ApiError> {
    own(&buyer, id)?;
    let changed = usecases::change_address(&app, id, address, &body.try_into()?).await?;
    Ok(Data::new(changed.into()))
}

/// Removes an address. When it was the default one, the one changed last takes its place.
#[utoipa::path(delete, path = "/api/v1/buyers/{id}/addresses/{addressId}", tag = "addresses",
    operation_id = "delete_address", params(("id" = BuyerId, Path), ("addressId" = AddressId, Path)),
    security(("firebase" = [])), responses((status = 204, description = "Removed"), Problems))]
pub(super) async fn delete(
    State(app): State<App>,
    buyer: BuyerCaller,
    PathOf((id, address)): PathOf<(BuyerId, AddressId)>,
) -> Result<NoContent, ApiError> {
    own(&buyer, id)?;
    usecases::delete_address(&app, id, address).await?;
    Ok(NoContent)
}
