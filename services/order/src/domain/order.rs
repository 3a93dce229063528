//! An order and what can happen to it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::{AddressSnapshot, OrderFacts, OrderLineFacts};
use domain::{
    Actor, ActorKind, AddressId, BuyerId, Channel, GstScheme, InventoryId, ItemType, Money, OrderId, OrderItemId, OrderNumber,
    OrderStatus, OrderType, PaymentId, PaymentMethod, PaymentStatus, Quantity, Rate, Slot, StateCode, Unit, UserId, VendorId,
};
use uuid::Uuid;

use super::payment;
use super::pricing::LineTax;
use super::transitions::{self, IllegalTransition};

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who ordered.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// The vendor's owner as a user.
    pub vendor_user_id: UserId,
    /// Derived from the lines.
    pub order_type: OrderType,
    /// The address it was taken from.
    pub delivery_address_id: AddressId,
    /// The address as it was.
    pub delivery_address: AddressSnapshot,
    /// Day asked for.
    pub delivery_date: Option<NaiveDate>,
    /// Time of day asked for.
    pub delivery_slot: Option<Slot>,
    /// By road, from vendor to address.
    pub distance_metres: i32,
    /// Sum of the lines before discount and tax.
    pub subtotal: Money,
    /// The delivery charge.
    pub delivery_charge: Money,
    /// SAC of the delivery charge.
    pub delivery_tax_code: String,
    /// GST rate of the delivery charge.
    pub delivery_gst_rate: Rate,
    /// Tax on the delivery charge.
    pub delivery_tax: LineTax,
    /// All tax.
    pub tax: Money,
    /// Discount in all.
    pub discount: Money,
    /// What is due.
    pub total: Money,
    /// State the vendor supplies from.
    pub supplier_state: StateCode,
    /// How the vendor stood towards GST.
    pub gst_scheme: GstScheme,
    /// Commission frozen when it was placed (rule 33).
    pub commission_rate: Rate,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Where its payment stands.
    pub payment_status: PaymentStatus,
    /// The payment, once opened.
    pub payment_id: Option<PaymentId>,
    /// What went back so far.
    pub refunded: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// What the buyer wrote.
    pub buyer_notes: Option<String>,
    /// What the vendor wrote.
    pub vendor_notes: Option<String>,
    /// How it ended without delivery, if it did.
    pub cancellation: Option<Cancellation>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Since when the vendor is asked to confirm (rule 16).
    pub awaiting_since: Option<DateTime<Utc>>,
    /// When the money came in.
    pub paid_at: Option<DateTime<Utc>>,
    /// When the vendor said yes.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was handed over.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was complete.
    pub completed_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub revision: i64,
}

/// How an order ended without delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// The person, when one did it.
    pub by: Option<UserId>,
    /// What kind of actor.
    pub by_kind: ActorKind,
    /// Stable reason.
    pub code: CancelCode,
    /// The reason in words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why an order ended without delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelCode {
    /// The buyer did not want it any more.
    BuyerRequest,
    /// The vendor said no.
    VendorRejected,
    /// Staff ended it.
    Admin,
    /// Not paid within 30 minutes (rule 15).
    PaymentTimeout,
    /// Not confirmed within 2 hours (rule 16).
    VendorTimeout,
    /// Somebody else was faster.
    OutOfStock,
    /// The stock could not be asked for.
    StockUnavailable,
    /// The payment could not be opened.
    PaymentUnavailable,
}

impl CancelCode {
    const ALL: [Self; 8] = [
        Self::BuyerRequest,
        Self::VendorRejected,
        Self::Admin,
        Self::PaymentTimeout,
        Self::VendorTimeout,
        Self::OutOfStock,
        Self::StockUnavailable,
        Self::PaymentUnavailable,
    ];

    /// As stored and spoken.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuyerRequest => "buyer_request",
            Self::VendorRejected => "vendor_rejected",
            Self::Admin => "admin",
            Self::PaymentTimeout => "payment_timeout",
            Self::VendorTimeout => "vendor_timeout",
            Self::OutOfStock => "out_of_stock",
            Self::StockUnavailable => "stock_unavailable",
            Self::PaymentUnavailable => "payment_unavailable",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// What it is when a person cancels.
    #[must_use]
    pub const fn of_person(kind: ActorKind) -> Self {
        match kind {
            ActorKind::Buyer => Self::BuyerRequest,
            ActorKind::Vendor => Self::VendorRejected,
            ActorKind::Admin | ActorKind::System => Self::Admin,
        }
    }
}

/// A line before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLine {
    /// Material or labour.
    pub item_type: ItemType,
    /// The material or kind of labour.
    pub item_id: Uuid,
    /// The vendor's offer.
    pub inventory_id: InventoryId,
    /// Its name.
    pub item_name: String,
    /// Its description.
    pub item_description: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// Of which unit.
    pub unit: Unit,
    /// Price of one unit before tax.
    pub unit_price: Money,
    /// Unit price times quantity.
    pub total_price: Money,
    /// Its part of the discount.
    pub discount: Money,
    /// What tax is taken of.
    pub taxable: Money,
    /// HSN or SAC.
    pub tax_code: String,
    /// Full GST rate.
    pub gst_rate: Rate,
    /// The tax.
    pub tax: LineTax,
    /// The item as it was.
    pub snapshot: serde_json::Value,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The line.
    pub id: OrderItemId,
    /// Whose.
    pub order_id: OrderId,
    /// Its place, from 1.
    pub line_no: i16,
    /// What it says.
    pub what: NewLine,
}

