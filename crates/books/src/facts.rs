//! What is compared. Amounts are paise, states are the words of the tables.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Everything that is compared with each other.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Orders.
    pub orders: Vec<OrderFact>,
    /// Their payments.
    pub payments: Vec<PaymentFact>,
    /// Their refunds.
    pub refunds: Vec<RefundFact>,
    /// Money that came in and was not what an order waits for.
    pub strays: Vec<StrayFact>,
    /// The gateway's payments; none when it was not asked.
    pub gateway: Option<Vec<GatewayPayment>>,
    /// The ledger.
    pub movements: Vec<Movement>,
    /// Settlement lines.
    pub lines: Vec<LineFact>,
    /// Settlements; none when only lines are known.
    pub settlements: Option<Vec<SettlementFact>>,
    /// What changes a later payout.
    pub adjustments: Vec<AdjustmentFact>,
    /// Vendor-management's own copy of the orders.
    pub copies: Vec<CopyFact>,
    /// What changed after this is still on its way between the services, and is not held against them.
    pub settled_before: Option<DateTime<Utc>>,
}

impl Facts {
    /// Whether something that changed then has had the time to be known everywhere.
    pub(crate) fn is_settled(&self, changed_at: Option<DateTime<Utc>>) -> bool {
        match (self.settled_before, changed_at) {
            (Some(before), Some(at)) => at < before,
            _ => true,
        }
    }
}

/// An order.
#[derive(Debug, Clone)]
pub struct OrderFact {
    /// `orders.id`.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Who buys.
    pub buyer_id: Uuid,
    /// Who delivers.
    pub vendor_id: Uuid,
    /// `online` or `cod`.
    pub method: String,
    /// Where it stands.
    pub status: String,
    /// Where its payment stands.
    pub payment_status: String,
    /// What is due.
    pub total: i64,
    /// What its lines, delivery and tax add up to, where they are known.
    pub lines_total: Option<i64>,
    /// What went back.
    pub refunded: i64,
    /// Commission in basis points.
    pub commission_rate: i32,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct PaymentFact {
    /// `payments.id`.
    pub id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// Its number.
    pub number: String,
    /// Who pays.
    pub buyer_id: Uuid,
    /// Who delivers.
    pub vendor_id: Uuid,
    /// `online` or `cod`.
    pub method: String,
    /// What is due.
    pub amount: i64,
    /// Where it stands.
    pub status: String,
    /// The gateway's orders: the one to be paid, those behind links, those that were replaced.
    pub gateway_orders: Vec<String>,
    /// The gateway's payment whose money was taken.
    pub gateway_payment: Option<String>,
    /// What the gateway kept.
    pub fee: Option<i64>,
    /// What went back.
    pub refunded: i64,
    /// What was asked back and has not failed.
    pub refund_requested: i64,
    /// Cash that was taken in.
    pub cod_collected: Option<i64>,
    /// Whether the order has ended.
    pub cancelled: bool,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
}

impl PaymentFact {
    /// Whether money came in and counts.
    pub(crate) fn money_came_in(&self) -> bool {
        matches!(self.status.as_str(), "captured" | "collected" | "partially_refunded" | "refunded")
    }

