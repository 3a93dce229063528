//! Settlements, their lines and what else they consist of.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::{SettlementDeduction, SettlementFacts};
use domain::{Money, OrderId, OrderNumber, Rate, SettlementId, SettlementNumber, UserId, VendorId};
use service_kit::http::PageRequest;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{ByAge, Stored};
use crate::domain::deductions::DeductionKind;
use crate::domain::settlement::{AdjustmentKind, PayoutMethod, SettlementStatus};

/// A settlement as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) id: SettlementId,
    pub(crate) settlement_number: SettlementNumber,
    pub(crate) vendor_id: VendorId,
    pub(crate) period_start_date: NaiveDate,
    pub(crate) period_end_date: NaiveDate,
    pub(crate) total_orders: i32,
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
    pub(crate) status: SettlementStatus,
    pub(crate) approved_by: Option<UserId>,
    pub(crate) approved_at: Option<DateTime<Utc>>,
    pub(crate) payment_method: Option<PayoutMethod>,
    pub(crate) payment_reference: Option<String>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
    pub(crate) paid_by: Option<UserId>,
    pub(crate) notes: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Settlement {
    /// What others may know.
    pub(crate) fn facts(&self, order_ids: Vec<OrderId>, deductions: Vec<SettlementDeduction>) -> SettlementFacts {
        SettlementFacts {
            settlement_id: self.id,
            settlement_number: self.settlement_number.clone(),
            vendor_id: self.vendor_id,
            period_start: self.period_start_date,
            period_end: self.period_end_date,
            order_ids,
            gross_revenue: self.gross_revenue,
            commission_amount: self.commission_amount,
            net_amount: self.net_amount,
            cod_to_remit: self.cod_to_remit,
            adjustments: self.adjustments_amount,
            commission_returned: self.commission_returned,
            carried_over: self.carried_over,
            deductions,
            payout_amount: self.payout_amount,
        }
    }
}

/// The one list of columns.
macro_rules! settlement_rows {
    ($where:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Settlement,
            r#"SELECT id as "id: SettlementId", settlement_number as "settlement_number: SettlementNumber",
                      vendor_id as "vendor_id: VendorId", period_start_date, period_end_date, total_orders,
                      gross_revenue as "gross_revenue: Money", commission_amount as "commission_amount: Money",
                      net_amount as "net_amount: Money", cod_collected as "cod_collected: Money",
                      cod_to_remit as "cod_to_remit: Money", adjustments_amount as "adjustments_amount: Money",
                      commission_returned as "commission_returned: Money", carried_over as "carried_over: Money",
                      deductions_amount as "deductions_amount: Money", payout_amount as "payout_amount: Money",
                      status as "status: SettlementStatus", approved_by as "approved_by: UserId", approved_at,
                      payment_method as "payment_method: PayoutMethod", payment_reference, paid_at,
                      paid_by as "paid_by: UserId", notes, created_at
                 FROM settlements "# + $where
            $(, $arg)*
        )
    };
}

pub(crate) async fn find(conn: &mut PgConnection, id: SettlementId) -> Stored<Option<Settlement>> {
    settlement_rows!("WHERE id = $1", id as SettlementId).fetch_optional(conn).await
}

pub(crate) async fn lock(conn: &mut PgConnection, id: SettlementId) -> Stored<Option<Settlement>> {
    settlement_rows!("WHERE id = $1 FOR UPDATE", id as SettlementId).fetch_optional(conn).await
}

/// These, in the order of their numbers.
pub(crate) async fn find_all(conn: &mut PgConnection, ids: &[Uuid]) -> Stored<Vec<Settlement>> {
    settlement_rows!("WHERE id = ANY ($1) ORDER BY created_at, settlement_number", ids).fetch_all(conn).await
}

/// What a list of settlements is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) vendor_id: Option<VendorId>,
    pub(crate) status: Option<SettlementStatus>,
}

pub(crate) async fn list(conn: &mut PgConnection, filter: &Filter, page: &PageRequest<ByAge>) -> Stored<Vec<Settlement>> {
    settlement_rows!(
        "WHERE ($1::uuid IS NULL OR vendor_id = $1) AND ($2::text IS NULL OR status = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        filter.vendor_id.map(|v| v.as_uuid()),
        filter.status.map(SettlementStatus::as_str),
        page.after.map(|c| c.at),
        page.after.map(|c| c.id),
        page.fetch()
    )
    .fetch_all(conn)
    .await
}

/// A line as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct LineItem {
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
    pub(crate) cod_to_remit: Money,
}

pub(crate) async fn lines(conn: &mut PgConnection, id: SettlementId) -> Stored<Vec<LineItem>> {
    sqlx::query_as!(
        LineItem,
        r#"SELECT order_id as "order_id: OrderId", order_number as "order_number: OrderNumber", order_date, completed_at,
                  order_total as "order_total: Money", refunded_before as "refunded_before: Money",
                  order_amount as "order_amount: Money", commission_rate as "commission_rate: Rate",
                  commission_amount as "commission_amount: Money", net_amount as "net_amount: Money",
                  cod_to_remit as "cod_to_remit: Money"
             FROM settlement_line_items WHERE settlement_id = $1 ORDER BY completed_at, order_number"#,
        id as SettlementId
    )
    .fetch_all(conn)
    .await
}

