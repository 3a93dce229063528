//! Every event a person should hear of, told to whom it concerns.

use domain::events::{
    CodCollected, DisputeRaised, DisputeResolved, DomainEvent, OrderCompleted, OrderConfirmed, OrderDelivered, OrderInTransit,
    PaymentFailed, PaymentQuarantined, RefundFailed, RefundProcessed, RefundRequested, SettlementGenerated, SettlementPaid,
    SlaBreached, StockExpired, StockExpiring, StockLow, TicketMessageAdded, TicketOpened, TicketResolved, UserRegistered,
    VendorKycApproved, VendorKycRejected, VendorKycSubmitted,
};
use domain::{AdminRole, NotificationChannel, ServiceName};
use notification::domain::catalogue;
use notification::domain::facts::Facts;
use notification::domain::matrix::{Audience, Matrix};
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
            assert!(facts.values.contains_key(name), "{} gives no {name} to {}", E::TYPE, rule.template);
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
    tells(&world, &event::<VendorKycSubmitted>(facts.clone()), &[(to_vendor, "kyc_submitted")]).await;
    let facts = with(facts, json!({"revision": 2}));
    tells(&world, &event::<VendorKycApproved>(facts.clone()), &[(to_vendor, "kyc_approved")]).await;
    let rejected = json!({"revision": 3, "reasons": ["PAN: not readable", "GSTIN: another name"]});
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
    assert!(world.one(to_vendor, "stock_low", "whatsapp").await.body.contains("down to 4 bags"));
    let batch = json!({"batch": {"inventory_id": uuid::Uuid::from_u128(8), "vendor_id": vendor.vendor_id,
        "item_id": uuid::Uuid::from_u128(9), "name": "OPC 53 cement", "batch_number": "B-17", "expires_on": "2026-11-18",
        "unit": "bag"}, "quantity": "40", "reserved": "0"});
    tells(&world, &event::<StockExpiring>(batch.clone()), &[(to_vendor, "stock_expiring")]).await;
    assert!(world.one(to_vendor, "stock_expiring", "whatsapp").await.body.contains("40 bags, is sold until 18 November 2026"));
    tells(&world, &event::<StockExpired>(batch), &[(to_vendor, "stock_expired")]).await;
    let newcomer = known(world.people.buyer());
    let registered = UserRegistered { user: user(&newcomer, "buyer", "en").user };
    tells(&world, &registered, &[(newcomer.user_id, "welcome")]).await;

    let (buyer, seller) = (world.buyer().await, world.vendor().await);
    let opened = Order::new(&buyer, &seller, "cod").opened();
    tells(&world, &opened, &[(buyer.user_id, "order_placed"), (seller.user_id, "new_order")]).await;
    let (buyer, seller) = (world.buyer().await, world.vendor().await);
    // The vendor hears of an order that is to be paid online when it is paid.
    let opened = Order::new(&buyer, &seller, "online").opened();
    tells(&world, &opened, &[(buyer.user_id, "order_awaiting_payment")]).await;
    assert_eq!(world.kept(seller.user_id).await, []);
    assert_eq!(world.kept(buyer.user_id).await.len(), 1);
}

#[tokio::test]
async fn steps_of_tickets_and_disputes_reach_both_sides_and_staff() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let admin = world.know(world.people.admin(AdminRole::Support), "admin", "en").await;
    let order = Order::new(&buyer, &vendor, "online");
    let ticket = json!({"ticket_id": uuid::Uuid::from_u128(11), "ticket_number": "TKT000007", "order_id": order.id,
        "created_by": buyer.user_id});
    let opened = json!({"category": "quality", "priority": "high", "subject": "Two bags were torn"});
    tells(
        &world,
        &event::<TicketOpened>(with(ticket.clone(), opened)),
        &[(buyer.user_id, "ticket_opened"), (admin.user_id, "ticket_to_answer")],
    )
    .await;
    let by_buyer = json!({"sender_id": buyer.user_id, "sender_type": "buyer"});
    tells(&world, &event::<TicketMessageAdded>(with(ticket.clone(), by_buyer)), &[(admin.user_id, "ticket_written_on")]).await;
    assert_eq!(world.states(buyer.user_id, "ticket_answered").await, []);
    let by_staff = json!({"sender_id": admin.user_id, "sender_type": "admin"});
    tells(&world, &event::<TicketMessageAdded>(with(ticket.clone(), by_staff)), &[(buyer.user_id, "ticket_answered")]).await;
    assert_eq!(world.states(admin.user_id, "ticket_written_on").await.len(), 1);
    let resolved = json!({"resolution": "Two bags come tomorrow"});
    tells(&world, &event::<TicketResolved>(with(ticket, resolved)), &[(buyer.user_id, "ticket_resolved")]).await;
    let breach = json!({"ticket_id": uuid::Uuid::from_u128(11), "ticket_number": "TKT000007", "clock": "first_response",
        "due_at": "2026-11-16T09:05:00Z"});
    tells(&world, &event::<SlaBreached>(breach), &[(admin.user_id, "sla_breached")]).await;
    let said = world.one(admin.user_id, "sla_breached", "in_app").await.body;
    assert!(said.contains("first answer was due on 16 November 2026, 2:35 pm IST"), "{said}");

    let dispute = json!({"dispute_id": uuid::Uuid::from_u128(12), "dispute_number": "DSP000003", "order_id": order.id,
        "order_number": "ORD000042", "buyer_user_id": buyer.user_id, "vendor_id": vendor.vendor_id});
    let raised = json!({"raised_by": buyer.user_id, "dispute_type": "quality_issue"});
    tells(
        &world,
        &event::<DisputeRaised>(with(dispute.clone(), raised)),
        &[(buyer.user_id, "dispute_raised"), (vendor.user_id, "dispute_raised_vendor"), (admin.user_id, "dispute_to_decide")],
    )
    .await;
    let decided = json!({"resolution": "refund_partial", "refund_amount": "123456.50"});
    tells(
        &world,
        &event::<DisputeResolved>(with(dispute, decided)),
        &[(buyer.user_id, "dispute_resolved"), (vendor.user_id, "dispute_resolved_vendor")],
    )
    .await;
    let said = world.one(buyer.user_id, "dispute_resolved", "whatsapp").await.body;
    assert!(said.contains("a refund of ₹1,23,456.50"), "{said}");
}

