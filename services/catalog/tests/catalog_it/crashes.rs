//! Rule 26 while connections break in the middle of transactions and everything is sent more than once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::events::OrderDelivered;
use domain::{Clock as _, OrderId, ServiceName, VendorId};
use futures::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use testkit::Answer;
use uuid::Uuid;

use crate::reservations::{cancelled, order_facts};
use crate::support::{CEMENT, Catalogue, MASON, STEEL, order};

#[derive(Debug, Clone, Copy)]
enum Act {
    Reserve(u32),
    Replace(i64, u32),
    Commit,
    Release,
    Delivered,
    Cancelled,
    Sweep,
}

/// Which order, what happens to it, how often it is sent.
type Sent = (u8, Act, u8);

fn act() -> impl Strategy<Value = Sent> {
    let act = prop_oneof![
        6 => (1..30_u32).prop_map(Act::Reserve),
        3 => (2..5_i64, 1..30_u32).prop_map(|(revision, bags)| Act::Replace(revision, bags)),
        2 => Just(Act::Commit),
        2 => Just(Act::Release),
        1 => Just(Act::Delivered),
        1 => Just(Act::Cancelled),
        1 => Just(Act::Sweep),
    ];
    (0..8_u8, act, 1..3_u8)
}

/// Breaks connections of the service, those at work first, until it is told to stop.
async fn break_connections(url: &str, stop: &AtomicBool, broken: &AtomicU32) {
    let mut own = PgConnection::connect(url).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let done: Option<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
              ORDER BY state = 'idle', random() LIMIT 1",
        )
        .fetch_optional(&mut own)
        .await
        .unwrap();
        broken.fetch_add(u32::from(done == Some(true)), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(12)).await;
    }
}

struct Shop<'a> {
    catalogue: &'a Catalogue,
    vendor: VendorId,
    items: [Uuid; 3],
    first: u128,
}

