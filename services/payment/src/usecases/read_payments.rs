//! Looking at payments.

use ::domain::{OrderId, PaymentId};

use super::PaymentError;
use crate::App;
use crate::store::payments::{self, PaymentRow};
use crate::store::refunds::{self, RefundRow};
use crate::store::views::{self, PaymentFilter, PaymentPlace};

/// One payment.
pub(crate) async fn payment(app: &App, id: PaymentId) -> Result<PaymentRow, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    payments::find(&mut conn, id).await?.ok_or(PaymentError::NotFound)
}

/// The payment of an order.
pub(crate) async fn payment_of_order(app: &App, order_id: OrderId) -> Result<PaymentRow, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    payments::of_order(&mut conn, order_id).await?.ok_or(PaymentError::NotFound)
}

/// A payment with its refunds.
pub(crate) async fn with_refunds(app: &App, id: PaymentId) -> Result<(PaymentRow, Vec<RefundRow>), PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    let payment = payments::find(&mut conn, id).await?.ok_or(PaymentError::NotFound)?;
    Ok((payment, refunds::of_payment(&mut conn, id).await?))
}

/// Payments, newest first.
pub(crate) async fn list(
    app: &App,
    filter: &PaymentFilter,
    after: Option<PaymentPlace>,
    limit: i64,
) -> Result<Vec<PaymentRow>, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(views::list(&mut conn, filter, after, limit).await?)
}
