//! Every event a person should hear of, told to whom it concerns.

use domain::ServiceName;
use domain::events::{
    CodCollected, DomainEvent, OrderCompleted, OrderConfirmed, OrderDelivered, OrderInTransit, PaymentFailed, RefundProcessed,
    RefundRequested, SettlementGenerated, SettlementPaid, StockLow, UserRegistered, VendorKycApproved, VendorKycRejected,
};
use notification::domain::catalogue;
use notification::domain::facts::Facts;
use notification::domain::matrix::Matrix;
use serde_json::json;

use crate::samples::{Order, event, settlement_facts, user, vendor_facts, with};
use crate::support::{World, known, world};

async fn tells<E: DomainEvent>(world: &World, event: &E, expected: &[(domain::UserId, &str)]) {
    let envelope = world.happen(ServiceName::Order, event).await;
    let facts = Facts::of(&envelope).unwrap().expect("facts of a listed event");
    let matrix = Matrix::load().unwrap();
    let rules = matrix.rules(E::TYPE);
    assert!(!rules.is_empty(), "{} is not in the matrix", E::TYPE);
    for rule in rules {
        for name in catalogue::known_variables(&rule.template).unwrap() {
            assert!(facts.variables.contains_key(name), "{} gives no {name} to {}", E::TYPE, rule.template);
        }
    }
    for (user_id, template) in expected {
        let states = world.states(*user_id, template).await;
        assert!(states.iter().any(|(channel, _)| channel == "in_app"), "{}: {template}: {states:?}", E::TYPE);
        assert!(states.iter().all(|(_, status)| status == "sent" || status == "delivered"), "{}: {states:?}", E::TYPE);
    }
}

#[tokio::test]
async fn every_listed_event_reaches_its_people() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let (to_buyer, to_vendor) = (buyer.user_id, vendor.user_id);
    let order = Order::new(&buyer, &vendor, "online");
    let (facts, paid) = (order.facts(), order.payment());
    tells(&world, &order.captured(), &[(to_buyer, "payment_received"), (to_vendor, "new_order")]).await;
    tells(&world, &event::<PaymentFailed>(with(paid.clone(), json!({"reason": "declined"}))), &[(to_buyer, "payment_failed")])
        .await;
    let address = json!({"address_line1": "12 Road", "city": "Hyderabad", "state": "Telangana", "state_code": "36",
        "pincode": "500032", "contact_name": "Lakshmi", "contact_phone": "+919876543210"});
    let confirmed = json!({"delivery_address": address, "delivery_date": "2026-11-18", "delivery_slot": "morning",
        "awaiting_since": "2026-11-16T04:30:00Z", "confirmed_at": "2026-11-16T05:00:00Z"});
    tells(&world, &event::<OrderConfirmed>(with(facts.clone(), confirmed)), &[(to_buyer, "order_confirmed")]).await;
    assert!(world.one(to_buyer, "order_confirmed", "whatsapp").await.body.contains("18 November 2026"));
    tells(&world, &event::<OrderInTransit>(facts.clone()), &[(to_buyer, "order_in_transit")]).await;
    let delivered = json!({"delivered_at": "2026-11-16T06:00:00Z"});
    tells(&world, &event::<OrderDelivered>(with(facts.clone(), delivered)), &[(to_buyer, "order_delivered")]).await;
    let completed = json!({"commission_rate": "10.00", "refunded": "0.00", "cod_collected": "0.00", "subtotal": "1.00", "tax": "0.00",
        "placed_at": "2026-11-16T04:00:00Z", "completed_at": "2026-11-16T06:00:00Z"});
    tells(&world, &event::<OrderCompleted>(with(facts.clone(), completed)), &[(to_buyer, "order_completed")]).await;
    tells(&world, &order.delivery_failed(), &[(to_buyer, "delivery_failed")]).await;
    tells(&world, &order.cancelled(), &[(to_buyer, "order_cancelled"), (to_vendor, "order_cancelled_vendor")]).await;
    let refund = json!({"refund_id": uuid::Uuid::from_u128(4), "refund_amount": "500.00", "reason": "cancellation"});
    tells(&world, &event::<RefundRequested>(with(paid.clone(), refund)), &[(to_buyer, "refund_requested")]).await;
    let refund = json!({"refund_id": uuid::Uuid::from_u128(4), "refund_amount": "500.00", "refunded_total": "500.00",
        "processed_at": "2026-11-16T06:00:00Z"});
    tells(&world, &event::<RefundProcessed>(with(paid.clone(), refund)), &[(to_buyer, "refund_processed")]).await;
    assert!(world.one(to_buyer, "refund_processed", "whatsapp").await.body.contains("₹500.00"));
    let collected = json!({"collected_at": "2026-11-16T06:00:00Z"});
    tells(&world, &event::<CodCollected>(with(paid, collected)), &[(to_buyer, "cod_collected")]).await;
}

#[tokio::test]
async fn every_listed_event_of_vendors_and_users_reaches_them() {
    let world = world().await;
    let vendor = world.vendor().await;
    let to_vendor = vendor.user_id;
    let facts = vendor_facts(vendor.vendor_id, vendor.user_id);
    tells(&world, &event::<VendorKycApproved>(facts.clone()), &[(to_vendor, "kyc_approved")]).await;
    let rejected = json!({"revision": 2, "reasons": ["PAN: not readable", "GSTIN: another name"]});
    tells(&world, &event::<VendorKycRejected>(with(facts, rejected)), &[(to_vendor, "kyc_rejected")]).await;
    assert!(world.one(to_vendor, "kyc_rejected", "whatsapp").await.body.contains("PAN: not readable; GSTIN: another name"));
    let settlement = settlement_facts(vendor.vendor_id);
    tells(&world, &event::<SettlementGenerated>(settlement.clone()), &[(to_vendor, "settlement_generated")]).await;
    let paid = json!({"payment_reference": null, "paid_at": "2026-11-16T06:00:00Z"});
    tells(&world, &event::<SettlementPaid>(with(settlement, paid)), &[(to_vendor, "settlement_paid")]).await;
    assert!(world.one(to_vendor, "settlement_paid", "whatsapp").await.body.contains("₹8,500.00"));
    let low = json!({"inventory_id": uuid::Uuid::from_u128(8), "vendor_id": vendor.vendor_id, "item_id": uuid::Uuid::from_u128(9),
        "name": "OPC 53 cement", "available": "4", "unit": "bag", "threshold": "10"});
    tells(&world, &event::<StockLow>(low), &[(to_vendor, "stock_low")]).await;
    let newcomer = known(world.people.buyer());
    let registered = UserRegistered { user: user(&newcomer, "buyer", "en").user };
    tells(&world, &registered, &[(newcomer.user_id, "welcome")]).await;

    let (buyer, seller) = (world.buyer().await, world.vendor().await);
    let opened = Order::new(&buyer, &seller, "cod").opened();
    tells(&world, &opened, &[(buyer.user_id, "order_placed"), (seller.user_id, "new_order")]).await;
    let (buyer, seller) = (world.buyer().await, world.vendor().await);
    world.happen(ServiceName::Payment, &Order::new(&buyer, &seller, "online").opened()).await;
    assert_eq!((world.kept(buyer.user_id).await, world.kept(seller.user_id).await), (vec![], vec![]));
}
