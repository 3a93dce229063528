//! What an order makes of the news about its payment, in whatever order they come (rules 13, 15, 17).

use chrono::{DateTime, Utc};
use domain::{ActorKind, Money, OrderId, OrderStatus, PaymentId, PaymentMethod, PaymentStatus};
use sqlx::PgConnection;

use super::Refusal;
use super::carry_edit::paid_while_editing;
use super::moves::By;
use crate::App;
use crate::domain::{Order, payment};
use crate::store::orders::{self, Reader};

/// Money that came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Captured {
    pub(crate) payment_id: PaymentId,
    pub(crate) amount: Money,
    pub(crate) at: DateTime<Utc>,
}

/// Online money is ours. A pending order becomes paid; a cancelled one only keeps account, the payment service sends the
/// money back. False when that was known.
pub(crate) async fn captured(by: &By<'_>, conn: &mut PgConnection, id: OrderId, money: Captured) -> Result<bool, Refusal> {
    let mut order = lock(conn, id).await?;
    if order.payment_method != PaymentMethod::Online {
        return Err(Refusal::AmountMismatch);
    }
    // What a cancelled order cost does not matter any more: an edit may have been open when it ended, and all of it goes back.
    if order.total != money.amount && order.status != OrderStatus::Cancelled {
        order = paid_while_editing(by, conn, &order, money.amount).await?.ok_or(Refusal::AmountMismatch)?;
    }
    if order.paid_at.is_some() {
        return Ok(false);
    }
    order.payment_status = payment::captured(order.payment_status);
    order.payment_id = order.payment_id.or(Some(money.payment_id));
    order.paid_at = Some(money.at);
    if order.status == OrderStatus::Pending {
        debug_assert!(by.actor.kind == ActorKind::System, "only the system says that money is in");
        by.move_to(conn, order, OrderStatus::Paid, None).await?;
    } else {
        let order = by.save(conn, order).await?;
        by.complete_if_due(conn, order).await?;
    }
    Ok(true)
}

/// An attempt failed.
pub(crate) async fn failed(by: &By<'_>, conn: &mut PgConnection, id: OrderId) -> Result<bool, Refusal> {
    let mut order = lock(conn, id).await?;
    let status = payment::failed(order.payment_status);
    if status == order.payment_status {
        return Ok(false);
    }
    order.payment_status = status;
    by.save(conn, order).await?;
    Ok(true)
}

/// The vendor has the cash.
pub(crate) async fn collected(by: &By<'_>, conn: &mut PgConnection, id: OrderId, at: DateTime<Utc>) -> Result<bool, Refusal> {
    let mut order = lock(conn, id).await?;
    if order.payment_method != PaymentMethod::Cod || order.paid_at.is_some() {
        return Ok(false);
    }
    order.payment_status = payment::captured(order.payment_status);
    order.paid_at = Some(at);
    let order = by.save(conn, order).await?;
    by.complete_if_due(conn, order).await?;
    Ok(true)
}

/// Money that went back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GoneBack {
    /// What had been paid.
    pub(crate) paid: Money,
    /// What went back of it in all.
    pub(crate) in_all: Money,
}

/// So much went back in all. What had been paid for a cancelled order may be what an edit wanted: it is back in full when
/// that is, and the order keeps no more of it than it cost.
pub(crate) async fn refunded(by: &By<'_>, conn: &mut PgConnection, id: OrderId, money: GoneBack) -> Result<bool, Refusal> {
    let mut order = lock(conn, id).await?;
    if order.payment_status == PaymentStatus::Refunded {
        return Ok(false);
    }
    let paid = if order.status == OrderStatus::Cancelled { money.paid } else { order.total };
    let (status, refunded) = payment::refunded(order.payment_status, paid, order.refunded, money.in_all);
    let refunded = refunded.min(order.total);
    if (status, refunded) == (order.payment_status, order.refunded) {
        return Ok(false);
    }
    (order.payment_status, order.refunded) = (status, refunded);
    let order = by.save(conn, order).await?;
    by.complete_if_due(conn, order).await?;
    Ok(true)
}

async fn lock(conn: &mut PgConnection, id: OrderId) -> Result<Order, Refusal> {
    orders::lock(conn, id, Reader::Service).await?.ok_or(Refusal::NotFound)
}

/// The payment service says at once what its event will say as well, for the buyer who waits.
pub(crate) async fn mark_paid(app: &App, id: OrderId, money: Captured) -> Result<Order, Refusal> {
    let actor = domain::Actor::system(domain::ServiceName::Payment);
    let by = By { app, actor: &actor, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    captured(&by, &mut tx, id, money).await?;
    let order = lock(&mut tx, id).await?;
    tx.commit().await?;
    Ok(order)
}
