//! Who may read what of an order's story.

use domain::{ActorKind, ServiceName};

/// Which service says events of this type.
#[must_use]
pub fn source_of(event_type: &str) -> ServiceName {
    match event_type {
        t if t.starts_with("Payment") || t.starts_with("Refund") || t == "CodCollected" => ServiceName::Payment,
        t if t.starts_with("Delivery") || t.starts_with("Settlement") => ServiceName::VendorManagement,
        t if t.starts_with("Stock") => ServiceName::Catalog,
        t if t.starts_with("Notification") => ServiceName::Notification,
        _ => ServiceName::Order,
    }
}

/// A settlement is between RealServ and the vendor; a quarantined payment is finance's.
#[must_use]
pub fn visible(event_type: &str, reader: ActorKind) -> bool {
    match event_type {
        "PaymentQuarantined" => reader == ActorKind::Admin,
        t if t.starts_with("Settlement") => reader != ActorKind::Buyer,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_does_not_read_of_settlements() {
        assert!(!visible("SettlementPaid", ActorKind::Buyer));
        assert!(visible("SettlementPaid", ActorKind::Vendor));
        assert!(visible("OrderPlaced", ActorKind::Buyer));
        assert!(!visible("PaymentQuarantined", ActorKind::Vendor));
    }
}
