//! A buyer edits the items of an order that is not paid yet: all of it is priced anew (rules 21 to 25), then the edit is
//! written down and carried out by its saga, as placing is.

use chrono::TimeDelta;
use clients::catalog::{ValidateIn, WantedLine};
use clients::payment::OpenedPayment;
use domain::{Actor, BuyerId, OrderId, business_time};

use super::Refusal;
use super::carry_edit::{self, Ended};
use super::checkout::{self, Terms};
use super::read_orders::{WholeOrder, read_order};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{Edit, Line, Order, SagaStep, WantedItem, Wish, edit, pricing};
use crate::store::orders::{self, Reader};
use crate::store::{edits, items, sagas};

/// Edits. Once it is written down it is worked on to its end, whether or not the caller still listens.
pub(crate) async fn edit_items(
    app: &App,
    actor: &Actor,
    buyer: BuyerId,
    order_id: OrderId,
    wish: Wish,
) -> Result<(WholeOrder, Option<OpenedPayment>), Refusal> {
    let reader = Reader::Buyer(buyer);
    let (order, lines) = editable(app, reader, order_id).await?;
    let wanted = edit::wanted(&lines, wish)?;
    if wanted == lines.iter().map(WantedItem::from).collect::<Vec<_>>() {
        return Ok((read_order(app, reader, order_id).await?, None));
    }
    let edit = price(app, &order, &lines, &wanted).await?;
    write_down(app, actor, &order, &edit).await?;
    app.crash_point(CrashPoint::EditBegun);
    let (task_app, context) = (app.clone(), context::current());
    let work = tokio::spawn(context::scope(context, async move { carry_edit::carry_edit(&task_app, order_id).await }));
    match work.await.map_err(|_| Refusal::Fault("the editing of an order was interrupted"))?? {
        Ended::Edited(opened) => Ok((read_order(app, reader, order_id).await?, Some(*opened))),
        Ended::GivenUp(failure) => Err(Refusal::Failed(Box::new(failure))),
        // Somebody else took it to its end.
        Ended::Elsewhere => Err(Refusal::InProgress),
    }
}

async fn editable(app: &App, reader: Reader, order_id: OrderId) -> Result<(Order, Vec<Line>), Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let order = orders::find(&mut conn, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    let saga = sagas::find(&mut conn, order_id).await?.ok_or(Refusal::NotFound)?;
    match saga.step {
        SagaStep::Done if order.is_editable() => {}
        SagaStep::Placed | SagaStep::StockReserved => return Err(Refusal::NotReady),
        SagaStep::Editing | SagaStep::EditReserved | SagaStep::EditUndoing | SagaStep::EditSettling => {
            return Err(Refusal::InProgress);
        }
        _ => return Err(Refusal::NotEditable(order.status)),
    }
    let lines = items::of_orders(&mut conn, &[order_id]).await?;
    Ok((order, lines))
}

/// As catalog takes lines.
pub(crate) fn as_wanted(wanted: &[WantedItem]) -> Vec<WantedLine> {
    wanted
        .iter()
        .map(|line| WantedLine { item_type: line.item_type, item_id: line.item_id, quantity: line.quantity, unit: line.unit })
        .collect()
}

/// The whole order at today's prices, with the tax of the day it was placed on and the terms it was placed under.
async fn price(app: &App, order: &Order, lines: &[Line], wanted: &[WantedItem]) -> Result<Edit, Refusal> {
    let held: Vec<WantedItem> = lines.iter().map(WantedItem::from).collect();
    let question = ValidateIn {
        vendor_id: order.vendor_id,
        gst_scheme: order.gst_scheme,
        on: business_time::ist_date(order.created_at),
        lines: as_wanted(wanted),
        held: as_wanted(&held),
    };
    let ask = &app.neighbours;
    let (vendor, validated) = tokio::join!(ask.vendor.vendor(order.vendor_id), ask.catalog.validate(&question));
    checkout::available(vendor?)?;
    let priced = checkout::accepted(validated?.lines, wanted.len())?;
    let terms = Terms {
        scheme: order.gst_scheme,
        supplier_state: &order.supplier_state,
        place: &order.delivery_address.state_code,
        distance_metres: order.distance_metres.unsigned_abs(),
        discount: order.discount,
    };
    let priced = checkout::price(app, &terms, &question.lines, priced)?;
    let lines: Vec<Line> = (1..)
        .zip(wanted.iter().zip(priced.lines))
        .map(|(line_no, (wanted, what))| Line { id: wanted.id, order_id: order.id, line_no, what })
        .collect();
    let price = priced.price;
    Ok(Edit {
        order_type: pricing::order_type(lines.iter().map(|line| line.what.item_type)),
        lines,
        subtotal: price.subtotal,
        delivery_charge: price.delivery_charge,
        delivery_tax: price.delivery_tax,
        tax: price.tax,
        discount: price.discount,
        total: price.total,
    })
}

/// One statement: the edit is under way, unless the order changed since it was read.
async fn write_down(app: &App, actor: &Actor, order: &Order, edit: &Edit) -> Result<(), Refusal> {
    let now = app.kit.clock.now();
    let deadline = now + TimeDelta::seconds(i64::from(app.config.order_saga_deadline_seconds));
    let mut conn = app.kit.pool.acquire().await?;
    let times = (now, deadline, app.config.lease_seconds());
    if edits::begin(&mut conn, order.id, order.revision, edit, actor, times).await? {
        Ok(())
    } else {
        Err(Refusal::ChangedMeanwhile)
    }
}
