//! Placing and pricing (rules 14, 19, 20, 23, 24, 25, 33).

use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{AREA, OPEN_ONLINE, Placed, RESERVE, VALIDATE, World, area, ok, refused};

#[tokio::test]
async fn an_online_order_is_priced_reserved_and_opened_for_payment() {
    let world = World::new().await;
    let answer = world.place_with(&world.basket("online"), "k1").await;
    let order = answer.data(201);
    assert_eq!(order["order_number"], "ORD000001");
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("pending"), &json!("pending")));
    // 50 × 340.00, 7.4 km: 150 + 3 × 20, 18 % in two halves.
    assert_eq!(order["subtotal"], "17000.00");
    assert_eq!(order["delivery_charge"], "210.00");
    assert_eq!(order["tax"], "3060.00");
    assert_eq!(order["total"], "20270.00");
    let line = &order["items"][0];
    assert_eq!((&line["cgst"], &line["sgst"], &line["igst"]), (&json!("1530.00"), &json!("1530.00"), &json!("0.00")));
    assert_eq!(order["payment"]["gateway"]["amount_paise"], 2_027_000);
    assert_eq!(order["history"][0]["new_status"], "pending");
    assert_eq!(order["history"][0]["changed_via"], "mobile");
    assert_eq!(order["delivery_address"]["contact_name"], "Asha Reddy");
    assert_eq!(world.calls(RESERVE).await.len(), 1);
    assert_eq!(world.calls(OPEN_ONLINE).await.len(), 1);
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "done");
    assert_eq!(world.service.said_types().await, ["OrderPlaced"]);
    world.finish().await;
}

#[tokio::test]
async fn a_cash_order_waits_for_its_vendor_at_once() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let spoken = world.order(&order).await;
    assert_eq!(spoken["awaiting_since"], spoken["created_at"]);
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE kind LIKE 'vendor_%' AND state = 'pending'").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE kind = 'payment_timeout'").await, 0);
    assert_eq!(world.text("SELECT status FROM orders").await, "pending");
    world.finish().await;
}

