//! Items of an order edited before it is paid: which edits there are, and what the order holds meanwhile.

use domain::{ItemType, Money, OrderItemId, OrderStatus, OrderType, PaymentStatus, Quantity, Unit};
use uuid::Uuid;

use super::pricing::LineTax;
use super::{Line, Order};

/// Lines an order has at most.
pub const MOST_LINES: usize = 50;

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// One thing more.
    Add(WantedItem),
    /// Another quantity of a line.
    Change(OrderItemId, Quantity),
    /// A line less.
    Remove(OrderItemId),
}

/// A line as it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedItem {
    /// The line; a new one for what is added.
    pub id: OrderItemId,
    /// Material or labour.
    pub item_type: ItemType,
    /// The material or kind of labour.
    pub item_id: Uuid,
    /// How much.
    pub quantity: Quantity,
    /// Hour or day, for labour.
    pub unit: Option<Unit>,
}

impl From<&Line> for WantedItem {
    fn from(line: &Line) -> Self {
        let what = &line.what;
        Self { id: line.id, item_type: what.item_type, item_id: what.item_id, quantity: what.quantity, unit: Some(what.unit) }
    }
}

/// Why an order cannot be edited so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditRefused {
    /// No such line.
    #[error("the order has no such item")]
    NoSuchItem,
    /// Nothing would be left.
    #[error("an order keeps at least one item; cancel the order instead")]
    LastItem,
    /// Two lines of one thing would be two answers to how much is wanted.
    #[error("the order has this item already; change its quantity")]
    ThereAlready,
    /// Enough.
    #[error("an order has at most {MOST_LINES} items")]
    TooMany,
}

/// The lines as they are wanted now, in their order.
///
/// # Errors
/// [`EditRefused`].
pub fn wanted(lines: &[Line], wish: Wish) -> Result<Vec<WantedItem>, EditRefused> {
    let mut wanted: Vec<WantedItem> = lines.iter().map(WantedItem::from).collect();
    match wish {
        Wish::Add(item) => {
            let same = |line: &WantedItem| {
                (line.item_type, line.item_id) == (item.item_type, item.item_id)
                    && (item.unit.is_none() || line.unit == item.unit)
            };
            if wanted.iter().any(same) {
                return Err(EditRefused::ThereAlready);
            }
            if wanted.len() >= MOST_LINES {
                return Err(EditRefused::TooMany);
            }
            wanted.push(item);
        }
        Wish::Change(id, quantity) => {
            wanted.iter_mut().find(|line| line.id == id).ok_or(EditRefused::NoSuchItem)?.quantity = quantity;
        }
        Wish::Remove(id) => {
            let at = wanted.iter().position(|line| line.id == id).ok_or(EditRefused::NoSuchItem)?;
            if wanted.len() == 1 {
                return Err(EditRefused::LastItem);
            }
            wanted.remove(at);
        }
    }
    Ok(wanted)
}

/// What is kept while an edit is not decided: of everything the larger of before and after, so that whichever of the two
/// it will be, nothing has to be asked for again.
#[must_use]
pub fn either(before: &[WantedItem], after: &[WantedItem]) -> Vec<WantedItem> {
    let mut both = before.to_vec();
    for item in after {
        let same =
            |line: &&mut WantedItem| (line.item_type, line.item_id, line.unit) == (item.item_type, item.item_id, item.unit);
        match both.iter_mut().find(same) {
            Some(line) => line.quantity = line.quantity.max(item.quantity),
            None => both.push(*item),
        }
    }
    both
}

/// An order as an edit wants it: its lines, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The lines.
    pub lines: Vec<Line>,
    /// Derived from them.
    pub order_type: OrderType,
    /// Sum of the lines.
    pub subtotal: Money,
    /// The delivery charge.
    pub delivery_charge: Money,
    /// Tax on it.
    pub delivery_tax: LineTax,
    /// All tax.
    pub tax: Money,
    /// Discount in all.
    pub discount: Money,
    /// What is due.
    pub total: Money,
}

impl Order {
    /// Whether its items may be edited: while it is pending and nothing was paid.
    #[must_use]
    pub fn is_editable(&self) -> bool {
        self.status == OrderStatus::Pending
            && self.paid_at.is_none()
            && self.payment_id.is_some()
            && matches!(self.payment_status, PaymentStatus::Pending | PaymentStatus::Failed)
    }

    /// It as an edit wants it.
    #[must_use]
    pub fn edited(mut self, edit: &Edit) -> Self {
        self.order_type = edit.order_type;
        self.subtotal = edit.subtotal;
        self.delivery_charge = edit.delivery_charge;
        self.delivery_tax = edit.delivery_tax;
        self.tax = edit.tax;
        self.discount = edit.discount;
        self.total = edit.total;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u128, quantity: &str) -> WantedItem {
        WantedItem {
            id: Uuid::from_u128(id).into(),
            item_type: ItemType::Material,
            item_id: Uuid::from_u128(id),
            quantity: quantity.parse().unwrap(),
            unit: Some(Unit::Bag),
        }
    }

    #[test]
    fn while_an_edit_is_open_the_larger_of_before_and_after_is_kept_of_everything() {
        let both = either(&[item(1, "50"), item(2, "5")], &[item(1, "40"), item(3, "7")]);
        assert_eq!(both, [item(1, "50"), item(2, "5"), item(3, "7")]);
        assert_eq!(either(&[item(1, "50")], &[item(1, "60")]), [item(1, "60")]);
    }
}
