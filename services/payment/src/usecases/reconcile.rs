//! Comparing orders, payments, the gateway, the ledger, cash and settlements of some days.

use std::collections::HashSet;

use ::domain::{Money, OrderId, OrderStatus, Rate};
use books::{Facts, LineFact, Mismatch, OrderFact, read};
use chrono::{DateTime, TimeDelta, Utc};
use clients::ServiceError;
use clients::order::OrderSummary;
use clients::vendor::SettlementLineFacts;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::PaymentError;
use crate::App;
use crate::store::payments;

/// What changed within so many seconds may still be on its way between the services.
const ON_ITS_WAY: i64 = 60;
/// How many orders are asked about at once, and settlement lines in one call.
const AT_ONCE: usize = 8;
const LINES_IN_ONE: usize = 500;
/// How many orders the order service answers at once.
const PAGE: usize = 500;

/// What was compared, and what does not agree.
#[derive(Debug)]
pub(crate) struct Reconciled {
    pub facts: Facts,
    pub mismatches: Vec<Mismatch>,
    pub as_of: DateTime<Utc>,
}

/// Compares all that was opened or moved in `[from, to)`. The payment service's own tables are read as of one moment; the
/// orders, their settlement lines and the gateway's payments are asked for.
pub(crate) async fn reconcile(app: &App, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Reconciled, PaymentError> {
    let now = app.kit.clock.now();
    let mut facts = Facts { settled_before: Some(now - TimeDelta::seconds(ON_ITS_WAY)), ..Facts::default() };
    // The gateway's times are whole seconds, and its end is inclusive.
    let gateway = read::begun_between(&app.razorpay, from, to - TimeDelta::seconds(1)).await?;
    let scope = read::Scope::Range { from, to, gateway_payments: gateway.iter().map(|payment| payment.id.clone()).collect() };
    {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        read::payments(&mut conn, &scope, &mut facts).await?;
    }
    facts.gateway = Some(read::with_missing(&app.razorpay, gateway, &facts.payments).await?);
    orders(app, &mut facts, from, to).await?;
    lines(app, &mut facts).await?;
    let mismatches = books::check(&facts);
    Ok(Reconciled { facts, mismatches, as_of: now })
}

/// The orders placed in the range, and those of the payments that moved in it.
async fn orders(app: &App, facts: &mut Facts, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), PaymentError> {
    let mut after = None;
    loop {
        let page = app.orders.placed(from, to, after).await.map_err(unavailable)?;
        after = page.last().map(|last| (last.placed_at, last.order.order_id));
        for order in &page {
            // Its payment may have been opened just after the range: then it belongs to the next one.
            if is_later(app, facts, order.order.order_id).await? {
                continue;
            }
            facts.orders.push(order_fact(order));
        }
        if page.len() < PAGE {
            break;
        }
    }
    let known: HashSet<_> = facts.orders.iter().map(|order| order.id).collect();
    let missing: Vec<OrderId> =
        facts.payments.iter().filter(|p| !known.contains(&p.order_id)).map(|p| OrderId::new(p.order_id)).collect();
    let asked = stream::iter(missing).map(|id| app.orders.order(id)).buffer_unordered(AT_ONCE);
    let found: Vec<Option<OrderSummary>> = asked.try_collect().await.map_err(unavailable)?;
    facts.orders.extend(found.iter().flatten().map(order_fact));
    Ok(())
}

async fn is_later(app: &App, facts: &Facts, order: OrderId) -> Result<bool, PaymentError> {
    if facts.payments.iter().any(|payment| payment.order_id == order.as_uuid()) {
        return Ok(false);
    }
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(payments::of_order(&mut conn, order).await?.is_some())
}

async fn lines(app: &App, facts: &mut Facts) -> Result<(), PaymentError> {
    let completed = facts.orders.iter().filter(|order| order.status == OrderStatus::Completed.as_str());
    let ids: Vec<OrderId> = completed.map(|order| OrderId::new(order.id)).collect();
    for some in ids.chunks(LINES_IN_ONE) {
        let found = app.vendors.settlement_lines(some.to_vec()).await;
        let found = found.map_err(|error| PaymentError::SettlementsUnavailable(error.to_string()))?;
        facts.lines.extend(found.iter().map(line_fact));
    }
    Ok(())
}

fn unavailable(error: ServiceError) -> PaymentError {
    PaymentError::OrdersUnavailable(error.to_string())
}

fn order_fact(summary: &OrderSummary) -> OrderFact {
    let order = &summary.order;
    OrderFact {
        id: order.order_id.as_uuid(),
        number: order.order_number.to_string(),
        buyer_id: order.buyer_id.as_uuid(),
        vendor_id: order.vendor_id.as_uuid(),
        method: order.payment_method.as_str().to_owned(),
        status: summary.status.as_str().to_owned(),
        payment_status: summary.payment_status.as_str().to_owned(),
        total: order.total.paise(),
        lines_total: None,
        refunded: summary.refunded.paise(),
        commission_rate: Rate::basis_points(summary.commission_rate),
        changed_at: Some(summary.updated_at.or(summary.completed_at).unwrap_or(summary.placed_at)),
    }
}

fn line_fact(line: &SettlementLineFacts) -> LineFact {
    LineFact {
        settlement_id: line.settlement_id.as_uuid(),
        order_id: line.order_id.as_uuid(),
        order_total: Money::paise(line.order_total),
        refunded_before: Money::paise(line.refunded_before),
        commission_rate: Rate::basis_points(line.commission_rate),
        commission: Money::paise(line.commission_amount),
        net: Money::paise(line.net_amount),
        cod_collected: Money::paise(line.cod_collected),
    }
}
