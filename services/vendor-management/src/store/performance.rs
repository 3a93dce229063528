//! What happened to a vendor's orders, as events tell it in any order, and what buyers say.

use chrono::{DateTime, Utc};
use domain::{BuyerId, OrderId, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// The vendor said yes.
#[derive(Debug)]
pub(crate) struct Confirmation {
    pub(crate) awaiting_since: DateTime<Utc>,
    pub(crate) confirmed_at: DateTime<Utc>,
    pub(crate) due_by: Option<DateTime<Utc>>,
}

pub(crate) async fn confirmed(conn: &mut PgConnection, order: OrderId, vendor: VendorId, told: &Confirmation) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendor_order_facts AS known (order_id, vendor_id, awaiting_since, confirmed_at, due_by, known_since)
         VALUES ($1, $2, $3, $4, $5, $3)
         ON CONFLICT (order_id) DO UPDATE
            SET awaiting_since = excluded.awaiting_since, confirmed_at = excluded.confirmed_at, due_by = excluded.due_by,
                known_since = least(known.known_since, excluded.known_since)
          WHERE known.confirmed_at IS NULL",
        order as OrderId,
        vendor as VendorId,
        told.awaiting_since,
        told.confirmed_at,
        told.due_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn delivered(conn: &mut PgConnection, order: OrderId, vendor: VendorId, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendor_order_facts AS known (order_id, vendor_id, delivered_at, known_since) VALUES ($1, $2, $3, $3)
         ON CONFLICT (order_id) DO UPDATE
            SET delivered_at = excluded.delivered_at, known_since = least(known.known_since, excluded.known_since)",
        order as OrderId,
        vendor as VendorId,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn completed(conn: &mut PgConnection, order: OrderId, vendor: VendorId, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendor_order_facts AS known (order_id, vendor_id, completed_at, known_since) VALUES ($1, $2, $3, $3)
         ON CONFLICT (order_id) DO UPDATE
            SET completed_at = excluded.completed_at, known_since = least(known.known_since, excluded.known_since)",
        order as OrderId,
        vendor as VendorId,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn cancelled(
    conn: &mut PgConnection,
    order: OrderId,
    vendor: VendorId,
    at: DateTime<Utc>,
    by_vendor: bool,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendor_order_facts AS known (order_id, vendor_id, cancelled_at, cancelled_by_vendor, known_since)
         VALUES ($1, $2, $3, $4, $3)
         ON CONFLICT (order_id) DO UPDATE
            SET cancelled_at = excluded.cancelled_at, cancelled_by_vendor = excluded.cancelled_by_vendor,
                known_since = least(known.known_since, excluded.known_since)",
        order as OrderId,
        vendor as VendorId,
        at,
        by_vendor
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn disputed(conn: &mut PgConnection, order: OrderId, vendor: VendorId, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendor_order_facts AS known (order_id, vendor_id, disputed_at, known_since) VALUES ($1, $2, $3, $3)
         ON CONFLICT (order_id) DO UPDATE
            SET disputed_at = least(known.disputed_at, excluded.disputed_at),
                known_since = least(known.known_since, excluded.known_since)",
        order as OrderId,
        vendor as VendorId,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sums over a span of time.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Said yes to.
    pub(crate) confirmed: i64,
    /// Whole seconds until the yes, on average.
    pub(crate) confirm_seconds_average: Option<i64>,
    /// Nine of ten were said yes to within so many seconds.
    pub(crate) confirm_seconds_p90: Option<i64>,
    pub(crate) cancelled_by_vendor: i64,
    /// Handed over, of those with a promised time.
    pub(crate) delivered_with_promise: i64,
    pub(crate) delivered_on_time: i64,
    pub(crate) delivered: i64,
    pub(crate) completed: i64,
    pub(crate) disputed: i64,
    /// Handed over or disputed.
    pub(crate) disputable: i64,
    /// Answered with yes, or cancelled by the vendor's doing.
    pub(crate) answered: i64,
}

/// What happened to the vendor's orders that became known since then.
pub(crate) async fn figures(conn: &mut PgConnection, vendor: VendorId, since: DateTime<Utc>) -> Stored<Figures> {
    sqlx::query_as!(
        Figures,
        r#"SELECT count(confirmed_at) as "confirmed!",
                  avg(extract(epoch FROM confirmed_at - awaiting_since))::int8 as confirm_seconds_average,
                  percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM confirmed_at - awaiting_since)::float8)::int8
                      as confirm_seconds_p90,
                  count(*) FILTER (WHERE cancelled_by_vendor) as "cancelled_by_vendor!",
                  count(*) FILTER (WHERE delivered_at IS NOT NULL AND due_by IS NOT NULL) as "delivered_with_promise!",
                  count(*) FILTER (WHERE delivered_at <= due_by) as "delivered_on_time!",
                  count(delivered_at) as "delivered!", count(completed_at) as "completed!", count(disputed_at) as "disputed!",
                  count(*) FILTER (WHERE delivered_at IS NOT NULL OR disputed_at IS NOT NULL) as "disputable!",
                  count(*) FILTER (WHERE confirmed_at IS NOT NULL OR cancelled_by_vendor) as "answered!"
             FROM vendor_order_facts WHERE vendor_id = $1 AND known_since >= $2"#,
        vendor as VendorId,
        since
    )
    .fetch_one(conn)
    .await
}

/// A rating to be.
#[derive(Debug)]
pub(crate) struct NewRating<'a> {
    pub(crate) id: Uuid,
    pub(crate) vendor_id: VendorId,
    pub(crate) order_id: OrderId,
    pub(crate) buyer_id: BuyerId,
    pub(crate) rating: i16,
    pub(crate) comment: Option<&'a str>,
}

/// Keeps a rating and the vendor's new average; false when the order has one. The caller holds the vendor.
pub(crate) async fn rate(conn: &mut PgConnection, new: &NewRating<'_>, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO vendor_ratings (id, vendor_id, order_id, buyer_id, rating, comment, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT vendor_ratings_once_an_order DO NOTHING",
        new.id,
        new.vendor_id as VendorId,
        new.order_id as OrderId,
        new.buyer_id as BuyerId,
        new.rating,
        new.comment,
        now
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE vendors SET average_rating = (SELECT round(avg(rating), 2) FROM vendor_ratings WHERE vendor_id = $1)
          WHERE id = $1",
        new.vendor_id as VendorId
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// How often each number of stars was given, five first.
pub(crate) async fn stars(conn: &mut PgConnection, vendor: VendorId) -> Stored<[i64; 5]> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE rating = 5) as "five!", count(*) FILTER (WHERE rating = 4) as "four!",
                  count(*) FILTER (WHERE rating = 3) as "three!", count(*) FILTER (WHERE rating = 2) as "two!",
                  count(*) FILTER (WHERE rating = 1) as "one!"
             FROM vendor_ratings WHERE vendor_id = $1"#,
        vendor as VendorId
    )
    .fetch_one(conn)
    .await?;
    Ok([row.five, row.four, row.three, row.two, row.one])
}