impl Line {
    /// As events say it.
    #[must_use]
    pub fn facts(&self) -> OrderLineFacts {
        let what = &self.what;
        OrderLineFacts {
            order_item_id: self.id,
            item_type: what.item_type,
            item_id: what.item_id,
            name: what.item_name.clone(),
            quantity: what.quantity,
            unit: what.unit,
            unit_price: what.unit_price,
            total_price: what.total_price,
        }
    }
}

/// One change of status (rule 18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Where it stood.
    pub previous: Option<OrderStatus>,
    /// Where it stands since.
    pub new: OrderStatus,
    /// What was said.
    pub notes: Option<String>,
    /// Who.
    pub changed_by: Option<UserId>,
    /// What kind of actor.
    pub changed_by_kind: ActorKind,
    /// Through which channel.
    pub changed_via: Channel,
    /// When.
    pub at: DateTime<Utc>,
}

/// How far the placing of an order is, or the editing of its items (rule 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaStep {
    /// Written down.
    Placed,
    /// Its stock is kept.
    StockReserved,
    /// Its payment is open: the order is whole.
    Done,
    /// It is cancelled; its stock is to be freed.
    Undoing,
    /// Nothing is left of it but the record.
    Undone,
    /// Its items are to be others.
    Editing,
    /// Stock is kept for both, the items before and after.
    EditReserved,
    /// The edit is given up; its payment is to be what it was.
    EditUndoing,
    /// The edit is decided; the stock is to be what the order says.
    EditSettling,
}

impl SagaStep {
    const ALL: [Self; 9] = [
        Self::Placed,
        Self::StockReserved,
        Self::Done,
        Self::Undoing,
        Self::Undone,
        Self::Editing,
        Self::EditReserved,
        Self::EditUndoing,
        Self::EditSettling,
    ];

    /// Whether an edit of the items is not settled yet.
    #[must_use]
    pub const fn is_edit(self) -> bool {
        matches!(self, Self::Editing | Self::EditReserved | Self::EditUndoing | Self::EditSettling)
    }

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::StockReserved => "stock_reserved",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Editing => "editing",
            Self::EditReserved => "edit_reserved",
            Self::EditUndoing => "edit_undoing",
            Self::EditSettling => "edit_settling",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }
}

/// What a legal move made.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It stands there now.
    Moved(Box<Order>),
    /// It stood there before; nothing changes.
    AlreadyThere(Box<Order>),
}

impl Order {
    /// What every event of it says.
    #[must_use]
    pub fn facts(&self) -> OrderFacts {
        OrderFacts {
            order_id: self.id,
            order_number: self.order_number.clone(),
            buyer_id: self.buyer_id,
            buyer_user_id: self.buyer_user_id,
            vendor_id: self.vendor_id,
            order_type: self.order_type,
            payment_method: self.payment_method,
            total: self.total,
        }
    }

    /// Moves it forward (rule 12). Cancelling is [`Self::cancelled`].
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn moved(mut self, to: OrderStatus, by: ActorKind, now: DateTime<Utc>) -> Result<Step, IllegalTransition> {
        if self.status == to {
            return Ok(Step::AlreadyThere(Box::new(self)));
        }
        transitions::check(self.payment_method, self.status, to, by)?;
        match to {
            OrderStatus::Cancelled => return Err(IllegalTransition { from: self.status, to }),
            OrderStatus::Paid => self.awaiting_since = Some(now),
            OrderStatus::Confirmed => self.confirmed_at = Some(now),
            OrderStatus::Delivered => self.delivered_at = Some(now),
            OrderStatus::Completed => self.completed_at = Some(now),
            OrderStatus::Pending | OrderStatus::Preparing | OrderStatus::InTransit => {}
        }
        self.status = to;
        self.updated_at = now;
        Ok(Step::Moved(Box::new(self)))
    }

    /// Ends it without delivery.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn cancelled(
        mut self,
        code: CancelCode,
        reason: &str,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Step, IllegalTransition> {
        if self.status == OrderStatus::Cancelled {
            return Ok(Step::AlreadyThere(Box::new(self)));
        }
        transitions::check(self.payment_method, self.status, OrderStatus::Cancelled, by.kind)?;
        self.status = OrderStatus::Cancelled;
        self.updated_at = now;
        self.cancellation = Some(Cancellation { by: by.user_id, by_kind: by.kind, code, reason: reason.to_owned(), at: now });
        Ok(Step::Moved(Box::new(self)))
    }

    /// Whether it is complete by itself now (rule 17).
    #[must_use]
    pub fn is_due_to_complete(&self) -> bool {
        self.status == OrderStatus::Delivered && payment::money_is_in(self.payment_status)
    }

    /// Whether the vendor is asked to confirm it now (rule 16).
    #[must_use]
    pub fn awaits_vendor(&self) -> bool {
        match self.payment_method {
            PaymentMethod::Online => self.status == OrderStatus::Paid,
            PaymentMethod::Cod => self.status == OrderStatus::Pending && self.payment_id.is_some(),
        }
    }

    /// Whether money had come in that is not all back.
    #[must_use]
    pub const fn was_paid(&self) -> bool {
        payment::money_is_in(self.payment_status)
    }

    /// Cash in the vendor's hands for it.
    #[must_use]
    pub fn cod_collected(&self) -> Money {
        // A refund may be heard of before the collection that it presupposes.
        let collected = self.payment_method == PaymentMethod::Cod && (self.paid_at.is_some() || !self.refunded.is_zero());
        if collected { self.total } else { Money::ZERO }
    }
}
