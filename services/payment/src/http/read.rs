//! Looking at payments.

use ::domain::{BuyerId, OrderId, OrderNumber, PaymentId, PaymentMethod, PaymentState, VendorId};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Allowed, Data, Page, PageParams, Params, PathId, Problems};
use service_kit::policy;

use super::cod::Finance;
use super::shapes::PaymentOut;
use crate::App;
use crate::store::payments::PaymentRow;
use crate::store::views::{PaymentFilter, PaymentPlace};
use crate::usecases::read_payments;

policy!(pub(crate) Readers: buyer, vendor, admin[Finance, Support], service);

/// One payment. A vendor sees amount and status, not the gateway's ids.
#[utoipa::path(get, path = "/api/v1/payments/{id}", operation_id = "get_payment", tag = "payments",
    params(("id" = PaymentId, Path, description = "The payment")),
    responses((status = 200, description = "The payment", body = Data<PaymentOut>), Problems))]
pub(crate) async fn one(
    State(app): State<App>,
    who: Allowed<Readers>,
    PathId(id): PathId<PaymentId>,
) -> Result<Data<PaymentOut>, ApiError> {
    shown(&who, read_payments::payment(&app, id).await?)
}

/// The payment of an order. A vendor sees amount and status, not the gateway's ids.
#[utoipa::path(get, path = "/api/v1/payments/order/{orderId}", operation_id = "get_payment_of_order", tag = "payments",
    params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The payment", body = Data<PaymentOut>), Problems))]
pub(crate) async fn of_order(
    State(app): State<App>,
    who: Allowed<Readers>,
    PathId(order_id): PathId<OrderId>,
) -> Result<Data<PaymentOut>, ApiError> {
    shown(&who, read_payments::payment_of_order(&app, order_id).await?)
}

fn shown(who: &Allowed<Readers>, payment: PaymentRow) -> Result<Data<PaymentOut>, ApiError> {
    PaymentOut::seen_by(&who.caller, payment).map(Data::new).ok_or_else(|| ApiError::not_found("payment"))
}

/// Which payments are wanted.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Of this status.
    #[garde(skip)]
    #[serde(default)]
    status: Option<PaymentState>,
    /// Online or cash.
    #[garde(skip)]
    #[serde(default)]
    payment_method: Option<PaymentMethod>,
    /// Of this buyer.
    #[garde(skip)]
    #[serde(default)]
    buyer_id: Option<BuyerId>,
    /// Of this vendor.
    #[garde(skip)]
    #[serde(default)]
    vendor_id: Option<VendorId>,
    /// Of the order with this number.
    #[garde(skip)]
    #[serde(default)]
    order_number: Option<OrderNumber>,
    /// Whether money of it is held.
    #[garde(skip)]
    #[serde(default)]
    quarantined: Option<bool>,
    /// Opened at this moment or later.
    #[garde(skip)]
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// Opened before this moment.
    #[garde(skip)]
    #[serde(default)]
    to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// Payments, newest first.
#[utoipa::path(get, path = "/api/v1/payments", operation_id = "list_payments", tag = "payments", params(ListParams),
    responses((status = 200, description = "A page of payments", body = Page<PaymentOut>), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    who: Allowed<Finance>,
    Params(asked): Params<ListParams>,
) -> Result<Page<PaymentOut>, ApiError> {
    let page = PageParams { cursor: asked.cursor, limit: asked.limit }.request::<PaymentPlace>()?;
    let filter = PaymentFilter {
        status: asked.status,
        method: asked.payment_method,
        buyer_id: asked.buyer_id,
        vendor_id: asked.vendor_id,
        order_number: asked.order_number,
        quarantined: asked.quarantined,
        from: asked.from,
        to: asked.to,
    };
    let rows = read_payments::list(&app, &filter, page.after, page.fetch()).await?;
    let shown = page.page(rows, |row| (row.created_at, row.id.into()), |row| PaymentOut::seen_by(&who.caller, row));
    Ok(Page { data: shown.data.into_iter().flatten().collect(), page: shown.page })
}
