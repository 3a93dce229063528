//! Facts of the order service: orders, tickets, disputes.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domain_event;
use crate::{
    ActorKind, BuyerId, DisputeId, DisputeNumber, ItemType, Money, OrderId, OrderItemId, OrderNumber, OrderType, PaymentMethod,
    Phone, Pincode, Quantity, Rate, Slot, StateCode, TicketId, TicketNumber, Unit, UserId, VendorId,
};

/// What every fact of an order says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderFacts {
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who ordered.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// What kind of order.
    pub order_type: OrderType,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// What it costs in all.
    pub total: Money,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderLineFacts {
    /// The line.
    pub order_item_id: OrderItemId,
    /// Material or labour.
    pub item_type: ItemType,
    /// The material or kind of labour in the catalogue.
    pub item_id: Uuid,
    /// Its name when ordered.
    pub name: String,
    /// How much.
    pub quantity: Quantity,
    /// Of which unit.
    pub unit: Unit,
    /// Price of one unit before tax.
    pub unit_price: Money,
    /// Price of the line before tax.
    pub total_price: Money,
}

/// An address as it was when the order was placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddressSnapshot {
    /// `Home`, `Site 1` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// First line.
    pub address_line1: String,
    /// Second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line2: Option<String>,
    /// What it is near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmark: Option<String>,
    /// City.
    pub city: String,
    /// State by name.
    pub state: String,
    /// State by GST code.
    pub state_code: StateCode,
    /// PIN code.
    pub pincode: Pincode,
    /// Latitude, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Longitude, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Who receives there.
    pub contact_name: String,
    /// How to reach them.
    pub contact_phone: Phone,
}

macro_rules! order_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The order.
            #[serde(flatten)]
            pub order: OrderFacts,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.order.order_id.into());
    )+};
}

order_events! {
    /// An order was written down. Stock and payment follow; when they cannot, [`OrderCancelled`] does.
    OrderPlaced "OrderPlaced" {
        /// What was ordered.
        lines: Vec<OrderLineFacts>,
        /// When.
        placed_at: DateTime<Utc>,
    },
    /// The vendor said yes.
    OrderConfirmed "OrderConfirmed" {
        /// Where to bring it.
        delivery_address: AddressSnapshot,
        /// Day asked for.
        delivery_date: Option<NaiveDate>,
        /// Time of day asked for.
        delivery_slot: Option<Slot>,
        /// When it was placed, or paid if online: the vendor's time to answer began then.
        awaiting_since: DateTime<Utc>,
        /// When.
        confirmed_at: DateTime<Utc>,
    },
    /// The vendor is making it ready.
    OrderPreparing "OrderPreparing" {},
    /// It is on its way.
    OrderInTransit "OrderInTransit" {},
    /// It was handed over.
    OrderDelivered "OrderDelivered" {
        /// When.
        delivered_at: DateTime<Utc>,
    },
    /// It was handed over and the money is in: it may be settled.
    OrderCompleted "OrderCompleted" {
        /// Commission frozen when the order was placed (rule 33).
        commission_rate: Rate,
        /// What went back to the buyer so far.
        refunded: Money,
        /// Cash collected by the vendor; zero online.
        cod_collected: Money,
        /// Sum of the lines before tax.
        subtotal: Money,
        /// Tax in all.
        tax: Money,
        /// When it was placed.
        placed_at: DateTime<Utc>,
        /// When.
        completed_at: DateTime<Utc>,
    },
    /// It ended without delivery.
    OrderCancelled "OrderCancelled" {
        /// Who ended it.
        cancelled_by: ActorKind,
        /// Stable reason: `buyer_request`, `vendor_rejected`, `admin`, `payment_timeout`, `vendor_timeout`, `out_of_stock`, `stock_unavailable`, `payment_unavailable`.
        reason_code: String,
        /// The reason in words.
        reason: String,
        /// Whether money had come in, which goes back in full.
        was_paid: bool,
        /// When.
        cancelled_at: DateTime<Utc>,
    },
    /// Its lines were edited before payment.
    OrderItemsChanged "OrderItemsChanged" {
        /// What is ordered now.
        lines: Vec<OrderLineFacts>,
    },
}

/// A support ticket was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketOpened {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    pub ticket_number: TicketNumber,
    /// The order it is about, if any.
    pub order_id: Option<OrderId>,
    /// Who opened it.
    pub created_by: UserId,
    /// What kind of trouble.
    pub category: String,
    /// How urgent.
    pub priority: String,
    /// In one line.
    pub subject: String,
}
domain_event!(TicketOpened, "TicketOpened", 1, |e| e.ticket_id.into());

/// Somebody wrote on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketMessageAdded {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    pub ticket_number: TicketNumber,
    /// The order it is about, if any.
    pub order_id: Option<OrderId>,
    /// Who wrote.
    pub sender_id: UserId,
    /// As what.
    pub sender_type: ActorKind,
    /// Who opened the ticket.
    pub created_by: UserId,
}
domain_event!(TicketMessageAdded, "TicketMessageAdded", 1, |e| e.ticket_id.into());

/// A ticket was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketResolved {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    pub ticket_number: TicketNumber,
    /// The order it is about, if any.
    pub order_id: Option<OrderId>,
    /// Who opened it.
    pub created_by: UserId,
    /// How.
    pub resolution: String,
}
domain_event!(TicketResolved, "TicketResolved", 1, |e| e.ticket_id.into());

/// A ticket was not answered or resolved in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlaBreached {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    pub ticket_number: TicketNumber,
    /// `first_response` or `resolution`.
    pub clock: String,
    /// When it should have been.
    pub due_at: DateTime<Utc>,
}
domain_event!(SlaBreached, "SlaBreached", 1, |e| e.ticket_id.into());

/// A party disputes an order; its settlement waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DisputeRaised {
    /// The dispute.
    pub dispute_id: DisputeId,
    /// Its number.
    pub dispute_number: DisputeNumber,
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who buys.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// Who raised it.
    pub raised_by: UserId,
    /// What about.
    pub dispute_type: String,
}
domain_event!(DisputeRaised, "DisputeRaised", 1, |e| e.dispute_id.into());

/// A dispute was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DisputeResolved {
    /// The dispute.
    pub dispute_id: DisputeId,
    /// Its number.
    pub dispute_number: DisputeNumber,
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who buys.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// `refund_full`, `refund_partial`, `rejected` or `replacement`.
    pub resolution: String,
    /// What goes back, if anything.
    pub refund_amount: Option<Money>,
}
domain_event!(DisputeResolved, "DisputeResolved", 1, |e| e.dispute_id.into());
