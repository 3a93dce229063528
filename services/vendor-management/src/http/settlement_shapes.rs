//! Settlements as they are spoken.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Money, OrderId, OrderNumber, Rate, SettlementId, SettlementNumber, UserId, VendorId};
use serde::Serialize;
use service_kit::ApiError;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::deductions::DeductionKind;
use crate::domain::settlement::{AdjustmentKind, PayoutMethod, SettlementStatus};
use crate::store::settlements::{self, Adjustment, DeductionLine, LineItem, Settlement};
use crate::usecases::earnings::Earnings;

/// A settlement with its arithmetic.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementOut {
    id: SettlementId,
    settlement_number: SettlementNumber,
    vendor_id: VendorId,
    /// First Indian day.
    period_start: NaiveDate,
    /// Last Indian day.
    period_end: NaiveDate,
    total_orders: i32,
    gross_revenue: Money,
    commission_amount: Money,
    /// `gross_revenue - commission_amount`.
    net_amount: Money,
    cod_collected: Money,
    cod_to_remit: Money,
    /// Signed.
    adjustments: Money,
    commission_returned: Money,
    carried_over: Money,
    deductions: Money,
    /// `net_amount - cod_to_remit + adjustments - deductions`.
    payout_amount: Money,
    #[schema(example = "INR")]
    currency: &'static str,
    status: SettlementStatus,
    approved_by: Option<UserId>,
    approved_at: Option<DateTime<Utc>>,
    payment_method: Option<PayoutMethod>,
    payment_reference: Option<String>,
    paid_by: Option<UserId>,
    paid_at: Option<DateTime<Utc>>,
    notes: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Settlement> for SettlementOut {
    fn from(s: Settlement) -> Self {
        Self {
            id: s.id,
            settlement_number: s.settlement_number,
            vendor_id: s.vendor_id,
            period_start: s.period_start_date,
            period_end: s.period_end_date,
            total_orders: s.total_orders,
            gross_revenue: s.gross_revenue,
            commission_amount: s.commission_amount,
            net_amount: s.net_amount,
            cod_collected: s.cod_collected,
            cod_to_remit: s.cod_to_remit,
            adjustments: s.adjustments_amount,
            commission_returned: s.commission_returned,
            carried_over: s.carried_over,
            deductions: s.deductions_amount,
            payout_amount: s.payout_amount,
            currency: "INR",
            status: s.status,
            approved_by: s.approved_by,
            approved_at: s.approved_at,
            payment_method: s.payment_method,
            payment_reference: s.payment_reference,
            paid_by: s.paid_by,
            paid_at: s.paid_at,
            notes: s.notes,
            created_at: s.created_at,
        }
    }
}

/// A settlement with its lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementWholeOut {
    #[serde(flatten)]
    settlement: SettlementOut,
    lines: Vec<LineOut>,
    adjustment_lines: Vec<AdjustmentOut>,
    deduction_lines: Vec<DeductionOut>,
}

/// One order.
#[derive(Debug, Serialize, ToSchema)]
struct LineOut {
    order_id: OrderId,
    order_number: OrderNumber,
    order_date: DateTime<Utc>,
    completed_at: DateTime<Utc>,
    order_total: Money,
    refunded_before: Money,
    order_amount: Money,
    commission_rate: Rate,
    commission_amount: Money,
    net_amount: Money,
    cod_to_remit: Money,
}

impl From<LineItem> for LineOut {
    fn from(line: LineItem) -> Self {
        Self {
            order_id: line.order_id,
            order_number: line.order_number,
            order_date: line.order_date,
            completed_at: line.completed_at,
            order_total: line.order_total,
            refunded_before: line.refunded_before,
            order_amount: line.order_amount,
            commission_rate: line.commission_rate,
            commission_amount: line.commission_amount,
            net_amount: line.net_amount,
            cod_to_remit: line.cod_to_remit,
        }
    }
}

/// A refund after settlement, or what an earlier settlement carried over.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentOut {
    kind: AdjustmentKind,
    amount: Money,
    order_id: Option<OrderId>,
    order_number: Option<OrderNumber>,
    refund_amount: Option<Money>,
    commission_returned: Money,
    source_settlement_number: Option<SettlementNumber>,
}

impl From<Adjustment> for AdjustmentOut {
    fn from(a: Adjustment) -> Self {
        Self {
            kind: a.kind,
            amount: a.amount,
            order_id: a.order_id,
            order_number: a.order_number,
            refund_amount: a.refund_amount,
            commission_returned: a.commission_returned,
            source_settlement_number: a.source_settlement_number,
        }
    }
}

/// A statutory deduction of one order and component.
#[derive(Debug, Serialize, ToSchema)]
struct DeductionOut {
    order_id: OrderId,
    kind: DeductionKind,
    component: String,
    legal_basis: String,
    base_amount: Money,
    rate: Rate,
    amount: Money,
}

impl From<DeductionLine> for DeductionOut {
    fn from(d: DeductionLine) -> Self {
        Self {
            order_id: d.order_id,
            kind: d.kind,
            component: d.component,
            legal_basis: d.legal_basis,
            base_amount: d.base_amount,
            rate: d.rate,
            amount: d.amount,
        }
    }
}

/// The settlement with everything it consists of.
pub(super) async fn whole(conn: &mut PgConnection, settlement: Settlement) -> Result<SettlementWholeOut, ApiError> {
    let id = settlement.id;
    Ok(SettlementWholeOut {
        settlement: settlement.into(),
        lines: settlements::lines(conn, id).await?.into_iter().map(LineOut::from).collect(),
        adjustment_lines: settlements::adjustments(conn, id).await?.into_iter().map(AdjustmentOut::from).collect(),
        deduction_lines: settlements::deductions(conn, id).await?.into_iter().map(DeductionOut::from).collect(),
    })
}

/// What a vendor earned to date.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EarningsOut {
    vendor_id: VendorId,
    orders_completed: i64,
    /// What buyers paid, less what went back.
    gross: Money,
    /// RealServ's share of it.
    commission: Money,
    /// Statutory deductions, made and to be made.
    deductions: Money,
    /// Cash of buyers that the vendor still holds.
    cod_in_hand: Money,
    /// Paid to the vendor so far.
    paid_out: Money,
    /// What is still to come: settled and not paid, not settled yet, and adjustments that wait. Negative when the vendor owes.
    due: Money,
    /// The part of `due` that settlements will pay.
    settled_unpaid: Money,
    /// Disputed orders, not in `due`.
    on_hold: Money,
    #[schema(example = "INR")]
    currency: &'static str,
}

impl EarningsOut {
    pub(super) fn of(vendor_id: VendorId, e: &Earnings) -> Result<Self, ApiError> {
        let due = e.due()?;
        Ok(Self {
            vendor_id,
            orders_completed: e.orders_completed,
            gross: e.gross,
            commission: e.commission,
            deductions: e.deductions,
            cod_in_hand: e.cod_in_hand,
            paid_out: e.paid_out,
            due,
            settled_unpaid: e.settled_unpaid,
            on_hold: e.on_hold,
            currency: "INR",
        })
    }
}