#[tokio::test]
async fn money_that_does_not_move_as_it_should_is_told_to_every_active_admin_and_to_nobody_else() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let finance = world.know(world.people.admin(AdminRole::Finance), "admin", "hi").await;
    let support = world.know(world.people.admin(AdminRole::Support), "admin", "en").await;
    let gone = known(world.people.admin(AdminRole::Operations));
    let mut facts = user(&gone, "admin", "en");
    facts.user.status = domain::UserStatus::Suspended;
    world.deliver(ServiceName::User, &facts).await;
    let order = Order::new(&buyer, &vendor, "online");
    let failed = json!({"refund_id": uuid::Uuid::from_u128(4), "refund_amount": "500.00", "reason": "the account is closed"});
    tells(
        &world,
        &event::<RefundFailed>(with(order.payment(), failed)),
        &[(finance.user_id, "refund_failed"), (support.user_id, "refund_failed")],
    )
    .await;
    let held = json!({"gateway_amount_paise": 500_000, "gateway_currency": "INR"});
    tells(&world, &event::<PaymentQuarantined>(with(order.payment(), held)), &[(finance.user_id, "payment_quarantined")]).await;
    let said = world.one(finance.user_id, "payment_quarantined", "in_app").await.body;
    assert!(said.contains("5,000.00 INR") && said.contains("गेटवे"), "{said}");
    assert_eq!(world.kept(gone.user_id).await, []);
    assert_eq!((world.kept(buyer.user_id).await, world.kept(vendor.user_id).await), (vec![], vec![]));
}

#[test]
fn every_event_of_the_matrix_is_in_the_catalogue_and_comes_to_this_service() {
    let catalogue = bus::Catalogue::load().unwrap();
    let matrix = Matrix::load().unwrap();
    for rule in matrix.all() {
        let event = catalogue.events.iter().find(|event| event.r#type == rule.event);
        let event = event.unwrap_or_else(|| panic!("no service says {}", rule.event));
        assert!(event.to.iter().any(|to| to == "notification"), "{} does not come here", rule.event);
    }
    // What the marketplace promises to tell people.
    let promised = [
        ("PaymentOpened", Audience::Buyer),
        ("OrderConfirmed", Audience::Buyer),
        ("OrderCancelled", Audience::Buyer),
        ("OrderCancelled", Audience::Vendor),
        ("OrderInTransit", Audience::Buyer),
        ("OrderDelivered", Audience::Buyer),
        ("PaymentCaptured", Audience::Buyer),
        ("PaymentCaptured", Audience::Vendor),
        ("PaymentFailed", Audience::Buyer),
        ("RefundRequested", Audience::Buyer),
        ("RefundProcessed", Audience::Buyer),
        ("VendorKycSubmitted", Audience::Vendor),
        ("VendorKycApproved", Audience::Vendor),
        ("VendorKycRejected", Audience::Vendor),
        ("SettlementGenerated", Audience::Vendor),
        ("SettlementPaid", Audience::Vendor),
        ("TicketOpened", Audience::User),
        ("TicketMessageAdded", Audience::User),
        ("TicketResolved", Audience::User),
        ("DisputeRaised", Audience::Buyer),
        ("DisputeRaised", Audience::Vendor),
        ("DisputeResolved", Audience::Buyer),
        ("DisputeResolved", Audience::Vendor),
        ("StockLow", Audience::Vendor),
        ("SlaBreached", Audience::Staff),
    ];
    for (event, audience) in promised {
        assert!(matrix.rules(event).iter().any(|rule| rule.audience == audience), "{event} to {audience:?}");
    }
    assert_eq!(matrix.requested("delivery_otp"), [NotificationChannel::Sms, NotificationChannel::Whatsapp]);
}
