//! Many orders, newest first, page by page. Each list has an index in its order.

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::AddressSnapshot;
use domain::{
    ActorKind, AddressId, BuyerId, GstScheme, Money, OrderId, OrderNumber, OrderStatus, OrderType, PaymentId, PaymentMethod,
    PaymentStatus, Rate, Slot, StateCode, UserId, VendorId,
};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::row::{OrderRow, select_orders};
use crate::domain::Order;

/// Where a row stands in a list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: OrderId,
}

/// What of a list is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) statuses: Vec<OrderStatus>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
    pub(crate) after: Option<Position>,
    pub(crate) fetch: i64,
}

/// The filter as Postgres takes it: open ends are ends far away, so that one statement serves all.
struct Bounds {
    statuses: Vec<String>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    after_at: DateTime<Utc>,
    after_id: Uuid,
    fetch: i64,
}

impl Filter {
    fn bounds(&self) -> Bounds {
        let end = DateTime::UNIX_EPOCH + TimeDelta::days(365 * 1000);
        let (after_at, after_id) = self.after.map_or((end, Uuid::max()), |p| (p.at, p.id.as_uuid()));
        Bounds {
            statuses: self.statuses.iter().map(|status| status.as_str().to_owned()).collect(),
            from: self.from.unwrap_or(DateTime::UNIX_EPOCH),
            until: self.until.unwrap_or(end),
            after_at,
            after_id,
            fetch: self.fetch,
        }
    }
}

fn orders(rows: Vec<OrderRow>) -> Result<Vec<Order>, DbError> {
    rows.into_iter().map(Order::try_from).collect()
}

/// A buyer's orders.
pub(crate) async fn of_buyer(conn: &mut PgConnection, buyer_id: BuyerId, filter: &Filter) -> Result<Vec<Order>, DbError> {
    let b = filter.bounds();
    let rows = select_orders!(
        "WHERE buyer_id = $1 AND ($2::text[] = '{}' OR status = ANY($2)) AND created_at >= $3 AND created_at < $4
           AND (created_at, id) < ($5, $6)
         ORDER BY created_at DESC, id DESC LIMIT $7",
        buyer_id.as_uuid(),
        &b.statuses,
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

/// A vendor's orders.
pub(crate) async fn of_vendor(conn: &mut PgConnection, vendor_id: VendorId, filter: &Filter) -> Result<Vec<Order>, DbError> {
    if !filter.statuses.is_empty() {
        return of_vendor_by_status(conn, vendor_id, filter).await;
    }
    let b = filter.bounds();
    let rows = select_orders!(
        "WHERE vendor_id = $1 AND created_at >= $2 AND created_at < $3 AND (created_at, id) < ($4, $5)
         ORDER BY created_at DESC, id DESC LIMIT $6",
        vendor_id.as_uuid(),
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

/// The newest of each status, then the newest of those: a vendor with a long past finds three open orders at once,
/// whatever plan Postgres settles on.
async fn of_vendor_by_status(conn: &mut PgConnection, vendor_id: VendorId, filter: &Filter) -> Result<Vec<Order>, DbError> {
    let b = filter.bounds();
    let rows = select_orders!(
        "WHERE id IN (
             SELECT newest.id FROM unnest($2::text[]) AS wanted(status) CROSS JOIN LATERAL (
                 SELECT id FROM orders
                  WHERE vendor_id = $1 AND status = wanted.status AND created_at >= $3 AND created_at < $4
                    AND (created_at, id) < ($5, $6)
                  ORDER BY created_at DESC, id DESC LIMIT $7) AS newest)
         ORDER BY created_at DESC, id DESC LIMIT $7",
        vendor_id.as_uuid(),
        &b.statuses,
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

/// Everybody's orders.
pub(crate) async fn of_all(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<Order>, DbError> {
    if !filter.statuses.is_empty() {
        return of_all_by_status(conn, filter).await;
    }
    let b = filter.bounds();
    let rows = select_orders!(
        "WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC LIMIT $5",
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

async fn of_all_by_status(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<Order>, DbError> {
    let b = filter.bounds();
    let rows = select_orders!(
        "WHERE id IN (
             SELECT newest.id FROM unnest($1::text[]) AS wanted(status) CROSS JOIN LATERAL (
                 SELECT id FROM orders
                  WHERE status = wanted.status AND created_at >= $2 AND created_at < $3 AND (created_at, id) < ($4, $5)
                  ORDER BY created_at DESC, id DESC LIMIT $6) AS newest)
         ORDER BY created_at DESC, id DESC LIMIT $6",
        &b.statuses,
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

/// Orders whose number begins so.
pub(crate) async fn by_number_prefix(conn: &mut PgConnection, prefix: &str, filter: &Filter) -> Result<Vec<Order>, DbError> {
    let b = filter.bounds();
    let pattern = format!("{}%", prefix.replace(['%', '_', '\\'], ""));
    let rows = select_orders!(
        "WHERE order_number LIKE $1 AND ($2::text[] = '{}' OR status = ANY($2)) AND created_at >= $3 AND created_at < $4
           AND (created_at, id) < ($5, $6)
         ORDER BY created_at DESC, id DESC LIMIT $7",
        pattern,
        &b.statuses,
        b.from,
        b.until,
        b.after_at,
        b.after_id,
        b.fetch
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}

/// A vendor's orders completed in `[from, to)`.
pub(crate) async fn completed(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Order>, DbError> {
    let rows = select_orders!(
        "WHERE vendor_id = $1 AND completed_at >= $2 AND completed_at < $3 ORDER BY completed_at, id",
        vendor_id.as_uuid(),
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    orders(rows)
}
