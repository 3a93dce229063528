//! Deliveries.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::{AddressSnapshot, DeliveryFacts};
use domain::{BuyerId, DeliveryId, DeliveryStatus, MediaId, OrderId, OrderNumber, Phone, Slot, UserId, VendorId};
use service_kit::http::PageRequest;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{ByAge, Stored};
use crate::domain::delivery::{Helper, ProvenBy, Schedule};

/// A delivery as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: OrderNumber,
    pub(crate) buyer_id: BuyerId,
    pub(crate) buyer_user_id: UserId,
    pub(crate) vendor_id: VendorId,
    pub(crate) delivered_by: Option<UserId>,
    pub(crate) delivery_address: Json<AddressSnapshot>,
    pub(crate) status: DeliveryStatus,
    pub(crate) failure_reason: Option<String>,
    pub(crate) order_cancelled_at: Option<DateTime<Utc>>,
    pub(crate) scheduled_date: Option<NaiveDate>,
    pub(crate) scheduled_slot: Option<Slot>,
    pub(crate) dispatched_at: Option<DateTime<Utc>>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) otp_generated_at: Option<DateTime<Utc>>,
    pub(crate) otp_expires_at: Option<DateTime<Utc>>,
    pub(crate) otp_verified: bool,
    pub(crate) proven_by: Option<ProvenBy>,
    pub(crate) delivery_photo_media_id: Option<MediaId>,
    pub(crate) delivery_notes: Option<String>,
    pub(crate) helper_name: Option<String>,
    pub(crate) helper_phone: Option<Phone>,
    pub(crate) proofs_count: i32,
    pub(crate) proofs_head: Option<Vec<u8>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Delivery {
    /// What others may know.
    pub(crate) fn facts(&self) -> DeliveryFacts {
        DeliveryFacts {
            delivery_id: self.id,
            order_id: self.order_id,
            order_number: self.order_number.clone(),
            buyer_id: self.buyer_id,
            buyer_user_id: self.buyer_user_id,
            vendor_id: self.vendor_id,
            status: self.status,
            scheduled_date: self.scheduled_date,
            scheduled_slot: self.scheduled_slot,
        }
    }
}

/// The one list of columns.
macro_rules! delivery_rows {
    ($where:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Delivery,
            r#"SELECT id as "id: DeliveryId", order_id as "order_id: OrderId", order_number as "order_number: OrderNumber",
                      buyer_id as "buyer_id: BuyerId", buyer_user_id as "buyer_user_id: UserId",
                      vendor_id as "vendor_id: VendorId", delivered_by as "delivered_by: UserId",
                      delivery_address as "delivery_address: Json<AddressSnapshot>",
                      status as "status: DeliveryStatus", failure_reason, order_cancelled_at, scheduled_date,
                      scheduled_slot as "scheduled_slot: Slot", dispatched_at, delivered_at, otp_generated_at,
                      otp_expires_at, otp_verified, proven_by as "proven_by: ProvenBy",
                      delivery_photo_media_id as "delivery_photo_media_id: MediaId", delivery_notes,
                      helper_name, helper_phone as "helper_phone: Phone", proofs_count, proofs_head, created_at, updated_at
                 FROM deliveries "# + $where
            $(, $arg)*
        )
    };
}

/// What a new delivery begins with.
#[derive(Debug)]
pub(crate) struct NewDelivery {
    pub(crate) id: DeliveryId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: OrderNumber,
    pub(crate) buyer_id: BuyerId,
    pub(crate) buyer_user_id: UserId,
    pub(crate) vendor_id: VendorId,
    pub(crate) delivery_address: AddressSnapshot,
    pub(crate) scheduled_date: Option<NaiveDate>,
    pub(crate) scheduled_slot: Option<Slot>,
}

