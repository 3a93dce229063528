//! Looking at invoices.

use ::domain::OrderId;

use super::PaymentError;
use crate::App;
use crate::domain::invoice::Document;
use crate::store::invoices;

/// The documents of an order, the invoice first; none before it was issued.
pub(crate) async fn documents(app: &App, order_id: OrderId) -> Result<Vec<Document>, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(invoices::of_order(&mut conn, order_id).await?)
}
