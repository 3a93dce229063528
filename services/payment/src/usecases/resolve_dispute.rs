//! A dispute was decided: what was promised goes back.

use ::domain::Actor;
use ::domain::events::DisputeResolved;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::PaymentError;
use super::request_refund::{RefundCause, refund_in};
use crate::App;
use crate::store::payments;

/// Asks for the refund of a decided dispute in the caller's transaction. Never more than is left; false when nothing is,
/// or nothing was promised.
pub(crate) async fn resolve_dispute(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    dispute: &DisputeResolved,
    now: DateTime<Utc>,
) -> Result<bool, PaymentError> {
    let full = dispute.resolution == "refund_full";
    if !full && dispute.resolution != "refund_partial" {
        return Ok(false);
    }
    let payment = payments::lock_of_order(conn, dispute.order_id).await?.ok_or(PaymentError::NotFound)?;
    let left = payment.refundable().left()?;
    let promised = dispute.refund_amount.or(full.then_some(left)).unwrap_or_default();
    let amount = promised.min(left);
    if amount < promised {
        tracing::warn!(dispute = %dispute.dispute_number, %promised, %left, "a dispute promised more than is left");
    }
    if amount.is_zero() {
        return Ok(false);
    }
    refund_in(app, conn, actor, &payment, RefundCause::dispute(dispute.dispute_id, amount), now).await?;
    Ok(true)
}
