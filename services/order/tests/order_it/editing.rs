//! Items edited before payment: priced anew (rules 21 to 25), stock and payment replaced, races with money decided.

use domain::{Money, ServiceName};
use serde_json::{Value, json};
use testkit::Answer;
use testkit::wiremock::ResponseTemplate;
use uuid::Uuid;

use crate::support::{Placed, REPLACE_PAYMENT, REPLACE_STOCK, VALIDATE, World, refused};

/// Whose items, and which of them.
pub(crate) async fn item_ids(world: &World, order: &Placed) -> Vec<String> {
    let order = world.order(order).await;
    order["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn change(world: &World, order: &Placed, quantity: &str) -> Answer {
    let item = &item_ids(world, order).await[0];
    let path = format!("/api/v1/orders/{}/items/{item}", order.id);
    world.service.put(&path, &world.buyer.token, &json!({ "quantity": quantity })).await
}

async fn add(world: &World, order: &Placed, item: &Value) -> Answer {
    world.service.post(&format!("/api/v1/orders/{}/items", order.id), &world.buyer.token, item).await
}

async fn remove(world: &World, order: &Placed, item: &str) -> Answer {
    world.service.delete(&format!("/api/v1/orders/{}/items/{item}", order.id), &world.buyer.token).await
}

fn sand() -> Value {
    json!({"item_type": "material", "item_id": Uuid::from_u128(0x5a), "quantity": "10"})
}

/// What catalog was told to keep, call by call: revision and quantities.
async fn kept(world: &World) -> Vec<(i64, Vec<String>)> {
    let calls = world.calls_like("PUT", "/internal/v1/reservations/").await;
    calls
        .iter()
        .map(|call| {
            let lines = call["lines"].as_array().unwrap().iter();
            let quantities = lines.map(|line| line["quantity"].to_string().trim_matches('"').to_owned()).collect();
            (call["revision"].as_i64().unwrap(), quantities)
        })
        .collect()
}

/// What payment was told to ask for, call by call.
async fn asked(world: &World) -> Vec<(i64, String)> {
    let calls = world.calls_like("POST", "/replace").await;
    calls.iter().map(|call| (call["revision"].as_i64().unwrap(), call["amount"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn another_quantity_prices_the_whole_order_anew_and_replaces_stock_and_payment() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.service.said().await;
    let answer = change(&world, &order, "74").await;
    let edited = answer.data(200);
    // 74 × 340.00; free delivery from 25,000.00 on (rule 24); 18 % in two halves (rule 23).
    assert_eq!((&edited["subtotal"], &edited["delivery_charge"]), (&json!("25160.00"), &json!("0.00")));
    assert_eq!((&edited["tax"], &edited["total"]), (&json!("4528.80"), &json!("29688.80")));
    assert_eq!(edited["items"][0]["cgst"], "2264.40");
    assert_eq!(edited["payment"]["gateway"]["amount_paise"], 2_968_880);
    assert_eq!(edited["payment"]["gateway"]["razorpay_order_id"], "order_Test2");
    assert_eq!(kept(&world).await, [(2, vec!["74".to_owned()]), (3, vec!["74".to_owned()])]);
    assert_eq!(asked(&world).await, [(2, "29688.80".to_owned())]);
    let said = world.service.said().await;
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].r#type.as_str(), &said[0].data["total"]), ("OrderItemsChanged", &json!("29688.80")));
    assert_eq!(said[0].data["lines"][0]["quantity"], json!("74"), "{}", said[0].data);
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
    let paid = Placed { total: "29688.80".parse().unwrap(), ..order.clone() };
    world.service.deliver(ServiceName::Payment, &world.captured(&paid)).await;
    assert_eq!(world.status(&order).await, "paid");
    world.finish().await;
}

#[tokio::test]
async fn labour_added_to_goods_makes_the_order_mixed_and_taking_it_off_makes_it_material_again() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let labour = json!({"item_type": "labor", "item_id": world.item_id, "quantity": "2", "unit": "day"});
    let answer = add(&world, &order, &labour).await;
    let edited = answer.data(201);
    assert_eq!((&edited["order_type"], &edited["subtotal"]), (&json!("mixed"), &json!("18800.00")));
    let ids = item_ids(&world, &order).await;
    assert_eq!(ids.len(), 2);
    let answer = remove(&world, &order, &ids[1]).await;
    assert_eq!((&answer.data(200)["order_type"], &answer.data(200)["total"]), (&json!("material"), &json!("20270.00")));
    assert_eq!(item_ids(&world, &order).await, ids[..1], "a line that stays keeps its id");
    world.finish().await;
}

#[tokio::test]
async fn while_an_edit_is_open_stock_is_kept_for_both_and_afterwards_for_what_the_order_says() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let _ = change(&world, &order, "40").await.data(200);
    assert_eq!(kept(&world).await, [(2, vec!["50".to_owned()]), (3, vec!["40".to_owned()])]);
    let _ = add(&world, &order, &sand()).await.data(201);
    let both = vec!["40".to_owned(), "10".to_owned()];
    assert_eq!(kept(&world).await[2..], [(4, both.clone()), (5, both)]);
    let validated = world.calls(VALIDATE).await;
    assert_eq!(validated.last().unwrap()["held"].as_array().unwrap().len(), 1, "what it keeps already is there for it");
    world.finish().await;
}

#[tokio::test]
async fn a_cash_order_is_edited_until_its_vendor_confirms() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let _ = change(&world, &order, "40").await.data(200);
    assert_eq!(asked(&world).await.len(), 1);
    let _ = world.confirm(&order).await.data(200);
    assert_eq!(change(&world, &order, "30").await.code(409), "not_editable");
    world.finish().await;
}

