//! Asking for money to go back, in the transaction of its cause.

use ::domain::events::RefundRequested;
use ::domain::{Actor, DisputeId, Money, OrderId, PaymentId, RefundId};
use chrono::{DateTime, Utc};
use pg_kit::idempotency::{self, Begin, Claim};
use pg_kit::jobs::{self, NewJob};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{PaymentError, audit::audit, post_movement::post_movement};
use crate::App;
use crate::domain::movements;
use crate::jobs::CARRY_OUT_REFUND;
use crate::store::changes;
use crate::store::payments::{self, PaymentRow};
use crate::store::refunds::{self, NewRefundRow, RefundRow};

/// Why money goes back, and how much of it.
#[derive(Debug, Clone)]
pub(crate) struct RefundCause {
    pub reason: &'static str,
    /// All that is left when there is none.
    pub amount: Option<Money>,
    pub notes: Option<String>,
    /// The same cause has the same key: it is refunded once.
    pub business_key: String,
}

impl RefundCause {
    /// The order was cancelled after it had been paid.
    pub(crate) fn cancellation(order: OrderId) -> Self {
        Self { reason: "cancellation", amount: None, notes: None, business_key: format!("cancellation:{order}") }
    }

    /// The money came after the order had been cancelled.
    pub(crate) fn late_capture(payment: PaymentId) -> Self {
        Self { reason: "late_capture", amount: None, notes: None, business_key: format!("late_capture:{payment}") }
    }

    /// A dispute was decided for the buyer.
    pub(crate) fn dispute(dispute: DisputeId, amount: Money) -> Self {
        Self { reason: "dispute", amount: Some(amount), notes: None, business_key: format!("dispute:{dispute}") }
    }
}

/// What finance, or a service, asks for.
#[derive(Debug, Clone)]
pub(crate) struct RefundOrder {
    pub reason: &'static str,
    pub amount: Option<Money>,
    pub notes: Option<String>,
    /// Who asks, by what key, and what exactly: the same request again has the same answer.
    pub caller: String,
    pub key: String,
    pub body: Value,
}

/// Asks for a refund of a payment. Answers the refund as JSON by `answer`, the first one also when asked again.
pub(crate) async fn request_refund(
    app: &App,
    actor: &Actor,
    id: PaymentId,
    order: RefundOrder,
    answer: impl Fn(&RefundRow) -> Value + Send,
) -> Result<Value, PaymentError> {
    let now = app.kit.clock.now();
    let body_hash = idempotency::hash(&json!({"payment_id": id, "body": order.body}));
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let claim = Claim { caller: &order.caller, operation: "payments.refund", key: &order.key, body_hash, now };
    let record = match idempotency::begin(&mut tx, &claim).await? {
        Begin::New(record) => record,
        Begin::Replay { body, .. } => return Ok(body),
        Begin::InProgress { .. } => return Err(PaymentError::InProgress),
        Begin::Reused => return Err(PaymentError::KeyReused),
    };
    let payment = payments::lock(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let cause = RefundCause {
        reason: order.reason,
        amount: order.amount,
        notes: order.notes,
        business_key: format!("request:{}", app.kit.ids.uuid()),
    };
    let refund = refund_in(app, &mut tx, actor, &payment, cause, now).await?;
    let asked = json!({"refund_id": refund.id, "amount": refund.amount, "reason": refund.reason, "notes": refund.notes});
    audit(app, &mut tx, actor, ("payment.refund_requested", id), asked, now).await?;
    let said = answer(&refund);
    idempotency::set_resource(&mut tx, record, refund.id.into()).await?;
    idempotency::complete(&mut tx, record, 201, &said, now).await?;
    tx.commit().await?;
    Ok(said)
}

/// Asks for a refund of a payment that is locked by the caller's transaction. The same cause finds the same refund.
pub(crate) async fn refund_in(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    payment: &PaymentRow,
    cause: RefundCause,
    now: DateTime<Utc>,
) -> Result<RefundRow, PaymentError> {
    if let Some(known) = refunds::by_key(conn, &cause.business_key).await? {
        return Ok(known);
    }
    let amount = payment.refundable().request(cause.amount)?;
    let id: RefundId = app.kit.ids.next();
    let new = NewRefundRow {
        id,
        payment_id: payment.id,
        amount,
        reason: cause.reason,
        notes: cause.notes.as_deref(),
        business_key: &cause.business_key,
        razorpay_payment_id: payment.razorpay_payment_id.as_deref(),
        initiated_by: actor.user_id,
    };
    if !refunds::insert(conn, new, now).await? {
        return Err(PaymentError::Broken("a refund appeared under a locked payment"));
    }
    changes::add_refund_requested(conn, payment.id, amount, now).await?;
    let posting = movements::refund_requested(id, &payment.order_number, payment.vendor_id, amount);
    post_movement(app, conn, &posting, now).await?;
    let event =
        RefundRequested { payment: payment.facts(), refund_id: id, refund_amount: amount, reason: cause.reason.to_owned() };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    enqueue_refund(app, conn, id, now).await?;
    refunds::find(conn, id).await?.ok_or(PaymentError::Broken("a refund is gone that was just written"))
}

/// Asks for money to go back that never was the order's: the order hears nothing of it. Once for a payment of the
/// gateway's.
pub(crate) async fn refund_stray(
    app: &App,
    conn: &mut PgConnection,
    payment: &PaymentRow,
    (reason, gateway_payment): (&'static str, &str),
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let id: RefundId = app.kit.ids.next();
    let business_key = format!("{reason}:{gateway_payment}");
    let new = NewRefundRow {
        id,
        payment_id: payment.id,
        amount,
        reason,
        notes: None,
        business_key: business_key.get(..120).unwrap_or(&business_key),
        razorpay_payment_id: Some(gateway_payment),
        initiated_by: None,
    };
    if refunds::insert(conn, new, now).await? {
        enqueue_refund(app, conn, id, now).await?;
    }
    Ok(())
}

/// Lets the job take it up; one job at a time for a refund.
pub(super) async fn enqueue_refund(
    app: &App,
    conn: &mut PgConnection,
    id: RefundId,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let job = NewJob {
        id: app.kit.ids.uuid(),
        kind: CARRY_OUT_REFUND,
        payload: json!({"refund_id": id}),
        run_at: now,
        dedupe_key: Some(format!("refund:{id}")),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}
