//! Making settlements for many vendors: each step is one statement over the whole set.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{GstScheme, Money, OrderId, OrderNumber, Rate, SettlementId, SettlementNumber, VendorId};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::Stored;
use crate::domain::deductions::{DatedRate, DeductionKind};
use crate::domain::settlement::{AdjustmentKind, OrderToSettle, Period};

/// Vendors with something to settle, or settled for this very period already.
pub(crate) async fn candidates(conn: &mut PgConnection, period: Period) -> Stored<Vec<VendorId>> {
    sqlx::query_scalar!(
        r#"SELECT v.id as "id!: VendorId" FROM vendors v
            WHERE EXISTS (SELECT FROM settlement_orders o
                           WHERE o.vendor_id = v.id AND o.settlement_id IS NULL AND o.completed_at < $1
                             AND NOT EXISTS (SELECT FROM settlement_holds h
                                              WHERE h.order_id = o.order_id AND h.resolved_at IS NULL))
               OR EXISTS (SELECT FROM settlement_adjustments a WHERE a.vendor_id = v.id AND a.settlement_id IS NULL)
               OR EXISTS (SELECT FROM settlements s
                           WHERE s.vendor_id = v.id AND s.period_start_date = $2 AND s.period_end_date = $3)
            ORDER BY v.id"#,
        period.over_at(),
        period.start,
        period.end
    )
    .fetch_all(conn)
    .await
}

/// Holds the vendors until the transaction ends, in the order of their ids: of two runs at once the second waits and then
/// sees what the first one made.
pub(crate) async fn hold_vendors(conn: &mut PgConnection, vendors: &[Uuid]) -> Stored<()> {
    sqlx::query!("SELECT id FROM vendors WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", vendors).fetch_all(conn).await?;
    Ok(())
}

/// A settlement whose period touches the one asked for.
#[derive(Debug)]
pub(crate) struct Touching {
    pub(crate) id: SettlementId,
    pub(crate) vendor_id: VendorId,
    pub(crate) settlement_number: SettlementNumber,
    pub(crate) period_start_date: NaiveDate,
    pub(crate) period_end_date: NaiveDate,
}

pub(crate) async fn touching(conn: &mut PgConnection, vendors: &[Uuid], period: Period) -> Stored<Vec<Touching>> {
    sqlx::query_as!(
        Touching,
        r#"SELECT id as "id: SettlementId", vendor_id as "vendor_id: VendorId",
                  settlement_number as "settlement_number: SettlementNumber", period_start_date, period_end_date
             FROM settlements
            WHERE vendor_id = ANY ($1) AND period_start_date <= $3 AND period_end_date >= $2
            ORDER BY vendor_id, period_start_date"#,
        vendors,
        period.start,
        period.end
    )
    .fetch_all(conn)
    .await
}

/// Orders completed before that moment, not settled and not disputed; held until the transaction ends.
pub(crate) async fn waiting_orders(
    conn: &mut PgConnection,
    vendors: &[Uuid],
    before: DateTime<Utc>,
) -> Stored<Vec<OrderToSettle>> {
    sqlx::query_as!(
        OrderToSettle,
        r#"SELECT o.order_id as "order_id: OrderId", o.vendor_id as "vendor_id: VendorId",
                  o.order_number as "order_number: OrderNumber", o.order_date as "order_date!",
                  o.completed_at as "completed_at!", o.total as "total: Money", o.tax as "tax!: Money",
                  o.refunded as "refunded: Money", o.commission_rate as "commission_rate!: Rate",
                  (o.payment_method = 'cod') as "cash!", o.cod_collected as "cod_collected: Money",
                  o.cod_remitted as "cod_remitted: Money",
                  coalesce(v.state_code = (SELECT d.delivery_address ->> 'state_code' FROM deliveries d
                                            WHERE d.order_id = o.order_id), true) as "same_state!",
                  v.gst_scheme as "gst_scheme: GstScheme"
             FROM settlement_orders o JOIN vendors v ON v.id = o.vendor_id
            WHERE o.vendor_id = ANY ($1) AND o.settlement_id IS NULL AND o.completed_at < $2
              AND NOT EXISTS (SELECT FROM settlement_holds h WHERE h.order_id = o.order_id AND h.resolved_at IS NULL)
            ORDER BY o.order_id
              FOR UPDATE OF o"#,
        vendors,
        before
    )
    .fetch_all(conn)
    .await
}

