//! `/api/v1/buyers`.

use axum::extract::State;
use domain::{AdminRole, BuyerId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, BuyerCaller, Caller, Data, PathId, Problems, RegisteredCaller};
use utoipa::ToSchema;

use super::checks::{Device, given, trimmed, words};
use super::shapes::BuyerOut;
use crate::App;
use crate::store;
use crate::usecases::{self, BuyerChange};

/// What kind of builder.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BusinessType {
    /// Builds a home.
    IndividualBuilder,
    /// Builds for others.
    Contractor,
    /// Something else.
    Other,
}

/// How somebody prefers to pay.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PaymentPreference {
    /// Online.
    Online,
    /// In cash on delivery.
    Cod,
    /// Either.
    Both,
}

/// What to say of a buyer; what is left out stays, null clears.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BuyerIn {
    /// Name of the business.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(chars, max = 120), custom(words))))]
    #[schema(value_type = Option<String>)]
    business_name: Option<Option<String>>,
    /// What kind of builder.
    #[serde(default, deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<BusinessType>)]
    business_type: Option<Option<BusinessType>>,
    /// How the buyer prefers to pay.
    #[serde(default, deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<PaymentPreference>)]
    preferred_payment_method: Option<Option<PaymentPreference>>,
}

impl From<BuyerIn> for BuyerChange {
    fn from(body: BuyerIn) -> Self {
        let business = |kind| match kind {
            BusinessType::IndividualBuilder => "individual_builder".to_owned(),
            BusinessType::Contractor => "contractor".to_owned(),
            BusinessType::Other => "other".to_owned(),
        };
        let payment = |preference| match preference {
            PaymentPreference::Online => "online".to_owned(),
            PaymentPreference::Cod => "cod".to_owned(),
            PaymentPreference::Both => "both".to_owned(),
        };
        Self {
            business_name: body.business_name.map(|name| name.map(trimmed)),
            business_type: body.business_type.map(|kind| kind.map(business)),
            preferred_payment_method: body.preferred_payment_method.map(|preference| preference.map(payment)),
        }
    }
}

/// Lets a buyer at the own profile and staff of these roles at every one.
fn owner_or(caller: &Caller, id: BuyerId, roles: &[AdminRole]) -> Result<(), ApiError> {
    match caller {
        _ if caller.is_buyer(id) || caller.is_admin(roles) => Ok(()),
        Caller::Admin { .. } => Err(ApiError::forbidden("forbidden", "you may not do this")),
        _ => Err(ApiError::not_found("buyer")),
    }
}

/// Fills in the own profile, which registration has made.
#[utoipa::path(post, path = "/api/v1/buyers", tag = "buyers", operation_id = "create_buyer", request_body = BuyerIn,
    security(("firebase" = [])), responses((status = 200, description = "The profile", body = Data<BuyerOut>), Problems))]
pub(super) async fn create(
    State(app): State<App>,
    buyer: BuyerCaller,
    Body(body): Body<BuyerIn>,
) -> Result<Data<BuyerOut>, ApiError> {
    let changed = usecases::update_buyer(&app, &buyer.actor, None, buyer.buyer_id, body.into()).await?;
    Ok(Data::new(changed.into()))
}

/// A buyer's profile.
#[utoipa::path(get, path = "/api/v1/buyers/{id}", tag = "buyers", operation_id = "get_buyer",
    params(("id" = BuyerId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The profile", body = Data<BuyerOut>), Problems))]
pub(super) async fn get(
    State(app): State<App>,
    who: RegisteredCaller,
    PathId(id): PathId<BuyerId>,
) -> Result<Data<BuyerOut>, ApiError> {
    owner_or(&who.caller, id, &[AdminRole::Operations, AdminRole::Support])?;
    let mut conn = app.kit.pool.acquire().await?;
    let buyer = store::buyers::find(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("buyer"))?;
    Ok(Data::new(buyer.into()))
}

/// Changes a buyer's profile.
#[utoipa::path(put, path = "/api/v1/buyers/{id}", tag = "buyers", operation_id = "update_buyer", request_body = BuyerIn,
    params(("id" = BuyerId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The profile as it is now", body = Data<BuyerOut>), Problems))]
pub(super) async fn update(
    State(app): State<App>,
    who: RegisteredCaller,
    device: Device,
    PathId(id): PathId<BuyerId>,
    Body(body): Body<BuyerIn>,
) -> Result<Data<BuyerOut>, ApiError> {
    owner_or(&who.caller, id, &[AdminRole::Operations])?;
    let changed = usecases::update_buyer(&app, &who.actor, device.address, id, body.into()).await?;
    Ok(Data::new(changed.into()))
}
