//! An order ended: what came in for it goes back, and nothing counts any more.

use ::domain::{Actor, OrderId, PaymentState};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::PaymentError;
use super::request_refund::{RefundCause, refund_in};
use crate::App;
use crate::domain::online::Ending;
use crate::store::changes;
use crate::store::payments::{self, LogLine};
use crate::store::{one_at_a_time, remember_cancelled};

/// Ends the payment of an order in the caller's transaction. An order whose payment is not opened yet is remembered, so
/// that it never will be.
pub(crate) async fn cancel_payment(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    order_id: OrderId,
    cancelled_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    one_at_a_time(conn, order_id).await?;
    let Some(payment) = payments::lock_of_order(conn, order_id).await? else {
        remember_cancelled(conn, order_id, cancelled_at).await?;
        return Ok(());
    };
    let (_, ending) = payment.standing().cancel();
    if ending == Ending::Known {
        return Ok(());
    }
    changes::order_cancelled(conn, payment.id, cancelled_at, now).await?;
    if ending == Ending::GiveBack {
        // A refund may have been asked for before: what is left goes back, if anything is.
        if !payment.refundable().left()?.is_zero() {
            refund_in(app, conn, actor, &payment, RefundCause::cancellation(order_id), now).await?;
        }
        return Ok(());
    }
    if payment.status != PaymentState::Failed {
        let step = (payment.status, PaymentState::Failed);
        if !changes::advance(conn, payment.id, step, Some("the order was cancelled"), now).await? {
            return Err(PaymentError::Broken("a locked payment changed its state"));
        }
    }
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "void",
        amount: payment.amount,
        status: PaymentState::Failed.as_str(),
        source: "event",
        gateway_id: None,
        response: None,
    };
    payments::log(conn, line, now).await?;
    Ok(())
}
