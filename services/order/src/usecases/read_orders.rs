//! Orders as their readers see them.

use chrono::{DateTime, Utc};
use domain::{BuyerId, OrderId, OrderNumber, OrderStatus, VendorId};
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::{HistoryEntry, Line, Order};
use crate::store::lists::{self, Filter};
use crate::store::orders::{self, Reader};
use crate::store::timeline::Entry;
use crate::store::{history, items, timeline};

/// An order with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct WholeOrder {
    pub(crate) order: Order,
    pub(crate) lines: Vec<Line>,
    pub(crate) history: Vec<HistoryEntry>,
}

/// Whose orders are listed.
#[derive(Debug, Clone)]
pub(crate) enum Whose {
    Buyer(BuyerId),
    Vendor(VendorId),
    Everybody,
    NumberBeginning(String),
}

/// Adds lines and history to an order.
pub(crate) async fn whole(conn: &mut PgConnection, order: Order) -> Result<WholeOrder, Refusal> {
    let lines = items::of_orders(conn, &[order.id]).await?;
    let history = history::of_order(conn, order.id).await?;
    Ok(WholeOrder { order, lines, history })
}

/// One order by id.
pub(crate) async fn read_order(app: &App, reader: Reader, id: OrderId) -> Result<WholeOrder, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let order = orders::find(&mut conn, id, reader).await?.ok_or(Refusal::NotFound)?;
    whole(&mut conn, order).await
}

/// One order by number.
pub(crate) async fn read_by_number(app: &App, reader: Reader, number: &OrderNumber) -> Result<WholeOrder, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let order = orders::find_by_number(&mut conn, number, reader).await?.ok_or(Refusal::NotFound)?;
    whole(&mut conn, order).await
}

/// One order without what belongs to it.
pub(crate) async fn read_bare(app: &App, id: OrderId) -> Result<Order, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find(&mut conn, id, Reader::Service).await?.ok_or(Refusal::NotFound)
}

/// The same by number.
pub(crate) async fn read_bare_by_number(app: &App, number: &OrderNumber) -> Result<Order, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find_by_number(&mut conn, number, Reader::Service).await?.ok_or(Refusal::NotFound)
}

/// A list of orders, each with its lines.
pub(crate) async fn list_orders(app: &App, whose: &Whose, filter: &Filter) -> Result<Vec<(Order, Vec<Line>)>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let orders = match whose {
        Whose::Buyer(id) => lists::of_buyer(&mut conn, *id, filter).await?,
        Whose::Vendor(id) => lists::of_vendor(&mut conn, *id, filter).await?,
        Whose::Everybody => lists::of_all(&mut conn, filter).await?,
        Whose::NumberBeginning(prefix) => lists::by_number_prefix(&mut conn, prefix, filter).await?,
    };
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let mut lines = items::of_orders(&mut conn, &ids).await?;
    Ok(orders
        .into_iter()
        .map(|order| {
            let own = lines.extract_if(.., |line| line.order_id == order.id).collect();
            (order, own)
        })
        .collect())
}

/// A vendor's orders completed in `[from, to)`.
pub(crate) async fn completed_orders(
    app: &App,
    vendor_id: VendorId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Order>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(lists::completed(&mut conn, vendor_id, from, to).await?)
}

/// Orders placed in a period, without their lines.
pub(crate) async fn placed_orders(app: &App, filter: &Filter) -> Result<Vec<Order>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(lists::of_all(&mut conn, filter).await?)
}

/// How many running orders are named.
const RUNNING: i64 = 20;

/// The newest orders of a party that are neither completed nor cancelled.
pub(crate) async fn running_orders(app: &App, whose: &Whose) -> Result<Vec<Order>, Refusal> {
    let ended = |status: &OrderStatus| matches!(status, OrderStatus::Completed | OrderStatus::Cancelled);
    let statuses = OrderStatus::ALL.iter().copied().filter(|status| !ended(status)).collect();
    let filter = Filter { statuses, fetch: RUNNING, ..Filter::default() };
    Ok(list_orders(app, whose, &filter).await?.into_iter().map(|(order, _)| order).collect())
}

/// An order with its lines, for a service.
pub(crate) async fn read_with_lines(app: &App, id: OrderId) -> Result<(Order, Vec<Line>), Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let order = orders::find(&mut conn, id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let lines = items::of_orders(&mut conn, &[id]).await?;
    Ok((order, lines))
}

/// An order's story across the services.
pub(crate) async fn read_timeline(app: &App, reader: Reader, id: OrderId) -> Result<Vec<Entry>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find(&mut conn, id, reader).await?.ok_or(Refusal::NotFound)?;
    Ok(timeline::of_order(&mut conn, id).await?)
}
