//! How well a vendor does, and what buyers say.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AdminRole, OrderId, VendorId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::http::{Allowed, Body, BuyerCaller, Created, Data, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::domain::performance::share;
use crate::domain::vendor::Vendor;
use crate::store::performance::{self, Figures};
use crate::usecases::onboard_vendor;
use crate::usecases::rate_vendor::{Rating, rate_vendor};

policy!(
    /// Who sees how a vendor does.
    pub(super) Readers: vendor, admin[Operations, Support, Finance]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rate)).routes(routes!(get))
}

/// What a buyer says of an order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct RatingIn {
    /// A completed order of the caller's with this vendor.
    #[garde(skip)]
    order_id: OrderId,
    /// 1 to 5 stars.
    #[garde(range(min = 1, max = 5))]
    rating: i16,
    #[garde(length(chars, max = 1000))]
    #[serde(default)]
    comment: Option<String>,
}

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
struct RatingOut {
    vendor_id: VendorId,
    order_id: OrderId,
    rating: i16,
    comment: Option<String>,
    /// The vendor's average with this one.
    #[schema(example = "4.50")]
    average_rating: Option<String>,
}

/// Rates a vendor for an order
///
/// By the buyer of a completed order, once an order.
#[utoipa::path(post, path = "/api/v1/vendors/{id}/ratings", tag = "vendors", operation_id = "rateVendor", request_body = RatingIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 201, description = "It was kept", body = Data<RatingOut>), Problems))]
async fn rate(
    caller: BuyerCaller,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<RatingIn>,
) -> Result<Created<RatingOut>, ApiError> {
    let comment = body.comment.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let rating = Rating { order_id: body.order_id, rating: body.rating, comment };
    let vendor = rate_vendor(&app, caller.buyer_id, id, &rating).await?;
    Ok(Created(RatingOut {
        vendor_id: id,
        order_id: rating.order_id,
        rating: rating.rating,
        comment: rating.comment,
        average_rating: vendor.average_rating,
    }))
}

/// Of which time.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct PerformanceParams {
    /// So many days back; 90 when left out.
    #[garde(range(min = 1, max = 3660))]
    days: Option<i64>,
}

/// How well a vendor does. Shares are percent with two places, and none of nothing.
#[derive(Debug, Serialize, ToSchema)]
struct PerformanceOut {
    vendor_id: VendorId,
    /// Orders that became known since then are counted; ratings are of all time.
    since: DateTime<Utc>,
    orders: OrdersOut,
    confirm_time: ConfirmTimeOut,
    /// Of deliveries with a promised day or slot, those in time.
    #[schema(example = "96.50")]
    on_time_share: Option<String>,
    /// Of orders that the vendor had to answer, those rejected, cancelled or left to run out.
    #[schema(example = "2.25")]
    cancellation_rate: Option<String>,
    /// Of orders handed over, those that the buyer disputed.
    #[schema(example = "0.40")]
    dispute_rate: Option<String>,
    rating: RatingsOut,
}

/// Counts.
#[derive(Debug, Serialize, ToSchema)]
struct OrdersOut {
    confirmed: i64,
    delivered: i64,
    completed: i64,
    cancelled_by_vendor: i64,
    disputed: i64,
    delivered_on_time: i64,
    delivered_with_promise: i64,
}

/// How long buyers waited for a yes, in whole seconds.
#[derive(Debug, Serialize, ToSchema)]
struct ConfirmTimeOut {
    average_seconds: Option<i64>,
    /// Nine of ten waited no longer.
    p90_seconds: Option<i64>,
}

/// What buyers say.
#[derive(Debug, Serialize, ToSchema)]
struct RatingsOut {
    #[schema(example = "4.50")]
    average: Option<String>,
    count: i64,
    /// How often 5, 4, 3, 2 and 1 stars were given.
    stars: [i64; 5],
}

impl PerformanceOut {
    fn of(vendor: Vendor, since: DateTime<Utc>, figures: &Figures, stars: [i64; 5]) -> Self {
        Self {
            vendor_id: vendor.id,
            since,
            on_time_share: share(figures.delivered_on_time, figures.delivered_with_promise),
            cancellation_rate: share(figures.cancelled_by_vendor, figures.answered),
            dispute_rate: share(figures.disputed, figures.disputable),
            confirm_time: ConfirmTimeOut {
                average_seconds: figures.confirm_seconds_average,
                p90_seconds: figures.confirm_seconds_p90,
            },
            orders: OrdersOut {
                confirmed: figures.confirmed,
                delivered: figures.delivered,
                completed: figures.completed,
                cancelled_by_vendor: figures.cancelled_by_vendor,
                disputed: figures.disputed,
                delivered_on_time: figures.delivered_on_time,
                delivered_with_promise: figures.delivered_with_promise,
            },
            rating: RatingsOut { average: vendor.average_rating, count: stars.iter().sum(), stars },
        }
    }
}

/// How well a vendor does
#[utoipa::path(get, path = "/api/v1/vendors/{id}/performance", tag = "vendors", operation_id = "getVendorPerformance",
    params(("id" = VendorId, Path, description = "The vendor"), PerformanceParams),
    responses((status = 200, description = "The figures", body = Data<PerformanceOut>), Problems))]
async fn get(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Params(params): Params<PerformanceParams>,
) -> Result<Data<PerformanceOut>, ApiError> {
    let staff = [AdminRole::Operations, AdminRole::Support, AdminRole::Finance];
    if !caller.caller.is_vendor(id) && !caller.caller.is_admin(&staff) {
        return Err(ApiError::forbidden("forbidden", "this is another vendor"));
    }
    let vendor = onboard_vendor::find(&app, id).await?;
    let since = app.kit.clock.now() - TimeDelta::days(params.days.unwrap_or(90));
    let mut conn = app.kit.pool.acquire().await?;
    let figures = performance::figures(&mut conn, id, since).await?;
    let stars = performance::stars(&mut conn, id).await?;
    Ok(Data::new(PerformanceOut::of(vendor, since, &figures, stars)))
}
