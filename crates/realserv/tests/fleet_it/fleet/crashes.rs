//! The order service dies at the worst moments.

use crate::{
    books::{Books, End},
    stage::{Served, Stage},
    town::Town,
};
use realserv::demo::api::text;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{task::JoinSet, time::sleep};

/// A dead process' orders are taken over a second later.
const LEASE: (&str, &str) = ("ORDER_SAGA_LEASE_SECONDS", "1");

#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_whole_or_undone_wherever_its_service_dies() {
    let stage = Stage::without("fleet-crashes", "order").await;
    let mut order = stage.serve("order", &[LEASE]).await;
    let town = Town::on(stage).await;
    let books = Books::of(&town.stage);

    for step in ["placed", "reserve_called", "reserved", "payment_opened", "done"] {
        order = an_order_is_whole_after_the_end_at(&town, &books, order, step).await;
    }
    town.fault(json!({ "system": "razorpay", "operation": "create_order", "kind": "status", "value": 503 })).await;
    for step in ["undoing", "release_called"] {
        order = an_order_is_undone_after_the_end_at(&town, &books, order, step).await;
    }
    town.no_faults().await;
    let order = killed_at_any_moment_every_answer_stays_true(&town, &books, order).await;

    books.stock_adds_up().await;
    books.ledger_is_balanced().await;
    drop(order);
}

/// Places an order with a service that ends itself at the step, starts the service again, and gives its last word.
async fn dies_at(town: &Town, order: Served, step: &str) -> (Served, anyhow::Result<Value>) {
    order.kill();
    let mut doomed = town.stage.serve("order", &[LEASE, ("ORDER_CRASH_AFTER", step)]).await;
    let placed = async {
        let status = doomed.ended().await;
        assert!(!status.success(), "it ended in good order at {step}");
        town.stage.serve("order", &[LEASE]).await
    };
    // The app waits, and asks again with the same key while nobody is there.
    let key = format!("crash-{step}");
    let begun = Instant::now();
    let (answer, again) = tokio::join!(town.order(&key, 2), placed);
    println!("{step}: answered after {:.1} s", begun.elapsed().as_secs_f32());
    (again, answer)
}

async fn an_order_is_whole_after_the_end_at(town: &Town, books: &Books, order: Served, step: &str) -> Served {
    let before = books.settled().await.len();
    let (order, answer) = dies_at(town, order, step).await;
    let answer = answer.unwrap_or_else(|error| panic!("after {step}: {error:#}"));
    let ends = books.settled().await;
    assert_eq!(ends.len(), before + 1, "one key, one order, after {step}");
    let id = text(&answer, "/id").unwrap();
    assert_eq!(ends[&id.parse().unwrap()], End::Whole, "after {step}");
    assert!(answer["payment"]["gateway"]["razorpay_order_id"].is_string(), "after {step}: {answer}");
    let again = town.order(&format!("crash-{step}"), 2).await.unwrap();
    assert_eq!(text(&again, "/id").unwrap(), id, "after {step}");
    order
}

async fn an_order_is_undone_after_the_end_at(town: &Town, books: &Books, order: Served, step: &str) -> Served {
    let before = books.settled().await;
    let (order, answer) = dies_at(town, order, step).await;
    let refusal = answer.unwrap_err().to_string();
    assert!(refusal.contains("payment_unavailable"), "after {step}: {refusal}");
    let ends = books.settled().await;
    let fresh: Vec<&End> = ends.iter().filter(|(id, _)| !before.contains_key(id)).map(|(_, end)| end).collect();
    assert_eq!(fresh, [&End::Undone], "after {step}");
    order
}

/// Sixteen orders at once, and SIGKILL whenever.
async fn killed_at_any_moment_every_answer_stays_true(town: &Town, books: &Books, mut order: Served) -> Served {
    let before = books.settled().await;
    let mut asked = JoinSet::new();
    for number in 0..16 {
        let (api, who) = (town.api.clone(), town.bhavana.person.clone());
        let body = town.wants(&town.bhavana, &town.cement, 1);
        asked.spawn(async move { api.post_once("/api/v1/orders", &who, &format!("any-{number}"), &body).await });
    }
    for moment in [150, 400, 250] {
        sleep(Duration::from_millis(moment)).await;
        order.kill();
        order = town.stage.serve("order", &[LEASE]).await;
    }
    let mut promised = Vec::new();
    for answer in asked.join_all().await {
        match answer {
            Ok(placed) => promised.push(text(&placed, "/id").unwrap()),
            Err(refusal) => println!("refused: {refusal:#}"),
        }
    }
    let ends = books.settled().await;
    for id in &promised {
        assert_eq!(ends.get(&id.parse().unwrap()), Some(&End::Whole), "the answer was 201 for {id}");
    }
    let fresh: Vec<&End> = ends.iter().filter(|(id, _)| !before.contains_key(id)).map(|(_, end)| end).collect();
    assert!(fresh.len() <= 16, "{} orders for 16 keys", fresh.len());
    assert_eq!(fresh.iter().filter(|end| ***end == End::Whole).count(), promised.len(), "an order that nobody was told of");
    order
}