impl Shop<'_> {
    fn order(&self, n: u8) -> OrderId {
        order(self.first + u128::from(n))
    }

    fn lines(&self, bags: u32) -> Value {
        let [cement, steel, mason] = self.items;
        let mut lines = vec![json!({"item_type": "material", "item_id": cement, "quantity": bags.to_string()})];
        if bags.is_multiple_of(2) {
            lines.push(json!({"item_type": "material", "item_id": steel, "quantity": (31 - bags).to_string()}));
        }
        if bags.is_multiple_of(3) {
            lines.push(json!({"item_type": "labor", "item_id": mason, "quantity": "1", "unit": "day"}));
        }
        Value::Array(lines)
    }

    /// Sends it until somebody answers, as our services do.
    async fn answered<F: Future<Output = Answer>>(&self, ask: impl Fn() -> F) -> Answer {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = ask().await;
            let code = answer.body["error"]["code"].as_str().unwrap_or_default().to_owned();
            if answer.status < 500 && code != "concurrent_change" {
                return answer;
            }
            assert!(Instant::now() < end, "{} {}", answer.status, answer.body);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Does it; answers the status, when there is one.
    async fn act(&self, (n, act, _): Sent) -> Option<u16> {
        let (catalogue, order) = (self.catalogue, self.order(n));
        match act {
            Act::Reserve(bags) => {
                let lines = self.lines(bags);
                Some(self.answered(|| catalogue.reserve(order, self.vendor, &lines)).await.status)
            }
            Act::Replace(revision, bags) => {
                let lines = self.lines(bags);
                Some(self.answered(|| catalogue.replace(order, revision, &lines)).await.status)
            }
            Act::Commit => Some(self.answered(|| catalogue.end(order, "commit")).await.status),
            Act::Release => Some(self.answered(|| catalogue.end(order, "release")).await.status),
            Act::Delivered => {
                let delivered_at = catalogue.service.clock.now();
                let event = OrderDelivered { order: order_facts(order, self.vendor), delivered_at };
                self.heard(catalogue.service.envelope(ServiceName::Order, &event)).await
            }
            Act::Cancelled => {
                let event = cancelled(catalogue, order, self.vendor);
                self.heard(catalogue.service.envelope(ServiceName::Order, &event)).await
            }
            Act::Sweep => {
                // One that breaks is followed by the next round.
                let _ = catalog::sweep_once(&catalogue.service.app).await;
                None
            }
        }
    }

    /// The bus brings it until it is taken.
    async fn heard(&self, envelope: domain::events::Envelope) -> Option<u16> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            match self.catalogue.service.deliver_envelope(envelope.clone()).await {
                bus::Outcome::Done | bus::Outcome::Duplicate => return None,
                other => assert!(Instant::now() < end, "{other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn one_race(catalogue: &Catalogue, case: u128, acts: &[Sent]) -> u32 {
    let vendor = catalogue.vendor().await;
    let batches = json!([{"batch_number": "A", "expires_on": "2026-12-15", "quantity": "25"},
                         {"batch_number": "B", "expires_on": "2027-01-31", "quantity": "20"}]);
    let items = [catalogue.id(CEMENT).await, catalogue.id(STEEL).await, catalogue.id(MASON).await];
    // In every other race the cement comes in batches, and part of it is of no known age.
    let mut body = json!({"material_id": items[0], "stock_quantity": "60"});
    if case % 2 == 1 {
        body["batches"] = batches;
    }
    let bags = catalogue.service.post("/api/v1/inventory", &vendor.token, &body).await.data(201).clone();
    let rods = catalogue.offer(&vendor, STEEL, "60").await;
    catalogue.offer_labor(&vendor, MASON, 2).await;
    let shop = Shop { catalogue, vendor: vendor.vendor_id, items, first: 1000 * case + 10 };
    let (stop, broken) = (AtomicBool::new(false), AtomicU32::new(0));
    let work = async {
        let lanes = (0..6).map(|lane| {
            let (shop, acts) = (&shop, acts.iter().skip(lane).step_by(6));
            async move {
                let mut answers = Vec::new();
                for sent in acts {
                    // The same, several times at once.
                    let statuses = join_all((0..sent.2).map(|_| shop.act(*sent))).await;
                    answers.extend(statuses.into_iter().flatten().map(|status| (*sent, status)));
                }
                answers
            }
        });
        let answers: Vec<(Sent, u16)> = join_all(lanes).await.concat();
        stop.store(true, Ordering::Relaxed);
        answers
    };
    let (answers, ()) = tokio::join!(work, break_connections(&catalogue.service.db.url, &stop, &broken));
    settle(catalogue).await;

    assert_eq!(catalogue.mismatches().await, [], "{acts:?}");
    let ended = |wanted: fn(&Act) -> bool| -> BTreeSet<u8> {
        answers.iter().filter(|((_, act, _), status)| wanted(act) && *status == 200).map(|((n, ..), _)| *n).collect()
    };
    let (left, freed) = (ended(|act| matches!(act, Act::Commit)), ended(|act| matches!(act, Act::Release)));
    assert!(left.is_disjoint(&freed), "goods that left were freed too: {acts:?}");
    for (offer, item) in [(&bags, items[0]), (&rods, items[1])] {
        let sold: domain::Quantity = sqlx::query_scalar(
            "SELECT coalesce(sum(l.quantity), 0) FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
              WHERE r.vendor_id = $1 AND r.status = 'committed' AND l.item_id = $2",
        )
        .bind(vendor.vendor_id.as_uuid())
        .bind(item)
        .fetch_one(&catalogue.service.db.pool)
        .await
        .unwrap();
        let left: domain::Quantity = catalogue.stock(offer).await.0.parse().unwrap();
        assert_eq!(left.checked_add(sold), Some(domain::Quantity::from_whole(60)), "{acts:?}");
    }
    // Each end is told once, and nothing else happens to what has ended.
    let twice: i64 = catalogue
        .count("(SELECT aggregate_id FROM outbox WHERE event_type IN ('StockCommitted', 'StockReleased') GROUP BY 1 HAVING count(*) > 1) x")
        .await;
    assert_eq!(twice, 0, "{acts:?}");
    broken.into_inner()
}

/// Until the pool has nothing but connections that work.
async fn settle(catalogue: &Catalogue) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut good = 0;
    while good < 40 {
        let fine = sqlx::query("SELECT 1").execute(&catalogue.service.db.pool).await.is_ok();
        good = if fine { good + 1 } else { 0 };
        assert!(Instant::now() < end, "the pool does not recover");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_in_the_middle_and_however_often_it_is_sent_the_stock_adds_up() {
    let catalogue = Catalogue::seeded().await;
    let mut runner = TestRunner::new(proptest::test_runner::Config::default());
    let acts = prop::collection::vec(act(), 30..60);
    let mut broken = 0;
    for case in 0..8 {
        let acts = acts.new_tree(&mut runner).unwrap().current();
        broken += one_race(&catalogue, case, &acts).await;
    }
    assert!(broken > 20, "only {broken} connections were broken");
    catalogue.finish().await;
}

/// A statement that waits for a lock and is cut off then leaves nothing behind, and the next one finds all as it was.
#[tokio::test]
async fn a_reservation_that_is_cut_off_while_it_waits_has_kept_nothing() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let lines = json!([{"item_type": "material", "item_id": catalogue.id(CEMENT).await, "quantity": "20"}]);
    catalogue.service.said().await;
    let mut other = PgConnection::connect(&catalogue.service.db.url).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM vendor_inventory FOR UPDATE").execute(&mut *tx).await.unwrap();
    let cut = async {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let done: Option<bool> = sqlx::query_scalar(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()",
            )
            .fetch_optional(&mut *tx)
            .await
            .unwrap();
            if done == Some(true) {
                return;
            }
            assert!(Instant::now() < end, "nobody waits");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let (answer, ()) = tokio::join!(catalogue.reserve(order(1), vendor.vendor_id, &lines), cut);
    assert_eq!(answer.status, 503, "{}", answer.body);
    tx.rollback().await.unwrap();
    settle(&catalogue).await;
    assert_eq!(catalogue.stock(&offer).await.1, "0");
    assert_eq!(catalogue.service.said_types().await, Vec::<String>::new());
    assert_eq!(catalogue.reserve(order(1), vendor.vendor_id, &lines).await.status, 200);
    catalogue.finish().await;
}
