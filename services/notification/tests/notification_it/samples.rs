//! Events as the other services say them.

use domain::events::{
    DeliveryFailed, DomainEvent, MessageStatusChanged, OrderCancelled, PaymentCaptured, PaymentOpened, UserUpdated,
};
use domain::{OrderId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Known;

pub(crate) fn event<E: DomainEvent>(data: Value) -> E {
    serde_json::from_value(data).unwrap_or_else(|error| panic!("{}: {error}", E::TYPE))
}

pub(crate) fn with(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

pub(crate) fn user(known: &Known, user_type: &str, language: &str) -> UserUpdated {
    let mut facts = json!({
        "user_id": known.user_id, "firebase_uid": known.person.uid, "phone": known.phone, "full_name": "Lakshmi Rao",
        "user_type": user_type, "status": "active", "preferred_language": language,
    });
    match user_type {
        "buyer" => facts["buyer_id"] = json!(known.person.buyer_id),
        "vendor" => facts["vendor_id"] = json!(known.vendor_id),
        _ => {}
    }
    event(facts)
}

/// An order of a buyer at a vendor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) id: OrderId,
    pub(crate) buyer: &'a Known,
    pub(crate) vendor: &'a Known,
    pub(crate) method: &'static str,
}

impl<'a> Order<'a> {
    pub(crate) fn new(buyer: &'a Known, vendor: &'a Known, method: &'static str) -> Self {
        let id = Uuid::from_u128(buyer.user_id.as_uuid().as_u128() ^ vendor.user_id.as_uuid().as_u128() ^ 7);
        Self { id: OrderId::new(id), buyer, vendor, method }
    }

    pub(crate) fn facts(&self) -> Value {
        json!({
            "order_id": self.id, "order_number": "ORD000042", "buyer_id": self.buyer.person.buyer_id,
            "buyer_user_id": self.buyer.user_id, "vendor_id": self.vendor.vendor_id, "order_type": "material",
            "payment_method": self.method, "total": "123456.50",
        })
    }

    pub(crate) fn payment(&self) -> Value {
        json!({
            "payment_id": Uuid::from_u128(self.id.as_uuid().as_u128() ^ 1), "order_id": self.id, "order_number": "ORD000042",
            "buyer_id": self.buyer.person.buyer_id, "buyer_user_id": self.buyer.user_id, "vendor_id": self.vendor.vendor_id,
            "payment_method": self.method, "amount": "123456.50",
        })
    }

    pub(crate) fn captured(&self) -> PaymentCaptured {
        event(with(self.payment(), json!({"gateway_payment_id": "pay_1", "captured_at": "2026-11-16T04:30:00Z"})))
    }

    pub(crate) fn opened(&self) -> PaymentOpened {
        event(with(self.payment(), json!({"gateway_order_id": null})))
    }

    pub(crate) fn cancelled(&self) -> OrderCancelled {
        let more = json!({"cancelled_by": "buyer", "reason_code": "buyer_request", "reason": "not needed any more",
            "was_paid": true, "cancelled_at": "2026-11-16T04:40:00Z"});
        event(with(self.facts(), more))
    }

    pub(crate) fn delivery_failed(&self) -> DeliveryFailed {
        event(json!({
            "delivery_id": Uuid::from_u128(5), "order_id": self.id, "order_number": "ORD000042",
            "buyer_id": self.buyer.person.buyer_id, "buyer_user_id": self.buyer.user_id, "vendor_id": self.vendor.vendor_id,
            "status": "failed", "reason": "nobody was there",
        }))
    }
}

pub(crate) fn vendor_facts(vendor_id: domain::VendorId, user_id: UserId) -> Value {
    json!({
        "vendor_id": vendor_id, "user_id": user_id, "business_name": "Sri Balaji Traders", "status": "active",
        "kyc_status": "approved", "is_accepting_orders": true, "gst_scheme": "regular", "state_code": "36",
        "phone": "+919876543210", "commission_rate": "10.00", "revision": 1,
    })
}

pub(crate) fn settlement_facts(vendor_id: domain::VendorId) -> Value {
    json!({
        "settlement_id": Uuid::from_u128(6), "settlement_number": "STL000001", "vendor_id": vendor_id,
        "period_start": "2026-11-01", "period_end": "2026-11-15", "order_ids": [], "gross_revenue": "15000.00",
        "commission_amount": "1500.00", "net_amount": "13500.00", "cod_to_remit": "5000.00", "adjustments": "0.00",
        "commission_returned": "0.00", "carried_over": "0.00", "deductions": [], "payout_amount": "8500.00",
    })
}

pub(crate) fn status(provider_message_id: &str, status: &str, code: Option<i32>) -> MessageStatusChanged {
    event(json!({
        "message_key": Uuid::from_u128(9), "provider_message_id": provider_message_id, "status": status, "error_code": code,
        "error": code.map(|_| "Message undeliverable"), "at": "2026-11-16T05:00:00Z",
    }))
}