#[tokio::test]
async fn a_quote_says_the_price_of_the_order_and_keeps_nothing() {
    let world = World::new().await;
    let answer = world.service.post("/api/v1/orders/quote", &world.buyer.token, &world.basket("online")).await;
    let quote = answer.data(200);
    assert_eq!((&quote["total"], &quote["order_type"]), (&json!("20270.00"), &json!("material")));
    assert_eq!(quote["items"][0]["total_price"], "17000.00");
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM idempotency_keys").await, 0);
    assert!(world.calls(RESERVE).await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn the_order_type_is_derived_and_labour_is_taxed_where_the_site_is() {
    let world = World::new().await;
    world.instead("GET", &format!("/internal/v1/addresses/{}", world.address_id), 9, ok(&world.address("29"))).await;
    let mut basket = world.basket("online");
    basket["items"] = json!([
        {"item_type": "material", "item_id": world.item_id, "quantity": "10"},
        {"item_type": "labor", "item_id": world.item_id, "quantity": 2, "unit": "day"},
    ]);
    let answer = world.place_with(&basket, "k").await;
    let order = answer.data(201);
    assert_eq!(order["order_type"], "mixed");
    assert_eq!((&order["items"][0]["igst"], &order["items"][0]["cgst"]), (&json!("612.00"), &json!("0.00")));
    assert_eq!((&order["items"][1]["igst"], &order["items"][1]["cgst"]), (&json!("324.00"), &json!("0.00")));
    world.finish().await;
}

#[tokio::test]
async fn delivery_is_free_from_twenty_five_thousand_rupees() {
    let world = World::new().await;
    let mut basket = world.basket("online");
    basket["items"][0]["quantity"] = json!("74");
    let answer = world.service.post("/api/v1/orders/quote", &world.buyer.token, &basket).await;
    assert_eq!(answer.data(200)["delivery_charge"], "0.00");
    basket["items"][0]["quantity"] = json!("73");
    let answer = world.service.post("/api/v1/orders/quote", &world.buyer.token, &basket).await;
    assert_eq!(answer.data(200)["delivery_charge"], "210.00");
    world.finish().await;
}

#[tokio::test]
async fn the_delivery_charge_is_a_line_with_its_own_rate_by_configuration() {
    let world = World::with(&["--delivery-gst-rate", "18.00", "--delivery-tax-code", "996511"]).await;
    let answer = world.place_with(&world.basket("online"), "k").await;
    let order = answer.data(201);
    let tax = &order["delivery_tax"];
    assert_eq!((&tax["tax_code"], &tax["cgst"], &tax["sgst"]), (&json!("996511"), &json!("18.90"), &json!("18.90")));
    assert_eq!((&order["tax"], &order["total"]), (&json!("3097.80"), &json!("20307.80")));
    world.finish().await;
}

#[tokio::test]
async fn the_same_key_answers_the_same_order_with_201_again_whatever_changed_meanwhile() {
    let world = World::new().await;
    let first = world.place_with(&world.basket("online"), "again").await;
    world.instead("POST", VALIDATE, 9, refused(503, "down", "down")).await;
    let second = world.place_with(&world.basket("online"), "again").await;
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let world = World::new().await;
    let _ = world.place_with(&world.basket("online"), "k").await.data(201);
    assert_eq!(world.place_with(&world.basket("cod"), "k").await.code(422), "idempotency_key_reused");
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let first = Placed::of(world.place_with(&world.basket("cod"), "k").await.data(201));
    world.advance(24 * 60 + 1);
    let buyer_again = world.service.people.token(
        &world.buyer.uid,
        &json!({
        "app_user_id": world.buyer.user_id, "user_type": "buyer", "buyer_id": world.buyer.buyer_id, "status": "active"}),
    );
    let headers = [("idempotency-key", "k")];
    let body = world.basket("cod");
    let answer = world.service.send(reqwest::Method::POST, "/api/v1/orders", Some(&buyer_again), Some(&body), &headers).await;
    assert_ne!(Placed::of(answer.data(201)).id, first.id);
    world.service.run_due_jobs().await;
    world.finish().await;
}

#[tokio::test]
async fn a_key_is_required() {
    let world = World::new().await;
    let answer = world.service.post("/api/v1/orders", &world.buyer.token, &world.basket("online")).await;
    assert_eq!(answer.code(400), "idempotency_key_required");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_callers_with_one_key_make_one_order() {
    let world = World::new().await;
    let body = world.basket("online");
    let calls = (0..200).map(|_| world.place_with(&body, "one"));
    let answers: Vec<Answer> = futures::future::join_all(calls).await;
    let made: Vec<&Value> = answers.iter().filter(|a| a.status == 201).map(|a| &a.body["data"]["id"]).collect();
    assert!(!made.is_empty());
    assert!(made.iter().all(|id| *id == made[0]));
    for refused in answers.iter().filter(|a| a.status != 201) {
        assert_eq!(refused.code(409), "request_in_progress");
    }
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 1);
    assert_eq!(world.calls(RESERVE).await.len(), 1);
    assert_eq!(world.calls(OPEN_ONLINE).await.len(), 1);
    assert_eq!(world.place_with(&body, "one").await.data(201)["id"], *made[0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_placements_at_once_all_get_their_order() {
    let world = World::new().await;
    let body = world.basket("online");
    let calls = (0..200).map(|number| {
        let (world, body) = (&world, &body);
        async move { world.place_with(body, &format!("of-many-{number}")).await }
    });
    let answers: Vec<Answer> = futures::future::join_all(calls).await;
    let mut numbers: Vec<String> =
        answers.iter().map(|answer| answer.data(201)["order_number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 200);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_get_a_turn_in_time_is_sent_away_and_may_come_again_with_the_same_key() {
    let world = World::with(&["--order-placements-at-once", "1", "--order-placement-wait-millis", "300"]).await;
    let slow = ok(&json!({"order_id": uuid::Uuid::nil(), "status": "active"})).set_delay(std::time::Duration::from_secs(3));
    world.instead("POST", RESERVE, 1, slow).await;
    let body = world.basket("online");
    let (one, two) = tokio::join!(world.place_with(&body, "one"), async {
        // The other one has its turn.
        while world.calls(RESERVE).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.place_with(&body, "two").await
    });
    let _ = one.data(201);
    assert_eq!(two.code(503), "overloaded");
    assert!(two.headers.contains_key("retry-after"));
    assert_eq!(world.count("SELECT count(*) FROM idempotency_keys WHERE key = 'two'").await, 0);
    let _ = world.place_with(&body, "two").await.data(201);
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_kept_of_a_request_that_failed_validation() {
    let world = World::new().await;
    let mut bad = world.basket("online");
    bad["items"][0]["quantity"] = json!("0");
    assert_eq!(world.place_with(&bad, "k").await.code(422), "validation_failed");
    bad = world.basket("online");
    bad["colour"] = json!("red");
    assert_eq!(world.place_with(&bad, "k").await.code(422), "validation_failed");
    bad = world.basket("online");
    bad["items"] = json!([bad["items"][0], bad["items"][0]]);
    assert_eq!(world.place_with(&bad, "k").await.code(422), "validation_failed");
    bad = world.basket("online");
    bad["delivery_date"] = json!("2026-11-15");
    assert_eq!(world.place_with(&bad, "k").await.code(422), "validation_failed");
    assert_eq!(world.count("SELECT count(*) FROM idempotency_keys").await, 0);
    let _ = world.place_with(&world.basket("online"), "k").await.data(201);
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_who_is_closed_or_not_active_takes_no_orders() {
    let world = World::new().await;
    for (field, value) in [("is_accepting_orders", json!(false)), ("status", json!("suspended"))] {
        let mut facts = world.vendor_facts();
        facts[field] = value;
        world.instead("GET", &world.vendor_path(), 1, ok(&facts)).await;
        assert_eq!(world.place_with(&world.basket("online"), "k").await.code(409), "vendor_not_available");
    }
    world.instead("GET", &world.vendor_path(), 1, refused(404, "not_found", "vendor not found")).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(409), "vendor_not_available");
    world.finish().await;
}

#[tokio::test]
async fn an_address_outside_the_service_area_is_refused() {
    let world = World::new().await;
    world.instead("POST", AREA, 1, ok(&area(false, 80_000))).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(422), "outside_service_area");
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_address_is_no_address() {
    let world = World::new().await;
    let mut address = world.address("36");
    address["buyer_id"] = json!(world.vendor.user_id);
    world.instead("GET", &format!("/internal/v1/addresses/{}", world.address_id), 1, ok(&address)).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(422), "address_not_found");
    world.finish().await;
}

#[tokio::test]
async fn refused_lines_are_named_one_by_one() {
    let world = World::new().await;
    let line = |code: &str| json!({"outcome": "refused", "code": code, "message": "at least 10 bags"});
    world.instead("POST", VALIDATE, 1, ok(&json!({"lines": [line("below_minimum")]}))).await;
    let answer = world.place_with(&world.basket("online"), "k").await;
    assert_eq!(answer.code(422), "items_refused");
    assert_eq!(answer.body["error"]["details"][0]["field"], "items[0]");
    assert_eq!(answer.body["error"]["details"][0]["code"], "below_minimum");
    world.instead("POST", VALIDATE, 1, ok(&json!({"lines": [line("out_of_stock")]}))).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(409), "out_of_stock");
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_neighbour_that_is_down_is_503_and_nothing_is_kept() {
    let world = World::new().await;
    world.instead("POST", VALIDATE, 1, refused(503, "down", "down")).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(503), "dependency_unavailable");
    let _ = world.place_with(&world.basket("online"), "k").await.data(201);
    world.finish().await;
}

#[tokio::test]
async fn the_commission_is_frozen_when_the_order_is_placed() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let mut facts = world.vendor_facts();
    facts["commission_rate"] = json!("9.00");
    world.instead("GET", &world.vendor_path(), 9, ok(&facts)).await;
    let token = world.service.service_token(domain::ServiceName::VendorManagement);
    let answer = world.service.get(&format!("/internal/v1/orders/{}", order.id), &token).await;
    assert_eq!(answer.data(200)["commission_rate"], "5.00");
    world.finish().await;
}