/// An adjustment that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) id: Uuid,
    pub(crate) vendor_id: VendorId,
    pub(crate) kind: AdjustmentKind,
    pub(crate) amount: Money,
    pub(crate) commission_returned: Money,
}

pub(crate) async fn waiting_adjustments(conn: &mut PgConnection, vendors: &[Uuid]) -> Stored<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT id, vendor_id as "vendor_id: VendorId", kind as "kind: AdjustmentKind", amount as "amount: Money",
                  commission_returned as "commission_returned: Money"
             FROM settlement_adjustments WHERE vendor_id = ANY ($1) AND settlement_id IS NULL ORDER BY id FOR UPDATE"#,
        vendors
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn rates(conn: &mut PgConnection) -> Stored<Vec<DatedRate>> {
    sqlx::query_as!(
        DatedRate,
        r#"SELECT kind as "kind: DeductionKind", component, rate as "rate: Rate", legal_basis, valid_from, valid_to
             FROM deduction_rates ORDER BY kind, component, valid_from"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn numbers(conn: &mut PgConnection, count: usize) -> Stored<Vec<i64>> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query_scalar!(r#"SELECT nextval('settlement_numbers') as "number!" FROM generate_series(1, $1::int4)"#, count)
        .fetch_all(conn)
        .await
}

/// A settlement to be. Serialized: the rows of one statement travel as one document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewSettlement {
    pub(crate) id: SettlementId,
    pub(crate) settlement_number: SettlementNumber,
    pub(crate) vendor_id: VendorId,
    pub(crate) period_start_date: NaiveDate,
    pub(crate) period_end_date: NaiveDate,
    pub(crate) total_orders: usize,
    pub(crate) gross_revenue: Money,
    pub(crate) commission_amount: Money,
    pub(crate) net_amount: Money,
    pub(crate) cod_collected: Money,
    pub(crate) cod_to_remit: Money,
    pub(crate) adjustments_amount: Money,
    pub(crate) commission_returned: Money,
    pub(crate) carried_over: Money,
    pub(crate) deductions_amount: Money,
    pub(crate) payout_amount: Money,
}

