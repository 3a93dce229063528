//! Orders as they are spoken.

use chrono::{DateTime, NaiveDate, Utc};
use clients::order::OrderSummary;
use clients::payment::{GatewayOrder, OpenedPayment};
use domain::events::AddressSnapshot;
use domain::{
    ActorKind, AddressId, BuyerId, Channel, ItemType, Money, OrderId, OrderItemId, OrderNumber, OrderStatus, OrderType,
    PaymentId, PaymentMethod, PaymentState, PaymentStatus, Quantity, Rate, Slot, Unit, UserId, VendorId,
};
use serde::Serialize;
use service_kit::http::Data;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::pricing::LineTax;
use crate::domain::{HistoryEntry, Line, NewLine, Order};
use crate::usecases::checkout::Checkout;
use crate::usecases::read_orders::WholeOrder;

/// Currency of every amount.
pub(crate) const INR: &str = "INR";

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderOut {
    /// The order.
    id: OrderId,
    /// Its number.
    order_number: OrderNumber,
    /// Who ordered.
    buyer_id: BuyerId,
    /// Who delivers.
    vendor_id: VendorId,
    /// Derived from the lines.
    order_type: OrderType,
    /// Where it stands.
    status: OrderStatus,
    /// Where its payment stands.
    payment_status: PaymentStatus,
    /// How it is paid.
    payment_method: PaymentMethod,
    /// The lines.
    items: Vec<ItemOut>,
    /// Sum of the lines before discount and tax.
    subtotal: Money,
    /// The delivery charge.
    delivery_charge: Money,
    /// Tax of the delivery charge.
    delivery_tax: DeliveryTaxOut,
    /// All tax.
    tax: Money,
    /// The discount.
    discount: Money,
    /// `subtotal + delivery_charge + tax - discount`.
    total: Money,
    /// What went back so far.
    refunded: Money,
    /// `INR`.
    currency: &'static str,
    /// The address it was taken from.
    delivery_address_id: AddressId,
    /// The address as it was.
    delivery_address: AddressSnapshot,
    /// Day asked for.
    delivery_date: Option<NaiveDate>,
    /// Time of day asked for.
    delivery_slot: Option<Slot>,
    /// By road, in metres.
    distance_metres: i32,
    /// What the buyer wrote.
    buyer_notes: Option<String>,
    /// What the vendor wrote.
    vendor_notes: Option<String>,
    /// How it ended without delivery, if it did.
    cancellation: Option<CancellationOut>,
    /// When it was placed.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Since when the vendor is asked to confirm.
    awaiting_since: Option<DateTime<Utc>>,
    /// When the money came in.
    paid_at: Option<DateTime<Utc>>,
    /// When the vendor confirmed it.
    confirmed_at: Option<DateTime<Utc>>,
    /// When it was handed over.
    delivered_at: Option<DateTime<Utc>>,
    /// When it was complete.
    completed_at: Option<DateTime<Utc>>,
    /// Every change of status; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<HistoryOut>>,
    /// The payment; with what the checkout needs in the answer that places an online order.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentOut>,
}

/// A line with its price.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemOut {
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<OrderItemId>,
    /// Its place, from 1.
    line_no: i16,
    /// Material or labour.
    item_type: ItemType,
    /// The material or kind of labour.
    item_id: Uuid,
    /// Its name when ordered.
    name: String,
    /// Its description when ordered.
    description: Option<String>,
    /// How much.
    quantity: Quantity,
    /// Of which unit.
    unit: Unit,
    /// Price of one unit before tax.
    unit_price: Money,
    /// Unit price times quantity.
    total_price: Money,
    /// Its part of the discount.
    discount: Money,
    /// What tax is taken of.
    taxable: Money,
    /// HSN or SAC.
    tax_code: String,
    /// Full GST rate.
    gst_rate: Rate,
    /// Central tax.
    cgst: Money,
    /// State tax.
    sgst: Money,
    /// Tax between states.
    igst: Money,
    /// `INR`.
    currency: &'static str,
}

/// Tax of the delivery charge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryTaxOut {
    /// SAC.
    tax_code: String,
    /// Full GST rate.
    gst_rate: Rate,
    /// Central tax.
    cgst: Money,
    /// State tax.
    sgst: Money,
    /// Tax between states.
    igst: Money,
}

impl DeliveryTaxOut {
    fn new(tax_code: &str, gst_rate: Rate, tax: LineTax) -> Self {
        Self { tax_code: tax_code.to_owned(), gst_rate, cgst: tax.cgst, sgst: tax.sgst, igst: tax.igst }
    }
}

/// How an order ended without delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CancellationOut {
    /// What kind of actor ended it.
    by: ActorKind,
    /// Stable reason.
    #[schema(example = "buyer_request")]
    code: &'static str,
    /// The reason in words.
    reason: String,
    /// When.
    cancelled_at: DateTime<Utc>,
}

/// A change of status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryOut {
    /// Where it stood.
    previous_status: Option<OrderStatus>,
    /// Where it stands since.
    new_status: OrderStatus,
    /// What was said.
    notes: Option<String>,
    /// The user who did it.
    changed_by: Option<UserId>,
    /// What kind of actor.
    changed_by_kind: ActorKind,
    /// Through which channel.
    changed_via: Channel,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<HistoryEntry> for HistoryOut {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            previous_status: entry.previous,
            new_status: entry.new,
            notes: entry.notes,
            changed_by: entry.changed_by,
            changed_by_kind: entry.changed_by_kind,
            changed_via: entry.changed_via,
            created_at: entry.at,
        }
    }
}

