//! Buyers and where they want things delivered.

use chrono::{DateTime, Utc};
use clients::user::AddressFacts;
use domain::events::AddressSnapshot;
use domain::{AddressId, BuyerId, Money, Phone, Pincode, StateCode, UserId};

use super::User;

/// A buyer's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// The profile.
    pub id: BuyerId,
    /// Whose.
    pub user_id: UserId,
    /// Name of the business, if there is one.
    pub business_name: Option<String>,
    /// `individual_builder`, `contractor` or `other`.
    pub business_type: Option<String>,
    /// `online`, `cod` or `both`.
    pub preferred_payment_method: Option<String>,
    /// Completed orders.
    pub total_orders: i32,
    /// What they cost, less refunds.
    pub total_spent: Money,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What an address says, without whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressText {
    /// `Home`, `Site 1` …
    pub label: Option<String>,
    /// First line.
    pub address_line1: String,
    /// Second line.
    pub address_line2: Option<String>,
    /// What it is near.
    pub landmark: Option<String>,
    /// City.
    pub city: String,
    /// State by name.
    pub state: String,
    /// State by GST code.
    pub state_code: StateCode,
    /// PIN code.
    pub pincode: Pincode,
    /// Latitude and longitude, when known.
    pub point: Option<(f64, f64)>,
    /// Who receives there, if not the buyer.
    pub contact_name: Option<String>,
    /// How to reach them.
    pub contact_phone: Option<Phone>,
}

/// A delivery address.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// The address.
    pub id: AddressId,
    /// Whose.
    pub buyer_id: BuyerId,
    /// What it says.
    pub text: AddressText,
    /// Whether it is the one taken when none is named.
    pub is_default: bool,
    /// Number of its last change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl AddressText {
    /// In one line, for the map.
    #[must_use]
    pub fn one_line(&self) -> String {
        let state = format!("{} {}", self.state, self.pincode);
        let parts = [
            Some(self.address_line1.as_str()),
            self.address_line2.as_deref(),
            self.landmark.as_deref(),
            Some(self.city.as_str()),
            Some(state.as_str()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whether it is the same place as another, whatever it is called.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        self.one_line() == other.one_line()
    }
}

impl Address {
    /// As other services see it: with somebody to reach. `None` when the owner was erased.
    #[must_use]
    pub fn facts(&self, owner: &User) -> Option<AddressFacts> {
        let text = self.text.clone();
        let contact_phone = text.contact_phone.or_else(|| owner.phone.clone())?;
        Some(AddressFacts {
            address_id: self.id,
            buyer_id: self.buyer_id,
            buyer_user_id: owner.id,
            address: AddressSnapshot {
                label: text.label,
                address_line1: text.address_line1,
                address_line2: text.address_line2,
                landmark: text.landmark,
                city: text.city,
                state: text.state,
                state_code: text.state_code,
                pincode: text.pincode,
                latitude: text.point.map(|point| point.0),
                longitude: text.point.map(|point| point.1),
                contact_name: text.contact_name.unwrap_or_else(|| owner.full_name.clone()),
                contact_phone,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::tests::buyer;
    use uuid::Uuid;

    fn address() -> Address {
        Address {
            id: AddressId::new(Uuid::from_u128(9)),
            buyer_id: BuyerId::new(Uuid::from_u128(2)),
            text: AddressText {
                label: Some("Site 1".into()),
                address_line1: "Plot 12".into(),
                address_line2: None,
                landmark: Some("DLF gate 3".into()),
                city: "Hyderabad".into(),
                state: "Telangana".into(),
                state_code: "36".parse().unwrap(),
                pincode: "500032".parse().unwrap(),
                point: None,
                contact_name: None,
                contact_phone: None,
            },
            is_default: true,
            revision: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_address_reads_as_one_line_and_its_label_is_no_part_of_the_place() {
        let first = address().text;
        assert_eq!(first.one_line(), "Plot 12, DLF gate 3, Hyderabad, Telangana 500032");
        let renamed = AddressText { label: None, ..first.clone() };
        assert!(first.same_place(&renamed));
        assert!(!first.same_place(&AddressText { address_line1: "Plot 13".into(), ..first.clone() }));
    }

    #[test]
    fn the_buyer_receives_unless_somebody_else_is_named() {
        let facts = address().facts(&buyer()).unwrap();
        assert_eq!((facts.address.contact_name.as_str(), facts.address.contact_phone.as_str()), ("Asha", "+919876543210"));
        let mut other = address();
        other.text.contact_name = Some("Ravi, site".into());
        other.text.contact_phone = "9000000001".parse().ok();
        let facts = other.facts(&buyer()).unwrap();
        assert_eq!((facts.address.contact_name.as_str(), facts.address.contact_phone.as_str()), ("Ravi, site", "+919000000001"));
    }
}