/// A line with its settlement, as other services are told.
#[derive(Debug, Clone)]
pub(crate) struct OrderLine {
    pub(crate) settlement_id: SettlementId,
    pub(crate) settlement_number: SettlementNumber,
    pub(crate) settlement_status: String,
    pub(crate) order_id: OrderId,
    pub(crate) order_total: Money,
    pub(crate) refunded_before: Money,
    pub(crate) commission_rate: Rate,
    pub(crate) commission_amount: Money,
    pub(crate) net_amount: Money,
    pub(crate) cod_collected: Money,
}

impl From<OrderLine> for clients::vendor::SettlementLineFacts {
    fn from(line: OrderLine) -> Self {
        Self {
            settlement_id: line.settlement_id,
            settlement_number: line.settlement_number,
            settlement_status: line.settlement_status,
            order_id: line.order_id,
            order_total: line.order_total,
            refunded_before: line.refunded_before,
            commission_rate: line.commission_rate,
            commission_amount: line.commission_amount,
            net_amount: line.net_amount,
            cod_collected: line.cod_collected,
        }
    }
}

/// The lines of these orders.
pub(crate) async fn lines_of_orders(conn: &mut PgConnection, orders: &[Uuid]) -> Stored<Vec<OrderLine>> {
    sqlx::query_as!(
        OrderLine,
        r#"SELECT l.settlement_id as "settlement_id: SettlementId", s.settlement_number as "settlement_number: SettlementNumber",
                  s.status as settlement_status, l.order_id as "order_id: OrderId", l.order_total as "order_total: Money",
                  l.refunded_before as "refunded_before: Money", l.commission_rate as "commission_rate: Rate",
                  l.commission_amount as "commission_amount: Money", l.net_amount as "net_amount: Money",
                  l.cod_collected as "cod_collected: Money"
             FROM settlement_line_items l JOIN settlements s ON s.id = l.settlement_id
            WHERE l.order_id = ANY ($1) ORDER BY l.order_id"#,
        orders
    )
    .fetch_all(conn)
    .await
}

/// An adjustment as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    pub(crate) kind: AdjustmentKind,
    pub(crate) amount: Money,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) order_number: Option<OrderNumber>,
    pub(crate) refund_amount: Option<Money>,
    pub(crate) commission_returned: Money,
    pub(crate) source_settlement_number: Option<SettlementNumber>,
}

pub(crate) async fn adjustments(conn: &mut PgConnection, id: SettlementId) -> Stored<Vec<Adjustment>> {
    sqlx::query_as!(
        Adjustment,
        r#"SELECT a.kind as "kind: AdjustmentKind", a.amount as "amount: Money", a.order_id as "order_id: OrderId",
                  l.order_number as "order_number?: OrderNumber", a.refund_amount as "refund_amount: Money",
                  a.commission_returned as "commission_returned: Money",
                  s.settlement_number as "source_settlement_number?: SettlementNumber"
             FROM settlement_adjustments a
             LEFT JOIN settlement_line_items l ON l.order_id = a.order_id
             LEFT JOIN settlements s ON s.id = a.source_settlement_id
            WHERE a.settlement_id = $1 ORDER BY a.created_at, a.id"#,
        id as SettlementId
    )
    .fetch_all(conn)
    .await
}

/// A deduction as it is kept, of one order and component.
#[derive(Debug, Clone)]
pub(crate) struct DeductionLine {
    pub(crate) order_id: OrderId,
    pub(crate) kind: DeductionKind,
    pub(crate) component: String,
    pub(crate) legal_basis: String,
    pub(crate) base_amount: Money,
    pub(crate) rate: Rate,
    pub(crate) amount: Money,
}

pub(crate) async fn deductions(conn: &mut PgConnection, id: SettlementId) -> Stored<Vec<DeductionLine>> {
    sqlx::query_as!(
        DeductionLine,
        r#"SELECT order_id as "order_id: OrderId", kind as "kind: DeductionKind", component, legal_basis,
                  base_amount as "base_amount: Money", rate as "rate: Rate", amount as "amount: Money"
             FROM settlement_deductions WHERE settlement_id = $1 ORDER BY order_id, kind, component"#,
        id as SettlementId
    )
    .fetch_all(conn)
    .await
}

/// Finance says yes; false when it was not pending.
pub(crate) async fn approve(
    conn: &mut PgConnection,
    id: SettlementId,
    to: SettlementStatus,
    by: UserId,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE settlements
            SET status = $2::text, approved_by = $3, approved_at = $4::timestamptz,
                paid_at = CASE WHEN $2::text = 'closed' THEN $4::timestamptz END, updated_at = $4::timestamptz
          WHERE id = $1 AND status = 'pending'",
        id as SettlementId,
        to.as_str(),
        by as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The money went out; false when it was not approved.
pub(crate) async fn pay(
    conn: &mut PgConnection,
    id: SettlementId,
    method: PayoutMethod,
    reference: &str,
    notes: Option<&str>,
    by: UserId,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE settlements
            SET status = 'paid', payment_method = $2, payment_reference = $3, notes = coalesce($4, notes), paid_by = $5,
                paid_at = $6, updated_at = $6
          WHERE id = $1 AND status = 'approved'",
        id as SettlementId,
        method.as_str(),
        reference,
        notes,
        by as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