#[tokio::test]
async fn the_last_item_cannot_be_removed_nor_a_thing_ordered_twice() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let ids = item_ids(&world, &order).await;
    assert_eq!(remove(&world, &order, &ids[0]).await.code(409), "last_item");
    let again = json!({"item_type": "material", "item_id": world.item_id, "quantity": "1"});
    assert_eq!(add(&world, &order, &again).await.code(409), "item_there_already");
    assert_eq!(remove(&world, &order, &Uuid::nil().to_string()).await.code(404), "not_found");
    assert_eq!(change(&world, &order, "0").await.code(422), "validation_failed");
    assert!(kept(&world).await.is_empty() && asked(&world).await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn only_its_buyer_edits_an_order() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let item = &item_ids(&world, &order).await[0];
    let path = format!("/api/v1/orders/{}/items/{item}", order.id);
    let stranger = world.service.people.buyer();
    assert_eq!(world.service.put(&path, &stranger.token, &json!({"quantity": "1"})).await.code(404), "not_found");
    for token in [&world.vendor.token, &world.service.people.admin(domain::AdminRole::Operations).token] {
        assert_eq!(world.service.put(&path, token, &json!({"quantity": "1"})).await.code(403), "forbidden");
        assert_eq!(world.service.delete(&path, token).await.code(403), "forbidden");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_paid_or_cancelled_order_is_not_edited() {
    let world = World::new().await;
    let (paid, cancelled) = (world.paid().await, world.placed("online").await);
    let _ = world.cancel(&cancelled, &world.buyer.token).await.data(200);
    for order in [&paid, &cancelled] {
        assert_eq!(change(&world, order, "40").await.code(409), "not_editable");
        assert_eq!(add(&world, order, &sand()).await.code(409), "not_editable");
    }
    assert!(kept(&world).await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn an_edit_without_stock_changes_nothing() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.instead_like("PUT", REPLACE_STOCK, 1, refused(409, "out_of_stock", "there is not enough of everything")).await;
    assert_eq!(change(&world, &order, "60").await.code(409), "out_of_stock");
    assert_eq!(world.order(&order).await["total"], "20270.00");
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
    assert!(asked(&world).await.is_empty());
    let _ = change(&world, &order, "60").await.data(200);
    world.finish().await;
}

#[tokio::test]
async fn an_edit_whose_payment_cannot_be_replaced_goes_back_in_whole() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.instead_like("POST", REPLACE_PAYMENT, 3, ResponseTemplate::new(500)).await;
    let answer = change(&world, &order, "60").await;
    assert_eq!(answer.code(503), "payment_unavailable");
    assert_eq!(world.order(&order).await["total"], "20270.00");
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
    assert_eq!(kept(&world).await, [(2, vec!["60".to_owned()]), (3, vec!["50".to_owned()])]);
    assert_eq!(asked(&world).await.last().unwrap(), &(3, "20270.00".to_owned()), "it may have heard of the edit");
    assert_eq!(world.service.said_types().await, ["OrderPlaced"]);
    world.finish().await;
}

#[tokio::test]
async fn an_edit_that_meets_money_on_its_way_waits_for_what_the_money_says() {
    for (amount, quantity) in [("20270.00", "50"), ("24282.00", "60")] {
        let world = World::new().await;
        let order = world.placed("online").await;
        // Both times: when asked for the new amount, and when asked for the old one.
        world.instead_like("POST", REPLACE_PAYMENT, 2, refused(409, "payment_under_way", "money is held")).await;
        assert_eq!(change(&world, &order, "60").await.code(409), "not_editable");
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "edit_undoing");
        assert_eq!(change(&world, &order, "70").await.code(409), "request_in_progress");
        let amount: Money = amount.parse().unwrap();
        let paid = Placed { total: amount, ..order.clone() };
        world.service.deliver(ServiceName::Payment, &world.captured(&paid)).await;
        world.leases_run_out().await;
        assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
        let order = world.order(&order).await;
        assert_eq!((&order["status"], &order["total"]), (&json!("paid"), &json!(amount)));
        assert_eq!(kept(&world).await.last().unwrap(), &(3, vec![quantity.to_owned()]), "stock is kept for what was paid");
        world.finish().await;
    }
}

#[tokio::test]
async fn money_for_the_old_items_after_an_edit_is_not_taken_for_the_new_ones() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let _ = change(&world, &order, "60").await.data(200);
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    assert_eq!(world.status(&order).await, "pending");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_edits_at_once_each_happens_in_whole_or_not_at_all() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let edits = (60..68).map(|quantity| {
        let (world, order) = (&world, &order);
        async move { (quantity, change(world, order, &quantity.to_string()).await) }
    });
    let answers = futures::future::join_all(edits).await;
    assert!(answers.iter().any(|(_, answer)| answer.status == 200));
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.status != 200) {
        assert!(["request_in_progress", "concurrent_change"].contains(&answer.code(409)), "{}", answer.body);
    }
    let last = kept(&world).await.into_iter().max_by_key(|(revision, _)| *revision).unwrap();
    let stands = world.order(&order).await["items"][0]["quantity"].to_string();
    assert_eq!(last.1, [stands.trim_matches('"').to_owned()], "stock is kept for what the order says");
    let asked = asked(&world).await.into_iter().max_by_key(|(revision, _)| *revision).unwrap();
    assert_eq!(json!(asked.1), world.order(&order).await["total"]);
    world.finish().await;
}

#[tokio::test]
async fn a_cancellation_in_the_middle_of_an_edit_stands() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.instead_like("POST", REPLACE_PAYMENT, 6, ResponseTemplate::new(503)).await;
    assert_eq!(change(&world, &order, "60").await.code(503), "payment_unavailable");
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "edit_undoing");
    let _ = world.cancel(&order, &world.buyer.token).await.data(200);
    world.instead_like("PUT", REPLACE_STOCK, 1, refused(409, "reservation_ended", "it was released")).await;
    world.leases_run_out().await;
    order::finish_sagas(&world.service.app).await.unwrap();
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
    assert_eq!(world.status(&order).await, "cancelled");
    world.finish().await;
}
