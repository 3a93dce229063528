//! What comes in.

use chrono::NaiveDate;
use clients::catalog::WantedLine;
use domain::{AddressId, BuyerId, ItemType, OrderStatus, PaymentMethod, Quantity, Slot, Unit, VendorId, business_time};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{PageParams, PageRequest};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::store::lists::{Filter, Position};
use crate::usecases::checkout::Wanted;

/// A line that is wanted.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemIn {
    /// Material or labour.
    #[garde(skip)]
    pub(super) item_type: ItemType,
    /// The material or kind of labour.
    #[garde(skip)]
    pub(super) item_id: Uuid,
    /// How much.
    #[garde(custom(more_than_nothing))]
    pub(super) quantity: Quantity,
    /// Hour or day, for labour; the material's own unit when left out.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<Unit>,
}

pub(super) fn more_than_nothing(quantity: &Quantity, _: &()) -> garde::Result {
    if quantity.is_positive() { Ok(()) } else { Err(garde::Error::new("must be more than nothing")) }
}

/// Each thing once: two lines of one thing would be two answers to how much is wanted.
fn each_once(items: &[ItemIn], _: &()) -> garde::Result {
    for (index, item) in items.iter().enumerate() {
        let same = |other: &ItemIn| (other.item_type, other.item_id, other.unit) == (item.item_type, item.item_id, item.unit);
        if items.iter().take(index).any(same) {
            return Err(garde::Error::new(format!("item {} is there twice; add up the quantities", index + 1)));
        }
    }
    Ok(())
}

/// An order to place.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrderIn {
    /// From whom; one order has one vendor.
    #[garde(skip)]
    vendor_id: VendorId,
    /// What, 1 to 50 lines.
    #[garde(length(min = 1, max = 50), custom(|items: &Vec<ItemIn>, ctx| each_once(items, ctx)), dive)]
    items: Vec<ItemIn>,
    /// Where to; one of the buyer's addresses.
    #[garde(skip)]
    delivery_address_id: AddressId,
    /// Day wanted; today at the earliest.
    #[garde(skip)]
    #[serde(default)]
    delivery_date: Option<NaiveDate>,
    /// Time of day wanted.
    #[garde(skip)]
    #[serde(default)]
    delivery_slot: Option<Slot>,
    /// How it is paid.
    #[garde(skip)]
    pub(crate) payment_method: PaymentMethod,
    /// For the vendor.
    #[garde(inner(length(max = 1000)))]
    #[serde(default)]
    pub(crate) notes: Option<String>,
}

/// What is to be priced; the body of an order does as well.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteIn {
    /// From whom.
    #[garde(skip)]
    vendor_id: VendorId,
    /// What, 1 to 50 lines.
    #[garde(length(min = 1, max = 50), custom(|items: &Vec<ItemIn>, ctx| each_once(items, ctx)), dive)]
    items: Vec<ItemIn>,
    /// Where to; one of the buyer's addresses.
    #[garde(skip)]
    delivery_address_id: AddressId,
    /// Day wanted.
    #[garde(skip)]
    #[serde(default)]
    delivery_date: Option<NaiveDate>,
    /// Time of day wanted.
    #[garde(skip)]
    #[serde(default)]
    delivery_slot: Option<Slot>,
    /// Changes nothing in the price.
    #[garde(skip)]
    #[serde(default, rename = "payment_method")]
    _payment_method: Option<PaymentMethod>,
    /// Changes nothing in the price.
    #[garde(inner(length(max = 1000)))]
    #[serde(default, rename = "notes")]
    _notes: Option<String>,
}

fn lines(items: &[ItemIn]) -> Vec<WantedLine> {
    items
        .iter()
        .map(|item| WantedLine { item_type: item.item_type, item_id: item.item_id, quantity: item.quantity, unit: item.unit })
        .collect()
}

impl PlaceOrderIn {
    /// What this buyer wants.
    pub(crate) fn wanted(&self, buyer_id: BuyerId) -> Wanted {
        Wanted {
            buyer_id,
            vendor_id: self.vendor_id,
            delivery_address_id: self.delivery_address_id,
            delivery_date: self.delivery_date,
            delivery_slot: self.delivery_slot,
            lines: lines(&self.items),
        }
    }
}

impl QuoteIn {
    /// What this buyer wants.
    pub(crate) fn wanted(&self, buyer_id: BuyerId) -> Wanted {
        Wanted {
            buyer_id,
            vendor_id: self.vendor_id,
            delivery_address_id: self.delivery_address_id,
            delivery_date: self.delivery_date,
            delivery_slot: self.delivery_slot,
            lines: lines(&self.items),
        }
    }
}

/// A status to move to.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateStatusIn {
    /// Where to.
    #[garde(skip)]
    pub(crate) status: OrderStatus,
    /// Why, or what else is to be said; the reason when cancelling.
    #[garde(inner(length(min = 1, max = 500)))]
    #[serde(default)]
    pub(crate) notes: Option<String>,
}

/// A confirmation; the body may be left out.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmIn {
    /// For the buyer.
    #[garde(inner(length(min = 1, max = 500)))]
    #[serde(default)]
    pub(crate) notes: Option<String>,
}

/// Why an order is cancelled.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelIn {
    /// Why, in words.
    #[garde(length(min = 3, max = 500), custom(some_words))]
    pub(crate) reason: String,
}

fn some_words(text: &str, _: &()) -> garde::Result {
    if text.trim().len() >= 3 { Ok(()) } else { Err(garde::Error::new("say why in a few words")) }
}

/// Which orders of a list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only these; may be repeated.
    #[garde(length(max = 8))]
    #[serde(default)]
    pub(crate) status: Vec<OrderStatus>,
    /// Placed on this Indian day or later.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) from: Option<NaiveDate>,
    /// Placed on this Indian day or earlier.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) to: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u16>,
}

/// Which of everybody's orders.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListParams {
    /// A number as people type it, or its beginning.
    #[garde(length(max = 30))]
    #[serde(default)]
    pub(crate) q: Option<String>,
    /// Only this buyer's.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) buyer_id: Option<BuyerId>,
    /// Only this vendor's.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) vendor_id: Option<VendorId>,
    /// Only these; may be repeated.
    #[garde(length(max = 8))]
    #[serde(default)]
    pub(crate) status: Vec<OrderStatus>,
    /// Placed on this Indian day or later.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) from: Option<NaiveDate>,
    /// Placed on this Indian day or earlier.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) to: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u16>,
}

impl ListParams {
    /// The page that is asked for, and the filter that fetches it.
    pub(crate) fn read(&self) -> Result<(PageRequest<Position>, Filter), ApiError> {
        let page = PageParams { cursor: self.cursor.clone(), limit: self.limit }.request::<Position>()?;
        let filter = Filter {
            statuses: self.status.clone(),
            from: self.from.map(business_time::start_of_ist_day),
            until: self.to.map(business_time::end_of_ist_day),
            after: page.after,
            fetch: page.fetch(),
        };
        Ok((page, filter))
    }
}

impl AdminListParams {
    /// The same without what only staff may ask.
    pub(crate) fn common(&self) -> ListParams {
        ListParams { status: self.status.clone(), from: self.from, to: self.to, cursor: self.cursor.clone(), limit: self.limit }
    }
}
