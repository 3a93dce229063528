//! What opening a payment online and in cash have in common.

use ::domain::PaymentMethod;
use ::domain::events::PaymentFacts;
use chrono::{DateTime, Utc};
use clients::payment::OpenPaymentIn;
use sqlx::PgConnection;

use super::PaymentError;
use crate::App;
use crate::store::payments::{self, NewPayment, PaymentRow};
use crate::store::{is_cancelled, one_at_a_time};

/// A payment that is there now, and whether this call wrote it down.
pub(super) struct Written {
    pub payment: PaymentRow,
    pub new: bool,
}

/// Finds the order's payment, or writes one down unless the order has ended. Locks it.
pub(super) async fn write_down(
    app: &App,
    conn: &mut PgConnection,
    terms: &OpenPaymentIn,
    method: PaymentMethod,
    now: DateTime<Utc>,
) -> Result<Written, PaymentError> {
    one_at_a_time(conn, terms.order_id).await?;
    if is_cancelled(conn, terms.order_id).await? {
        return Err(PaymentError::OrderCancelled);
    }
    let new = NewPayment {
        facts: PaymentFacts {
            payment_id: app.kit.ids.next(),
            order_id: terms.order_id,
            order_number: terms.order_number.clone(),
            buyer_id: terms.buyer_id,
            buyer_user_id: terms.buyer_user_id,
            vendor_id: terms.vendor_id,
            payment_method: method,
            amount: terms.amount,
        },
        gateway_receipt: (method == PaymentMethod::Online).then(|| terms.order_id.as_uuid().simple().to_string()),
    };
    let inserted = payments::insert(conn, &new, now).await?;
    let payment = payments::lock_of_order(conn, terms.order_id)
        .await?
        .ok_or(PaymentError::Broken("a payment is gone that was there a moment ago"))?;
    if payment.facts() != (PaymentFacts { payment_id: payment.id, ..new.facts }) {
        return Err(PaymentError::TermsDiffer);
    }
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    Ok(Written { payment, new: inserted })
}