/// Makes the delivery of an order; false when it has one.
pub(crate) async fn insert(conn: &mut PgConnection, new: &NewDelivery, now: DateTime<Utc>) -> Stored<bool> {
    let address = Json(&new.delivery_address);
    let done = sqlx::query!(
        "INSERT INTO deliveries (id, order_id, order_number, buyer_id, buyer_user_id, vendor_id, delivery_address,
                                 scheduled_date, scheduled_slot, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
         ON CONFLICT ON CONSTRAINT deliveries_one_an_order DO NOTHING",
        new.id as DeliveryId,
        new.order_id as OrderId,
        new.order_number.as_str(),
        new.buyer_id as BuyerId,
        new.buyer_user_id as UserId,
        new.vendor_id as VendorId,
        address as _,
        new.scheduled_date,
        new.scheduled_slot.map(|s| s.as_str()),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find(conn: &mut PgConnection, id: DeliveryId) -> Stored<Option<Delivery>> {
    delivery_rows!("WHERE id = $1", id as DeliveryId).fetch_optional(conn).await
}

pub(crate) async fn find_by_order(conn: &mut PgConnection, id: OrderId) -> Stored<Option<Delivery>> {
    delivery_rows!("WHERE order_id = $1", id as OrderId).fetch_optional(conn).await
}

pub(crate) async fn lock(conn: &mut PgConnection, id: DeliveryId) -> Stored<Option<Delivery>> {
    delivery_rows!("WHERE id = $1 FOR UPDATE", id as DeliveryId).fetch_optional(conn).await
}

pub(crate) async fn lock_by_order(conn: &mut PgConnection, id: OrderId) -> Stored<Option<Delivery>> {
    delivery_rows!("WHERE order_id = $1 FOR UPDATE", id as OrderId).fetch_optional(conn).await
}

/// What a list of deliveries is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) vendor_id: Option<VendorId>,
    pub(crate) status: Option<DeliveryStatus>,
}

pub(crate) async fn list(conn: &mut PgConnection, filter: &Filter, page: &PageRequest<ByAge>) -> Stored<Vec<Delivery>> {
    delivery_rows!(
        "WHERE ($1::uuid IS NULL OR vendor_id = $1) AND ($2::text IS NULL OR status = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        filter.vendor_id.map(|v| v.as_uuid()),
        filter.status.map(|s| s.as_str()),
        page.after.map(|c| c.at),
        page.after.map(|c| c.id),
        page.fetch()
    )
    .fetch_all(conn)
    .await
}

/// Who brings it and when it is planned for; what is not given stays.
pub(crate) async fn plan(
    conn: &mut PgConnection,
    id: DeliveryId,
    helper: Option<&Helper>,
    schedule: Option<&Schedule>,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "UPDATE deliveries
            SET helper_name = coalesce($2, helper_name), helper_phone = coalesce($3, helper_phone),
                scheduled_date = coalesce($4, scheduled_date),
                scheduled_slot = CASE WHEN $4::date IS NULL THEN scheduled_slot ELSE $5 END, updated_at = $6
          WHERE id = $1",
        id as DeliveryId,
        helper.map(|helper| helper.name.as_str()),
        helper.map(|helper| helper.phone.as_str()),
        schedule.map(|schedule| schedule.date),
        schedule.and_then(|schedule| schedule.slot).map(|slot| slot.as_str()),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A step from one state to another.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) from: DeliveryStatus,
    pub(crate) to: DeliveryStatus,
    pub(crate) failure_reason: Option<&'a str>,
    pub(crate) by: Option<UserId>,
    pub(crate) now: DateTime<Utc>,
}

/// Takes a step, but not to delivered; false when the delivery was not where the step begins.
pub(crate) async fn step(conn: &mut PgConnection, id: DeliveryId, step: &Step<'_>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE deliveries
            SET status = $3::text, failure_reason = $4, updated_at = $6,
                dispatched_at = CASE WHEN $3::text = 'in_transit' THEN $6::timestamptz ELSE dispatched_at END,
                delivered_by = coalesce($5, delivered_by)
          WHERE id = $1 AND status = $2",
        id as DeliveryId,
        step.from.as_str(),
        step.to.as_str(),
        step.failure_reason,
        step.by.map(|u| u.as_uuid()),
        step.now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Delivered, by proof; false when it was not on its way.
pub(crate) async fn delivered(
    conn: &mut PgConnection,
    id: DeliveryId,
    proven_by: ProvenBy,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE deliveries
            SET status = 'delivered', delivered_at = $4::timestamptz, proven_by = $2::text, delivered_by = coalesce($3, delivered_by),
                otp_verified = ($2::text = 'otp'),
                otp_verified_at = CASE WHEN $2::text = 'otp' THEN $4::timestamptz END, updated_at = $4::timestamptz
          WHERE id = $1 AND status = 'in_transit'",
        id as DeliveryId,
        proven_by.as_str(),
        by.map(|u| u.as_uuid()),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The order is no more: the delivery moves no further.
pub(crate) async fn order_cancelled(conn: &mut PgConnection, id: DeliveryId, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE deliveries SET order_cancelled_at = $2 WHERE id = $1", id as DeliveryId, at).execute(conn).await?;
    Ok(())
}

pub(crate) async fn code_made(
    conn: &mut PgConnection,
    id: DeliveryId,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "UPDATE deliveries SET otp_generated_at = $2, otp_expires_at = $3, updated_at = $2 WHERE id = $1",
        id as DeliveryId,
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn photo_taken(conn: &mut PgConnection, id: DeliveryId, photo: MediaId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE deliveries SET delivery_photo_media_id = $2, updated_at = $3 WHERE id = $1",
        id as DeliveryId,
        photo as MediaId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whoever works on this order's delivery waits for each other, also while there is none yet.
pub(crate) async fn hold_order(conn: &mut PgConnection, id: OrderId) -> Stored<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 1))", id.to_string()).fetch_one(conn).await?;
    Ok(())
}

pub(crate) async fn remember_cancelled(conn: &mut PgConnection, id: OrderId, reason: &str, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO cancelled_orders (order_id, reason, cancelled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        id as OrderId,
        reason,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn is_cancelled(conn: &mut PgConnection, id: OrderId) -> Stored<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM cancelled_orders WHERE order_id = $1) as "yes!""#, id as OrderId)
        .fetch_one(conn)
        .await
}
