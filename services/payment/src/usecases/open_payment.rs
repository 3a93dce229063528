//! What opening a payment online and in cash have in common.

use ::domain::events::PaymentFacts;
use ::domain::{Money, PaymentMethod};
use chrono::{DateTime, Utc};
use clients::payment::OpenPaymentIn;
use sqlx::PgConnection;
use uuid::Uuid;

use super::PaymentError;
use crate::App;
use crate::store::payments::{self, NewPayment, PaymentRow};
use crate::store::{is_cancelled, ledger, one_at_a_time};

/// A payment that is there now.
pub(super) enum Written {
    /// This call wrote it down; online it may go to the gateway as `lease`.
    New(PaymentRow),
    /// It was there; it is locked.
    Known(PaymentRow),
}

/// How it is to be paid.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// Online: who goes to the gateway, and for how many seconds.
    Online { lease: Uuid, seconds: f64 },
    /// In cash, unless the vendor holds more than this.
    Cash { limit: Money },
}

/// Finds the order's payment, or writes one down unless the order has ended or the vendor holds too much cash (rule 31).
/// A new one takes two statements: this is done for each order that is placed.
pub(super) async fn write_down(
    app: &App,
    conn: &mut PgConnection,
    terms: &OpenPaymentIn,
    how: How,
    now: DateTime<Utc>,
) -> Result<Written, PaymentError> {
    // A statement of its own: what follows must see what was committed while this waited.
    one_at_a_time(conn, terms.order_id).await?;
    let new = NewPayment {
        facts: PaymentFacts {
            payment_id: app.kit.ids.next(),
            order_id: terms.order_id,
            order_number: terms.order_number.clone(),
            buyer_id: terms.buyer_id,
            buyer_user_id: terms.buyer_user_id,
            vendor_id: terms.vendor_id,
            payment_method: if matches!(how, How::Online { .. }) { PaymentMethod::Online } else { PaymentMethod::Cod },
            amount: terms.amount,
        },
        gateway: match how {
            How::Online { lease, seconds } => Some((terms.order_id.as_uuid().simple().to_string(), lease, seconds)),
            How::Cash { .. } => None,
        },
        cash_limit: match how {
            How::Online { .. } => None,
            How::Cash { limit } => Some(limit.paise()),
        },
    };
    if payments::insert(conn, &new, now).await? {
        return Ok(Written::New(new.row(now)));
    }
    known(conn, new, how).await
}

async fn known(conn: &mut PgConnection, new: NewPayment, how: How) -> Result<Written, PaymentError> {
    if is_cancelled(conn, new.facts.order_id).await? {
        return Err(PaymentError::OrderCancelled);
    }
    let Some(payment) = payments::lock_of_order(conn, new.facts.order_id).await? else {
        let How::Cash { limit } = how else {
            return Err(PaymentError::Broken("a payment is gone that was there a moment ago"));
        };
        let held = Money::from_paise(ledger::cash_with(conn, new.facts.vendor_id).await?);
        return Err(PaymentError::CodLimitReached { held, limit });
    };
    if payment.facts() != (PaymentFacts { payment_id: payment.id, ..new.facts }) {
        return Err(PaymentError::TermsDiffer);
    }
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    Ok(Written::Known(payment))
}
