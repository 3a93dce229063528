use chrono::TimeDelta;
use domain::events::{
    AddressSnapshot, OrderCancelled, OrderConfirmed, OrderDelivered, OrderFacts, StockLow, StockReleased, StockReserved,
};
use domain::{ActorKind, BuyerId, Clock as _, Money, OrderId, OrderType, PaymentMethod, ServiceName, UserId, VendorId};
use futures::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{CEMENT, Catalogue, MASON, STEEL, order};

pub(crate) fn cement(id: Uuid, quantity: &str) -> Value {
    json!([{"item_type": "material", "item_id": id, "quantity": quantity}])
}

pub(crate) fn order_facts(order_id: OrderId, vendor_id: VendorId) -> OrderFacts {
    OrderFacts {
        order_id,
        order_number: "ORD000001".parse().unwrap(),
        buyer_id: BuyerId::new(Uuid::from_u128(1)),
        buyer_user_id: UserId::new(Uuid::from_u128(2)),
        vendor_id,
        order_type: OrderType::Material,
        payment_method: PaymentMethod::Cod,
        total: Money::from_rupees(100),
    }
}

pub(crate) fn cancelled(catalogue: &Catalogue, order_id: OrderId, vendor_id: VendorId) -> OrderCancelled {
    OrderCancelled {
        order: order_facts(order_id, vendor_id),
        cancelled_by: ActorKind::Buyer,
        reason_code: "buyer_request".to_owned(),
        reason: "changed my mind".to_owned(),
        was_paid: false,
        cancelled_at: catalogue.service.clock.now(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_race_for_the_last_fifty_bags_and_exactly_fifty_are_sold() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "50").await;
    let id = catalogue.id(CEMENT).await;
    let answers = join_all((0..200).map(|n| {
        let catalogue = &catalogue;
        async move {
            // A busy row answers "try again", as the order service would.
            loop {
                let answer = catalogue.reserve(order(n), vendor.vendor_id, &cement(id, "1")).await;
                if answer.status != 503 && answer.body["error"]["code"] != "concurrent_change" {
                    return answer;
                }
            }
        }
    }))
    .await;
    let sold = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 409 && answer.code(409) == "out_of_stock").count();
    assert_eq!((sold, refused), (50, 150));
    assert_eq!(catalogue.stock(&offer).await, ("50".to_owned(), "50".to_owned()));
    let said = catalogue.service.said().await;
    assert_eq!(said.iter().filter(|said| said.is::<StockReserved>()).count(), 50);
    assert_eq!(said.iter().filter(|said| said.is::<StockLow>()).count(), 1);
    catalogue.finish().await;
}

#[tokio::test]
async fn a_reservation_asked_for_again_is_the_same_one() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    for _ in 0..3 {
        let answer = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await;
        assert_eq!(answer.data(200)["status"], "active");
    }
    assert_eq!(catalogue.stock(&offer).await, ("100".to_owned(), "20".to_owned()));
    let other = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "21")).await;
    assert_eq!(other.code(409), "reservation_differs");
    catalogue.finish().await;
}

#[tokio::test]
async fn a_release_that_comes_first_keeps_the_reservation_from_being_made() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.end(order(1), "release").await.data(200)["status"], "released");
    let late = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await;
    assert_eq!(late.code(409), "reservation_ended");
    assert_eq!(catalogue.end(order(1), "release").await.data(200)["status"], "released");
    assert_eq!(catalogue.stock(&offer).await.1, "0");
    catalogue.finish().await;
}

#[tokio::test]
async fn a_reservation_is_committed_once_and_not_released_after_that() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.end(order(1), "commit").await.code(404), "not_found");
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.data(200);
    for _ in 0..2 {
        assert_eq!(catalogue.end(order(1), "commit").await.data(200)["status"], "committed");
    }
    assert_eq!(catalogue.end(order(1), "release").await.code(409), "reservation_ended");
    assert_eq!(catalogue.stock(&offer).await, ("80".to_owned(), "0".to_owned()));
    let said = catalogue.service.said_types().await;
    assert_eq!(said.iter().filter(|said| *said == "StockCommitted").count(), 1);
    catalogue.finish().await;
}