    /// Whether it is paid through the gateway.
    pub(crate) fn is_online(&self) -> bool {
        self.method == "online"
    }
}

/// A refund.
#[derive(Debug, Clone)]
pub struct RefundFact {
    /// `payment_refunds.id`.
    pub id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// How much.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// `pending`, `processed` or `failed`.
    pub status: String,
    /// The gateway's payment that it gives back.
    pub gateway_payment: Option<String>,
    /// The gateway's refund.
    pub gateway_refund: Option<String>,
}

impl RefundFact {
    /// Whether it gives back what never was the order's money.
    pub(crate) fn is_of_stray(&self) -> bool {
        matches!(self.reason.as_str(), "duplicate_payment" | "retired_order" | "quarantined")
    }
}

/// Money that is not what the order waits for.
#[derive(Debug, Clone)]
pub struct StrayFact {
    /// The gateway's payment.
    pub gateway_payment: String,
    /// Of which payment of ours.
    pub payment_id: Uuid,
    /// `quarantined`, `duplicate` or `retired`.
    pub kind: String,
    /// How much, in the smallest unit of its currency.
    pub amount: i64,
    /// Its currency.
    pub currency: String,
    /// Whether the gateway has taken it.
    pub taken: bool,
    /// `released` or `refunded`, once finance decided.
    pub resolution: Option<String>,
}

/// A payment at the gateway.
#[derive(Debug, Clone)]
pub struct GatewayPayment {
    /// `pay_…`.
    pub id: String,
    /// The gateway's order.
    pub order_id: Option<String>,
    /// How much.
    pub amount: i64,
    /// Its currency.
    pub currency: String,
    /// Where it stands.
    pub status: String,
    /// What the gateway kept.
    pub fee: Option<i64>,
    /// What went back.
    pub refunded: i64,
    /// When it was begun.
    pub created_at: Option<DateTime<Utc>>,
    /// Its refunds, where they were asked for.
    pub refunds: Vec<GatewayRefund>,
}

/// A refund at the gateway.
#[derive(Debug, Clone)]
pub struct GatewayRefund {
    /// `rfnd_…`.
    pub id: String,
    /// How much.
    pub amount: i64,
    /// Where it stands.
    pub status: String,
}

/// A movement of the ledger.
#[derive(Debug, Clone)]
pub struct Movement {
    /// What moved, once.
    pub key: String,
    /// Its lines: account, and debit above or credit below zero.
    pub entries: Vec<(String, i64)>,
}

/// An order's line in a settlement.
#[derive(Debug, Clone)]
pub struct LineFact {
    /// The settlement.
    pub settlement_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// What the buyer was charged.
    pub order_total: i64,
    /// What had gone back before.
    pub refunded_before: i64,
    /// Commission in basis points.
    pub commission_rate: i32,
    /// What RealServ took.
    pub commission: i64,
    /// What is the vendor's.
    pub net: i64,
    /// Cash that the vendor took in.
    pub cod_collected: i64,
}

/// A settlement.
#[derive(Debug, Clone)]
pub struct SettlementFact {
    /// `settlements.id`.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Whose.
    pub vendor_id: Uuid,
    /// `pending`, `approved`, `paid` or `closed`.
    pub status: String,
    /// Sum of its lines.
    pub gross: i64,
    /// Sum of its lines.
    pub commission: i64,
    /// Sum of its lines.
    pub net: i64,
    /// Cash that the vendor keeps as part of the payout.
    pub cod_to_remit: i64,
    /// Sum of its adjustments.
    pub adjustments: i64,
    /// Commission given back within the adjustments.
    pub commission_returned: i64,
    /// Its deductions by kind.
    pub deductions: Vec<(String, i64)>,
    /// What its deductions are said to add up to.
    pub deductions_total: i64,
    /// What is paid out.
    pub payout: i64,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
}

/// What changes a later payout.
#[derive(Debug, Clone)]
pub struct AdjustmentFact {
    /// The settlement that takes it in.
    pub settlement_id: Option<Uuid>,
    /// How much.
    pub amount: i64,
    /// Commission given back within it.
    pub commission_returned: i64,
    /// The refund that made it.
    pub refund_id: Option<Uuid>,
    /// How much that refund was.
    pub refund_amount: Option<i64>,
}

/// An order in vendor-management's own copy.
#[derive(Debug, Clone)]
pub struct CopyFact {
    /// The order.
    pub order_id: Uuid,
    /// What the buyer was charged.
    pub total: i64,
    /// What went back.
    pub refunded: i64,
    /// Cash that the vendor took in.
    pub cod_collected: i64,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
}