/// The payment of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentOut {
    /// The payment.
    payment_id: PaymentId,
    /// Where it stood when it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<PaymentState>,
    /// For the checkout, online.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<GatewayOrder>,
}

/// What an order would cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuoteOut {
    /// Who would deliver.
    vendor_id: VendorId,
    /// Derived from the lines.
    order_type: OrderType,
    /// The lines with their prices.
    items: Vec<ItemOut>,
    /// Sum of the lines before discount and tax.
    subtotal: Money,
    /// The delivery charge.
    delivery_charge: Money,
    /// Tax of the delivery charge.
    delivery_tax: DeliveryTaxOut,
    /// All tax.
    tax: Money,
    /// The discount.
    discount: Money,
    /// `subtotal + delivery_charge + tax - discount`.
    total: Money,
    /// `INR`.
    currency: &'static str,
    /// By road, in metres.
    distance_metres: u32,
    /// Whether the distance is an estimate.
    distance_approximate: bool,
}

fn item(id: Option<OrderItemId>, line_no: i16, what: NewLine) -> ItemOut {
    ItemOut {
        id,
        line_no,
        item_type: what.item_type,
        item_id: what.item_id,
        name: what.item_name,
        description: what.item_description,
        quantity: what.quantity,
        unit: what.unit,
        unit_price: what.unit_price,
        total_price: what.total_price,
        discount: what.discount,
        taxable: what.taxable,
        tax_code: what.tax_code,
        gst_rate: what.gst_rate,
        cgst: what.tax.cgst,
        sgst: what.tax.sgst,
        igst: what.tax.igst,
        currency: INR,
    }
}

/// Lines of an order.
pub(crate) fn items(lines: Vec<Line>) -> Vec<ItemOut> {
    lines.into_iter().map(|line| item(Some(line.id), line.line_no, line.what)).collect()
}

impl OrderOut {
    /// With its lines alone, as in lists.
    pub(crate) fn brief(order: Order, lines: Vec<Line>) -> Self {
        Self {
            id: order.id,
            order_number: order.order_number,
            buyer_id: order.buyer_id,
            vendor_id: order.vendor_id,
            order_type: order.order_type,
            status: order.status,
            payment_status: order.payment_status,
            payment_method: order.payment_method,
            items: items(lines),
            subtotal: order.subtotal,
            delivery_charge: order.delivery_charge,
            delivery_tax: DeliveryTaxOut::new(&order.delivery_tax_code, order.delivery_gst_rate, order.delivery_tax),
            tax: order.tax,
            discount: order.discount,
            total: order.total,
            refunded: order.refunded,
            currency: INR,
            delivery_address_id: order.delivery_address_id,
            delivery_address: order.delivery_address,
            delivery_date: order.delivery_date,
            delivery_slot: order.delivery_slot,
            distance_metres: order.distance_metres,
            buyer_notes: order.buyer_notes,
            vendor_notes: order.vendor_notes,
            cancellation: order.cancellation.map(|ended| CancellationOut {
                by: ended.by_kind,
                code: ended.code.as_str(),
                reason: ended.reason,
                cancelled_at: ended.at,
            }),
            created_at: order.created_at,
            updated_at: order.updated_at,
            awaiting_since: order.awaiting_since,
            paid_at: order.paid_at,
            confirmed_at: order.confirmed_at,
            delivered_at: order.delivered_at,
            completed_at: order.completed_at,
            history: None,
            payment: order.payment_id.map(|payment_id| PaymentOut { payment_id, status: None, gateway: None }),
        }
    }

    /// With its history.
    pub(crate) fn whole(whole: WholeOrder) -> Self {
        let history = whole.history.into_iter().map(HistoryOut::from).collect();
        Self { history: Some(history), ..Self::brief(whole.order, whole.lines) }
    }

    /// With its payment as it was opened, for the checkout.
    pub(crate) fn with_payment(whole: WholeOrder, opened: Option<OpenedPayment>) -> Self {
        let mut out = Self::whole(whole);
        if let Some(OpenedPayment { payment_id, status, gateway }) = opened {
            out.payment = Some(PaymentOut { payment_id, status: Some(status), gateway });
        }
        out
    }
}

/// The answer that places an order, as it is stored with the key.
pub(crate) fn placed_body(whole: &WholeOrder, opened: Option<OpenedPayment>) -> Result<serde_json::Value, serde_json::Error> {
    let out = OrderOut::with_payment(whole.clone(), opened);
    serde_json::to_value(Data::new(out))
}

impl QuoteOut {
    /// Of what was checked and priced.
    pub(crate) fn new(checkout: Checkout, delivery_tax_code: &str) -> Self {
        let Checkout { vendor, area, lines, price, delivery, .. } = checkout;
        Self {
            vendor_id: vendor.vendor_id,
            order_type: crate::domain::pricing::order_type(lines.iter().map(|line| line.item_type)),
            items: (1..).zip(lines).map(|(line_no, what)| item(None, line_no, what)).collect(),
            subtotal: price.subtotal,
            delivery_charge: price.delivery_charge,
            delivery_tax: DeliveryTaxOut::new(delivery_tax_code, delivery.gst_rate, price.delivery_tax),
            tax: price.tax,
            discount: price.discount,
            total: price.total,
            currency: INR,
            distance_metres: area.distance_metres,
            distance_approximate: area.approximate,
        }
    }
}

/// An order as other services may know it.
pub(crate) fn summary(order: Order) -> OrderSummary {
    OrderSummary {
        order: order.facts(),
        status: order.status,
        payment_status: order.payment_status,
        commission_rate: order.commission_rate,
        refunded: order.refunded,
        placed_at: order.created_at,
        completed_at: order.completed_at,
        updated_at: Some(order.updated_at),
    }
}