#[tokio::test]
async fn a_line_that_is_short_keeps_nothing_of_the_others() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    catalogue.offer(&vendor, STEEL, "10").await;
    let (cement, steel) = (catalogue.id(CEMENT).await, catalogue.id(STEEL).await);
    let lines = json!([{"item_type": "material", "item_id": cement, "quantity": "20"},
                       {"item_type": "material", "item_id": steel, "quantity": "10.001"}]);
    let answer = catalogue.reserve(order(1), vendor.vendor_id, &lines).await;
    assert_eq!(answer.code(409), "out_of_stock");
    assert_eq!(answer.body["error"]["details"][0]["item_id"], steel.to_string());
    assert_eq!(catalogue.stock(&offer).await.1, "0");
    assert_eq!(catalogue.count("stock_reservations").await, 0);
    // Nothing is remembered of the refusal: with less, the same order can reserve.
    let lines = json!([{"item_type": "material", "item_id": steel, "quantity": "10"}]);
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &lines).await.status, 200);
    catalogue.finish().await;
}

#[tokio::test]
async fn labour_keeps_a_worker_for_each_line_and_gives_it_back_when_the_work_is_done() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    catalogue.offer_labor(&vendor, MASON, 1).await;
    let mason = catalogue.id(MASON).await;
    let lines = json!([{"item_type": "labor", "item_id": mason, "quantity": "8", "unit": "hour"}]);
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &lines).await.status, 200);
    assert_eq!(catalogue.reserve(order(2), vendor.vendor_id, &lines).await.code(409), "out_of_stock");
    assert_eq!(catalogue.end(order(1), "commit").await.status, 200);
    assert_eq!(catalogue.reserve(order(2), vendor.vendor_id, &lines).await.status, 200);
    catalogue.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_orders_race_for_three_masons_and_three_get_one() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer_labor(&vendor, MASON, 3).await;
    let mason = catalogue.id(MASON).await;
    let answers = join_all((0..20).map(|n| {
        let catalogue = &catalogue;
        let lines = json!([{"item_type": "labor", "item_id": mason, "quantity": "2", "unit": "day"}]);
        async move {
            loop {
                let answer = catalogue.reserve(order(n), vendor.vendor_id, &lines).await;
                if answer.status != 503 && answer.body["error"]["code"] != "concurrent_change" {
                    return answer.status;
                }
            }
        }
    }))
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 3);
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 17);
    // Nor does the vendor take away workers that orders have.
    let refused = catalogue.change(&vendor, &offer["id"], "*", &json!({"available_workers": 2})).await;
    assert_eq!(refused.code(409), "kept_for_orders");
    catalogue.finish().await;
}

#[tokio::test]
async fn what_nobody_came_for_is_free_again_when_its_time_is_over() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.status, 200);
    catalogue.service.clock.advance(TimeDelta::minutes(89));
    catalogue.sweep().await;
    assert_eq!(catalogue.stock(&offer).await.1, "20");
    catalogue.service.said().await;
    catalogue.service.clock.advance(TimeDelta::minutes(2));
    catalogue.sweep().await;
    assert_eq!(catalogue.stock(&offer).await, ("100".to_owned(), "0".to_owned()));
    let released = catalogue.service.said().await.remove(0).parse::<StockReleased>().unwrap();
    assert_eq!(released.reason, "expired");
    assert_eq!(released.lines[0].quantity.to_string(), "20");
    catalogue.finish().await;
}

#[tokio::test]
async fn a_confirmed_order_keeps_its_stock_until_it_is_delivered() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.status, 200);
    let confirmed = OrderConfirmed {
        order: order_facts(order(1), vendor.vendor_id),
        delivery_address: address(),
        delivery_date: None,
        delivery_slot: None,
        awaiting_since: catalogue.service.clock.now(),
        confirmed_at: catalogue.service.clock.now(),
    };
    assert_eq!(catalogue.service.deliver(ServiceName::Order, &confirmed).await, bus::Outcome::Done);
    catalogue.service.clock.advance(TimeDelta::days(5));
    catalogue.sweep().await;
    assert_eq!(catalogue.stock(&offer).await, ("100".to_owned(), "20".to_owned()));
    let delivered =
        OrderDelivered { order: order_facts(order(1), vendor.vendor_id), delivered_at: catalogue.service.clock.now() };
    let envelope = catalogue.service.envelope(ServiceName::Order, &delivered);
    assert_eq!(catalogue.service.deliver_envelope(envelope.clone()).await, bus::Outcome::Done);
    assert_eq!(catalogue.service.deliver_envelope(envelope).await, bus::Outcome::Duplicate);
    assert_eq!(catalogue.service.deliver(ServiceName::Order, &delivered).await, bus::Outcome::Done);
    assert_eq!(catalogue.stock(&offer).await, ("80".to_owned(), "0".to_owned()));
    catalogue.finish().await;
}

