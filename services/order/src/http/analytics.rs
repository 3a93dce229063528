//! Orders counted and summed.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use domain::{Money, OrderStatus, VendorId, business_time};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::http::{Allowed, Data, Params, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shapes::INR;
use crate::App;
use crate::store::analytics::Counted;
use crate::usecases::count_orders::count_orders;

/// Days counted when nobody says which.
const USUAL_DAYS: u64 = 30;
/// Days counted at most.
const MOST_DAYS: i64 = 366;
/// Vendors named at most.
const MOST_VENDORS: usize = 100;

policy!(
    /// Who may read how business goes.
    pub(crate) AnalyticsReaders: admin[Operations, Finance]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_analytics))
}

/// Which days.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnalyticsParams {
    /// Placed on this Indian day or later; 29 days before `to` when left out.
    #[garde(skip)]
    #[serde(default)]
    from: Option<NaiveDate>,
    /// Placed on this Indian day or earlier; today when left out.
    #[garde(skip)]
    #[serde(default)]
    to: Option<NaiveDate>,
}

/// How many orders, and what they brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CountsOut {
    /// Orders placed.
    orders: i64,
    /// Of these, complete by now.
    completed: i64,
    /// Of these, cancelled by now.
    cancelled: i64,
    /// What they cost in all, cancelled ones included.
    ordered_amount: Money,
    /// Money that came in for them, less money that went back.
    revenue: Money,
}

/// Orders of a day.
#[derive(Debug, Serialize, ToSchema)]
struct DayOut {
    /// The Indian day.
    day: NaiveDate,
    #[serde(flatten)]
    counts: CountsOut,
}

/// Orders of a status.
#[derive(Debug, Serialize, ToSchema)]
struct StatusOut {
    /// Where they stand now.
    status: OrderStatus,
    #[serde(flatten)]
    counts: CountsOut,
}

/// Orders of a vendor.
#[derive(Debug, Serialize, ToSchema)]
struct VendorOut {
    /// The vendor.
    vendor_id: VendorId,
    #[serde(flatten)]
    counts: CountsOut,
}

/// How business went.
#[derive(Debug, Serialize, ToSchema)]
struct AnalyticsOut {
    /// First day counted.
    from: NaiveDate,
    /// Last day counted.
    to: NaiveDate,
    /// All of it.
    totals: CountsOut,
    /// By the day they were placed, oldest first; days without orders are left out.
    by_day: Vec<DayOut>,
    /// By where they stand.
    by_status: Vec<StatusOut>,
    /// By vendor, those with the most orders first, a hundred at most.
    by_vendor: Vec<VendorOut>,
    /// `INR`.
    currency: &'static str,
}

/// Orders placed on some days: how many, what they cost and what they brought, by day, status and vendor.
#[utoipa::path(get, path = "/api/v1/orders/analytics", operation_id = "readOrderAnalytics", tag = "orders",
    params(AnalyticsParams), responses((status = 200, description = "Counts and sums", body = Data<AnalyticsOut>), Problems))]
async fn read_analytics(
    State(app): State<App>,
    _: Allowed<AnalyticsReaders>,
    Params(params): Params<AnalyticsParams>,
) -> Result<Data<AnalyticsOut>, ApiError> {
    let to = params.to.unwrap_or_else(|| business_time::ist_date(app.kit.clock.now()));
    let from = params.from.or_else(|| to.checked_sub_days(Days::new(USUAL_DAYS - 1))).unwrap_or(to);
    if from > to {
        return Err(ApiError::invalid_field("from", "must not be later than to"));
    }
    if (to - from).num_days() >= MOST_DAYS {
        return Err(ApiError::invalid_field("from", "at most 366 days at once"));
    }
    Ok(Data::new(sorted(from, to, count_orders(&app, from, to).await?)))
}

fn sorted(from: NaiveDate, to: NaiveDate, counted: Vec<Counted>) -> AnalyticsOut {
    let nothing = CountsOut { orders: 0, completed: 0, cancelled: 0, ordered_amount: Money::ZERO, revenue: Money::ZERO };
    let (by_day, by_status, by_vendor) = (Vec::new(), Vec::new(), Vec::new());
    let mut out = AnalyticsOut { from, to, totals: nothing, by_day, by_status, by_vendor, currency: INR };
    for row in counted {
        let counts = CountsOut {
            orders: row.orders,
            completed: row.completed,
            cancelled: row.cancelled,
            ordered_amount: row.ordered,
            revenue: row.revenue,
        };
        match (row.day, row.status, row.vendor_id) {
            (Some(day), _, _) => out.by_day.push(DayOut { day, counts }),
            (_, Some(status), _) => out.by_status.push(StatusOut { status, counts }),
            (_, _, Some(vendor_id)) if out.by_vendor.len() < MOST_VENDORS => out.by_vendor.push(VendorOut { vendor_id, counts }),
            (_, _, Some(_)) => {}
            // Of no orders at all there is nothing to sum: the row is there, with zeros.
            (None, None, None) => out.totals = counts,
        }
    }
    out
}
