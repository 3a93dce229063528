//! Items edited before payment, with the real catalog and payment, and with an order service that dies in between.

use crate::{
    books::Books,
    stage::{PATIENCE, Served, Stage},
    town::Town,
};
use realserv::demo::api::text;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A dead process' edits are taken over a second later, and finished however long its restart took on a busy machine.
const LEASE: (&str, &str) = ("ORDER_SAGA_LEASE_SECONDS", "1");
const DEADLINE: (&str, &str) = ("ORDER_SAGA_DEADLINE_SECONDS", "3600");

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_order_its_stock_and_its_payment_say_the_same_wherever_the_order_service_dies() {
    let stage = Stage::without("fleet-editing", "order").await;
    let mut order = stage.serve("order", &[LEASE, DEADLINE]).await;
    let town = Town::on(stage).await;
    let books = Books::of(&town.stage);
    money_for_the_items_before_goes_back_and_money_for_those_after_counts(&town, &books).await;
    let steps = [
        ("edit_begun", true),
        ("edit_reserve_called", true),
        ("edit_reserved", true),
        ("edit_payment_called", true),
        ("edit_done", true),
        ("edit_settled", true),
    ];
    for (step, edited) in steps {
        order = dies_at(&town, &books, order, step, edited).await;
    }
    town.fault(json!({ "system": "razorpay", "operation": "create_order", "kind": "status", "value": 503 })).await;
    order = dies_at(&town, &books, order, "edit_undoing", false).await;
    books.stock_adds_up().await;
    books.ledger_is_balanced().await;
    drop(order);
}

async fn edit(town: &Town, order: &Value, bags: u32) -> anyhow::Result<(u16, Value)> {
    let path = format!("/api/v1/orders/{}/items/{}", text(order, "/id")?, text(order, "/items/0/id")?);
    let body = json!({ "quantity": bags.to_string() });
    town.api.call(Method::PUT, &path, Some(&town.bhavana.person), Some(&body)).await
}

async fn money_for_the_items_before_goes_back_and_money_for_those_after_counts(town: &Town, books: &Books) {
    let before = town.order("edited", 10).await.unwrap();
    let (status, after) = edit(town, &before, 25).await.unwrap();
    assert_eq!(status, 200, "{after}");
    let after = &after["data"];
    assert_ne!(after["payment"]["gateway"]["razorpay_order_id"], before["payment"]["gateway"]["razorpay_order_id"]);
    agreed(books, id(&before), "25", &text(after, "/total").unwrap()).await.unwrap();

    // The buyer had the first checkout open still.
    let paid = town.pays(&before).await;
    let begun = Instant::now();
    loop {
        let back = town.at_razorpay("refunds").await.into_iter().filter(|one| one["payment_id"] == paid["razorpay_payment_id"]);
        if back.map(|one| one["amount"].as_i64().unwrap()).sum::<i64>() > 0 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "money on a replaced gateway order does not go back: {paid}");
        sleep(Duration::from_millis(200)).await;
    }
    let path = text(&before, "/id").unwrap();
    let now = town.order_until(&path, |_| true).await;
    assert_eq!((&now["status"], &now["total"]), (&json!("pending"), &after["total"]), "{now}");
    town.pays(after).await;
    town.order_until(&path, |order| order["status"] == "paid" && order["payment_status"] == "paid").await;
    let (status, refused) = edit(town, &before, 30).await.unwrap();
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("not_editable")), "{refused}");
    books.ledger_is_balanced().await;
}

/// Edits an order with a service that ends itself at the step, starts it again, and looks at what came of it.
async fn dies_at(town: &Town, books: &Books, order: Served, step: &str, edited: bool) -> Served {
    let placed = if edited {
        town.order(&format!("edit-{step}"), 10).await.unwrap()
    } else {
        town.no_faults().await;
        let placed = town.order(&format!("edit-{step}"), 10).await.unwrap();
        town.fault(json!({ "system": "razorpay", "operation": "create_order", "kind": "status", "value": 503 })).await;
        placed
    };
    order.kill();
    let mut doomed = town.stage.serve("order", &[LEASE, DEADLINE, ("ORDER_CRASH_AFTER", step)]).await;
    // The app waits, and asks again while nobody is there.
    let (answer, order) = tokio::join!(edit(town, &placed, 25), async {
        assert!(!doomed.ended().await.success(), "it ended in good order at {step}");
        if !edited {
            town.no_faults().await;
        }
        town.stage.serve("order", &[LEASE, DEADLINE]).await
    });
    println!("{step}: the buyer got {:?}", answer.map(|(status, _)| status));
    let begun = Instant::now();
    let path = text(&placed, "/id").unwrap();
    loop {
        let step_now: String = sqlx::query_scalar("SELECT step FROM order_sagas WHERE order_id = $1")
            .bind(id(&placed))
            .fetch_one(&books.order)
            .await
            .unwrap();
        if step_now == "done" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "neither edited nor as before after {step}: {step_now}");
        sleep(Duration::from_millis(200)).await;
    }
    println!("{step}: settled {:.1} s after the restart", begun.elapsed().as_secs_f32());
    let stands = town.order_until(&path, |_| true).await;
    let bags = text(&stands, "/items/0/quantity").unwrap();
    // An edit that went back is what it was, unless the app came again with it.
    assert!(bags == "25" || (!edited && bags == "10"), "after {step}: {stands}");
    agreed(books, id(&placed), &bags, &text(&stands, "/total").unwrap())
        .await
        .unwrap_or_else(|why| panic!("after {step}: {why}"));
    order
}

/// Catalog keeps so many bags, payment asks for so much.
async fn agreed(books: &Books, order: Uuid, bags: &str, total: &str) -> Result<(), String> {
    let kept: String =
        sqlx::query_scalar("SELECT trim_scale(sum(quantity))::text FROM stock_reservation_lines WHERE order_id = $1")
            .bind(order)
            .fetch_one(&books.catalog)
            .await
            .map_err(|error| error.to_string())?;
    let asked = books.payment(order).await.amount;
    if (kept.as_str(), asked.as_str()) == (bags, total) { Ok(()) } else { Err(format!("{kept} bags kept, ₹{asked} asked for")) }
}

fn id(order: &Value) -> Uuid {
    text(order, "/id").unwrap().parse().unwrap()
}