pub(crate) async fn insert_settlements(conn: &mut PgConnection, rows: &[NewSettlement], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlements
             (id, settlement_number, vendor_id, period_start_date, period_end_date, total_orders, gross_revenue,
              commission_amount, net_amount, cod_collected, cod_to_remit, adjustments_amount, commission_returned,
              carried_over, deductions_amount, payout_amount, created_at, updated_at)
         SELECT id, settlement_number, vendor_id, period_start_date, period_end_date, total_orders, gross_revenue,
                commission_amount, net_amount, cod_collected, cod_to_remit, adjustments_amount, commission_returned,
                carried_over, deductions_amount, payout_amount, $2, $2
           FROM jsonb_to_recordset($1) AS row
                (id uuid, settlement_number text, vendor_id uuid, period_start_date date, period_end_date date,
                 total_orders int, gross_revenue numeric, commission_amount numeric, net_amount numeric,
                 cod_collected numeric, cod_to_remit numeric, adjustments_amount numeric, commission_returned numeric,
                 carried_over numeric, deductions_amount numeric, payout_amount numeric)",
        Json(rows) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A line to be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewLine {
    pub(crate) id: Uuid,
    pub(crate) settlement_id: SettlementId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: OrderNumber,
    pub(crate) order_date: DateTime<Utc>,
    pub(crate) completed_at: DateTime<Utc>,
    pub(crate) order_total: Money,
    pub(crate) refunded_before: Money,
    pub(crate) order_amount: Money,
    pub(crate) commission_rate: Rate,
    pub(crate) commission_amount: Money,
    pub(crate) net_amount: Money,
    pub(crate) cod_collected: Money,
    pub(crate) cod_to_remit: Money,
}

/// Writes the lines and marks their orders as settled.
pub(crate) async fn insert_lines(conn: &mut PgConnection, rows: &[NewLine], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlement_line_items
             (id, settlement_id, order_id, order_number, order_date, completed_at, order_total, refunded_before,
              order_amount, commission_rate, commission_amount, net_amount, cod_collected, cod_to_remit, created_at)
         SELECT id, settlement_id, order_id, order_number, order_date, completed_at, order_total, refunded_before,
                order_amount, commission_rate, commission_amount, net_amount, cod_collected, cod_to_remit, $2
           FROM jsonb_to_recordset($1) AS row
                (id uuid, settlement_id uuid, order_id uuid, order_number text, order_date timestamptz,
                 completed_at timestamptz, order_total numeric, refunded_before numeric, order_amount numeric,
                 commission_rate numeric, commission_amount numeric, net_amount numeric, cod_collected numeric,
                 cod_to_remit numeric)",
        Json(rows) as _,
        now
    )
    .execute(&mut *conn)
    .await?;
    let orders: Vec<Uuid> = rows.iter().map(|row| row.order_id.as_uuid()).collect();
    sqlx::query!(
        "UPDATE settlement_orders o SET settlement_id = l.settlement_id, updated_at = $2
           FROM settlement_line_items l WHERE l.order_id = o.order_id AND o.order_id = ANY ($1)",
        &orders,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A deduction to be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewDeduction {
    pub(crate) id: Uuid,
    pub(crate) settlement_id: SettlementId,
    pub(crate) order_id: OrderId,
    pub(crate) kind: DeductionKind,
    pub(crate) component: String,
    pub(crate) legal_basis: String,
    pub(crate) base_amount: Money,
    pub(crate) rate: Rate,
    pub(crate) amount: Money,
}

pub(crate) async fn insert_deductions(conn: &mut PgConnection, rows: &[NewDeduction], now: DateTime<Utc>) -> Stored<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO settlement_deductions
             (id, settlement_id, order_id, kind, component, legal_basis, base_amount, rate, amount, created_at)
         SELECT id, settlement_id, order_id, kind, component, legal_basis, base_amount, rate, amount, $2
           FROM jsonb_to_recordset($1) AS row
                (id uuid, settlement_id uuid, order_id uuid, kind text, component text, legal_basis text,
                 base_amount numeric, rate numeric, amount numeric)",
        Json(rows) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which settlement takes an adjustment in.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Taken {
    pub(crate) id: Uuid,
    pub(crate) settlement_id: SettlementId,
}

pub(crate) async fn take_adjustments(conn: &mut PgConnection, rows: &[Taken]) -> Stored<u64> {
    let done = sqlx::query!(
        "UPDATE settlement_adjustments a SET settlement_id = row.settlement_id
           FROM jsonb_to_recordset($1) AS row (id uuid, settlement_id uuid)
          WHERE a.id = row.id AND a.settlement_id IS NULL",
        Json(rows) as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// What a negative payout leaves for the next settlement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewCarryOver {
    pub(crate) id: Uuid,
    pub(crate) vendor_id: VendorId,
    pub(crate) amount: Money,
    pub(crate) source_settlement_id: SettlementId,
}

pub(crate) async fn insert_carry_overs(conn: &mut PgConnection, rows: &[NewCarryOver], now: DateTime<Utc>) -> Stored<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO settlement_adjustments (id, vendor_id, kind, amount, source_settlement_id, created_at)
         SELECT id, vendor_id, 'carry_over', amount, source_settlement_id, $2
           FROM jsonb_to_recordset($1) AS row (id uuid, vendor_id uuid, amount numeric, source_settlement_id uuid)",
        Json(rows) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