fn address() -> AddressSnapshot {
    serde_json::from_value(json!({
        "address_line1": "Plot 12", "city": "Hyderabad", "state": "Telangana", "state_code": "36", "pincode": "500032",
        "contact_name": "Ravi", "contact_phone": "+919876543211"
    }))
    .unwrap()
}

#[tokio::test]
async fn a_cancelled_order_frees_its_stock_even_when_the_cancellation_comes_first() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.status, 200);
    for n in [1, 2] {
        let event = cancelled(&catalogue, order(n), vendor.vendor_id);
        assert_eq!(catalogue.service.deliver(ServiceName::Order, &event).await, bus::Outcome::Done);
    }
    assert_eq!(catalogue.stock(&offer).await.1, "0");
    assert_eq!(catalogue.reserve(order(2), vendor.vendor_id, &cement(id, "20")).await.code(409), "reservation_ended");
    catalogue.finish().await;
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Reserve(u8),
    Commit(u8),
    Release(u8),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_u8).prop_map(Step::Reserve),
        2 => (0..4_u8).prop_map(Step::Commit),
        2 => (0..4_u8).prop_map(Step::Release),
        1 => Just(Step::Expire),
    ]
}

/// What should be left: a plain count beside the real thing.
#[derive(Default)]
struct Model {
    active: std::collections::BTreeSet<u8>,
    ended: std::collections::BTreeSet<u8>,
    sold: u32,
}

impl Model {
    fn apply(&mut self, step: Step) {
        match step {
            Step::Reserve(n) => {
                let fits = self.sold + 20 * (u32::try_from(self.active.len()).unwrap() + 1) <= 50;
                if !self.ended.contains(&n) && !self.active.contains(&n) && fits {
                    self.active.insert(n);
                }
            }
            Step::Commit(n) => {
                if self.active.remove(&n) {
                    self.ended.insert(n);
                    self.sold += 20;
                }
            }
            Step::Release(n) => {
                self.active.remove(&n);
                self.ended.insert(n);
            }
            Step::Expire => self.ended.append(&mut self.active),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_reserving_committing_releasing_and_expiring_adds_up() {
    let catalogue = Catalogue::seeded().await;
    let id = catalogue.id(CEMENT).await;
    let mut runner = TestRunner::new(proptest::test_runner::Config::default());
    let steps = prop::collection::vec(step(), 1..14);
    for case in 0..30_u128 {
        let vendor = catalogue.vendor().await;
        let offer = catalogue.offer(&vendor, CEMENT, "50").await;
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let order = |n: u8| order(1000 * case + u128::from(n) + 10);
        let mut model = Model::default();
        for &step in &steps {
            match step {
                Step::Reserve(n) => drop(catalogue.reserve(order(n), vendor.vendor_id, &cement(id, "20")).await),
                Step::Commit(n) => drop(catalogue.end(order(n), "commit").await),
                Step::Release(n) => drop(catalogue.end(order(n), "release").await),
                Step::Expire => {
                    sqlx::query("UPDATE stock_reservations SET expires_at = '2026-11-16T04:00:00Z' WHERE status = 'active'")
                        .execute(&catalogue.service.db.pool)
                        .await
                        .unwrap();
                    catalogue.sweep().await;
                }
            }
            model.apply(step);
            let expected = ((50 - model.sold).to_string(), (20 * model.active.len()).to_string());
            assert_eq!(catalogue.stock(&offer).await, expected, "{steps:?} at {step:?}");
        }
    }
    catalogue.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_orders_for_the_same_things_in_opposite_order_do_not_wait_for_each_other_in_a_circle() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    catalogue.offer(&vendor, CEMENT, "1000").await;
    catalogue.offer(&vendor, STEEL, "1000").await;
    let (cement, steel) = (catalogue.id(CEMENT).await, catalogue.id(STEEL).await);
    let answers = join_all((0..40_u128).map(|n| {
        let (first, second) = if n % 2 == 0 { (cement, steel) } else { (steel, cement) };
        let lines = json!([{"item_type": "material", "item_id": first, "quantity": "2"},
                           {"item_type": "material", "item_id": second, "quantity": "3"}]);
        let (catalogue, vendor) = (&catalogue, &vendor);
        async move {
            let reserved = catalogue.reserve(order(n + 1), vendor.vendor_id, &lines).await.status;
            let ended = catalogue.end(order(n + 1), if n % 3 == 0 { "commit" } else { "release" }).await.status;
            (reserved, ended)
        }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == (200, 200)), "{answers:?}");
    catalogue.finish().await;
}
