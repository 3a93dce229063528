//! The vendor says that the cash is in.

use ::domain::events::CodCollected;
use ::domain::{Actor, DeliveryStatus, MediaId, Money, OrderStatus, PaymentId, PaymentMethod, PaymentState, VendorId};
use chrono::{DateTime, Utc};
use clients::ServiceError;
use serde_json::json;

use super::{PaymentError, audit::audit, post_movement::post_movement};
use crate::App;
use crate::domain::movements;
use crate::store::changes::{self, Collected};
use crate::store::payments::{self, LogLine, PaymentRow};

/// What is reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CashReport {
    /// The vendor who reports; finance reports for any.
    pub vendor: Option<VendorId>,
    pub amount: Money,
    pub proof: Option<MediaId>,
}

/// Writes the cash down, once: only after delivery, only all of it. Again adds the proof, if there was none.
pub(crate) async fn collect_cod(app: &App, actor: &Actor, id: PaymentId, report: CashReport) -> Result<PaymentRow, PaymentError> {
    let payment = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        find_own(payments::find(&mut conn, id).await?, report.vendor)?
    };
    if report.amount != payment.amount {
        return Err(PaymentError::AmountDiffers { due: payment.amount });
    }
    let delivered = delivery_known_elsewhere(app, &payment).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = find_own(payments::lock(&mut tx, id).await?, report.vendor)?;
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    if payment.status.money_came_in() {
        if let Some(proof) = report.proof {
            changes::add_proof(&mut tx, id, proof, now).await?;
        }
    } else {
        match (payment.order_delivered_at, delivered) {
            (None, None) => return Err(PaymentError::NotDelivered),
            (None, Some(at)) => drop(changes::order_delivered(&mut tx, payment.order_id, at, now).await?),
            (Some(_), _) => {}
        }
        write_down(app, &mut tx, actor, &payment, report, now).await?;
    }
    let payment = payments::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(payment)
}

async fn write_down(
    app: &App,
    conn: &mut sqlx::PgConnection,
    actor: &Actor,
    payment: &PaymentRow,
    report: CashReport,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let collected = Collected { by: actor.user_id, amount: report.amount, proof: report.proof };
    if !changes::collect(conn, payment.id, collected, now).await? {
        return Err(PaymentError::Illegal { from: payment.status, to: PaymentState::Collected });
    }
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "collection",
        amount: payment.amount,
        status: PaymentState::Collected.as_str(),
        source: if report.vendor.is_some() { "vendor" } else { "admin" },
        gateway_id: None,
        response: None,
    };
    payments::log(conn, line, now).await?;
    let posting = movements::cod_collected(payment.id, &payment.order_number, payment.vendor_id, payment.amount);
    post_movement(app, conn, &posting, now).await?;
    let event = CodCollected { payment: payment.facts(), collected_at: now };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    let how = json!({"amount": report.amount, "proof_media_id": report.proof});
    audit(app, conn, actor, ("payment.cod_collected", payment.id), how, now).await
}

fn find_own(found: Option<PaymentRow>, vendor: Option<VendorId>) -> Result<PaymentRow, PaymentError> {
    found
        .filter(|payment| payment.method == PaymentMethod::Cod && vendor.is_none_or(|vendor| payment.vendor_id == vendor))
        .ok_or(PaymentError::NotFound)
}

/// The delivery's events may still be on their way: then the order service is asked, and vendor-management, which knows
/// it first.
async fn delivery_known_elsewhere(app: &App, payment: &PaymentRow) -> Result<Option<DateTime<Utc>>, PaymentError> {
    if payment.order_delivered_at.is_some() || payment.status.money_came_in() || payment.order_cancelled_at.is_some() {
        return Ok(None);
    }
    let unavailable = |error: ServiceError| PaymentError::OrdersUnavailable(error.to_string());
    let (order, delivery) = tokio::join!(app.orders.order(payment.order_id), app.vendors.delivery(payment.order_id));
    let order_says =
        order.map(|order| order.is_some_and(|o| matches!(o.status, OrderStatus::Delivered | OrderStatus::Completed)));
    let delivery_says = delivery.map(|found| found.is_some_and(|delivery| delivery.status == DeliveryStatus::Delivered));
    let handed_over = match (order_says, delivery_says) {
        (Ok(true), _) | (_, Ok(true)) => true,
        (Ok(false), Ok(false)) => false,
        (Err(error), _) | (_, Err(error)) => return Err(unavailable(error)),
    };
    Ok(handed_over.then(|| app.kit.clock.now()))
}
