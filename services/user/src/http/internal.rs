//! `/internal/v1`: for our own services.

use std::str::FromStr;

use axum::extract::State;
use chrono::{DateTime, Utc};
use clients::user::AddressFacts;
use domain::events::{UserAccessChanged, UserFacts};
use domain::{AddressId, BuyerId, Phone, UserId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Data, Params, PathId, Problems, ServiceOnly};
use sqlx::PgConnection;
use utoipa::IntoParams;

use crate::App;
use crate::domain::User;
use crate::store;

/// At most so many at once.
const MOST: usize = 200;

/// Several at once.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Ids {
    /// Ids, separated by commas; at most 200. Those that are not there are left out of the answer.
    #[garde(length(min = 1, max = 8000))]
    ids: String,
}

impl Ids {
    fn parse<T: FromStr>(&self) -> Result<Vec<T>, ApiError> {
        let ids: Result<Vec<T>, _> = self.ids.split(',').map(|id| id.trim().parse::<T>()).collect();
        match ids {
            Ok(ids) if ids.len() <= MOST => Ok(ids),
            _ => Err(ApiError::invalid_field("ids", "give at most 200 ids separated by commas")),
        }
    }
}

fn known(user: Option<User>) -> Result<Data<UserFacts>, ApiError> {
    user.and_then(|user| user.facts()).map(Data::new).ok_or_else(|| ApiError::not_found("user"))
}

fn all(users: Vec<User>) -> Data<Vec<UserFacts>> {
    Data::new(users.iter().filter_map(User::facts).collect())
}

/// The user with a phone.
#[utoipa::path(get, path = "/internal/v1/users/by-phone/{e164}", tag = "internal", operation_id = "internal_user_by_phone",
    params(("e164" = Phone, Path)), security(("service" = [])),
    responses((status = 200, description = "The user", body = Data<UserFacts>), Problems))]
pub(super) async fn user_by_phone(
    State(app): State<App>,
    _caller: ServiceOnly,
    PathId(phone): PathId<Phone>,
) -> Result<Data<UserFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    known(store::users::by_phone(&mut conn, &phone).await?)
}

/// One user.
#[utoipa::path(get, path = "/internal/v1/users/{id}", tag = "internal", operation_id = "internal_user",
    params(("id" = UserId, Path)), security(("service" = [])),
    responses((status = 200, description = "The user", body = Data<UserFacts>), Problems))]
pub(super) async fn user(
    State(app): State<App>,
    _caller: ServiceOnly,
    PathId(id): PathId<UserId>,
) -> Result<Data<UserFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    known(store::users::by_id(&mut conn, id).await?)
}

/// Several users.
#[utoipa::path(get, path = "/internal/v1/users", tag = "internal", operation_id = "internal_users", params(Ids),
    security(("service" = [])),
    responses((status = 200, description = "Those that are there", body = Data<Vec<UserFacts>>), Problems))]
pub(super) async fn users(
    State(app): State<App>,
    _caller: ServiceOnly,
    Params(ids): Params<Ids>,
) -> Result<Data<Vec<UserFacts>>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(all(store::users::by_ids(&mut conn, &ids.parse()?).await?))
}

/// Which changes of access.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// At this moment or later.
    #[garde(skip)]
    since: DateTime<Utc>,
}

/// Who was suspended, deleted, let in again or given another role: the last change of each, for services that were down.
#[utoipa::path(get, path = "/internal/v1/access-changes", tag = "internal", operation_id = "internal_access_changes",
    params(Since), security(("service" = [])),
    responses((status = 200, description = "The changes", body = Data<Vec<UserAccessChanged>>), Problems))]
pub(super) async fn access_changes(
    State(app): State<App>,
    _caller: ServiceOnly,
    Params(since): Params<Since>,
) -> Result<Data<Vec<UserAccessChanged>>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let changes = pg_kit::access::load_since(&mut conn, since.since).await?;
    let events = changes.into_iter().map(|change| UserAccessChanged {
        user_id: change.user_id,
        firebase_uid: change.firebase_uid,
        status: change.status,
        changed_at: change.changed_at,
    });
    Ok(Data::new(events.collect()))
}

/// A buyer as a user.
#[utoipa::path(get, path = "/internal/v1/buyers/{id}", tag = "internal", operation_id = "internal_buyer",
    params(("id" = BuyerId, Path)), security(("service" = [])),
    responses((status = 200, description = "The buyer", body = Data<UserFacts>), Problems))]
pub(super) async fn buyer(
    State(app): State<App>,
    _caller: ServiceOnly,
    PathId(id): PathId<BuyerId>,
) -> Result<Data<UserFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    known(store::users::by_buyer(&mut conn, id).await?)
}

/// Several buyers as users.
#[utoipa::path(get, path = "/internal/v1/buyers", tag = "internal", operation_id = "internal_buyers", params(Ids),
    security(("service" = [])),
    responses((status = 200, description = "Those that are there", body = Data<Vec<UserFacts>>), Problems))]
pub(super) async fn buyers(
    State(app): State<App>,
    _caller: ServiceOnly,
    Params(ids): Params<Ids>,
) -> Result<Data<Vec<UserFacts>>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(all(store::users::by_buyers(&mut conn, &ids.parse()?).await?))
}

/// An address with whose it is.
#[utoipa::path(get, path = "/internal/v1/addresses/{id}", tag = "internal", operation_id = "internal_address",
    params(("id" = AddressId, Path)), security(("service" = [])),
    responses((status = 200, description = "The address", body = Data<AddressFacts>), Problems))]
pub(super) async fn address(
    State(app): State<App>,
    _caller: ServiceOnly,
    PathId(id): PathId<AddressId>,
) -> Result<Data<AddressFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let found = with_owners(&mut conn, &[id]).await?.pop();
    found.map(Data::new).ok_or_else(|| ApiError::not_found("address"))
}

/// Several addresses.
#[utoipa::path(get, path = "/internal/v1/addresses", tag = "internal", operation_id = "internal_addresses", params(Ids),
    security(("service" = [])),
    responses((status = 200, description = "Those that are there", body = Data<Vec<AddressFacts>>), Problems))]
pub(super) async fn addresses(
    State(app): State<App>,
    _caller: ServiceOnly,
    Params(ids): Params<Ids>,
) -> Result<Data<Vec<AddressFacts>>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(Data::new(with_owners(&mut conn, &ids.parse()?).await?))
}

async fn with_owners(conn: &mut PgConnection, ids: &[AddressId]) -> Result<Vec<AddressFacts>, ApiError> {
    let addresses = store::addresses::by_ids(conn, ids).await?;
    let buyers: Vec<BuyerId> = addresses.iter().map(|address| address.buyer_id).collect();
    let owners = store::users::by_buyers(conn, &buyers).await?;
    let owner_of = |buyer: BuyerId| owners.iter().find(|owner| owner.buyer_id == Some(buyer));
    Ok(addresses.iter().filter_map(|address| address.facts(owner_of(address.buyer_id)?)).collect())
}
