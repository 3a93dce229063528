//! What the other files leave of rules 12 to 25: who ends an order and what follows, deliveries that fail, whose tax.

use domain::events::{DeliveryFailed, RefundProcessed};
use domain::{AdminRole, Clock as _, ServiceName};
use serde_json::json;

use crate::support::{AREA, Placed, VALIDATE, World, area, ok};

#[tokio::test]
async fn rule_12_staff_cancels_until_it_is_on_its_way_and_the_system_never_what_was_confirmed() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    for order in [world.placed("online").await, world.paid().await, world.confirmed().await] {
        let answer = world.cancel(&order, &staff.token).await;
        assert_eq!(answer.data(200)["cancellation"]["code"], "admin");
        assert_eq!(answer.data(200)["cancellation"]["by"], "admin");
    }
    let confirmed = world.confirmed().await;
    world.advance(24 * 60);
    world.service.run_due_jobs().await;
    let status: String = sqlx::query_scalar("SELECT status FROM orders WHERE id = $1")
        .bind(confirmed.id.as_uuid())
        .fetch_one(&world.service.db.pool)
        .await
        .unwrap();
    assert_eq!(status, "confirmed");
    world.finish().await;
}

#[tokio::test]
async fn rule_12_each_cancellation_says_who_and_whether_money_goes_back() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let cases = [
        (world.buyer.token.clone(), "buyer", "buyer_request"),
        (world.vendor.token.clone(), "vendor", "vendor_rejected"),
        (staff.token.clone(), "admin", "admin"),
    ];
    for (token, who, code) in cases {
        for (order, paid) in
            [(world.placed("online").await, false), (world.paid().await, true), (world.placed("cod").await, false)]
        {
            world.service.said().await;
            let _ = world.cancel(&order, &token).await.data(200);
            let said = world.service.said().await;
            assert_eq!(said.len(), if who == "admin" { 2 } else { 1 }, "what staff do is audited as well");
            let event = &said[0].data;
            assert_eq!((&event["cancelled_by"], &event["reason_code"]), (&json!(who), &json!(code)));
            assert_eq!(event["was_paid"], json!(paid));
            assert_eq!(said[0].actor.kind.as_str(), who);
        }
    }
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE state = 'pending'").await, 0, "nothing follows any more");
    world.finish().await;
}

#[tokio::test]
async fn rule_14_labour_alone_is_a_labour_order_from_placing_to_its_end() {
    let world = World::new().await;
    let mut basket = world.basket("online");
    basket["items"] = json!([{"item_type": "labor", "item_id": world.item_id, "quantity": "2.5", "unit": "day"}]);
    let answer = world.place_with(&basket, "k").await;
    let data = answer.data(201);
    assert_eq!((&data["order_type"], &data["subtotal"]), (&json!("labor"), &json!("2250.00")));
    let order = Placed::of(data);
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    let _ = world.confirm(&order).await.data(200);
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    assert_eq!(world.status(&order).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn a_delivery_that_fails_leaves_the_order_on_its_way_until_it_is_tried_again() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&order)).await;
    let mut delivery = world.dispatched(&order).delivery;
    delivery.status = domain::DeliveryStatus::Failed;
    let failed = DeliveryFailed { delivery, reason: "nobody was there".into() };
    world.service.deliver(ServiceName::VendorManagement, &failed).await;
    assert_eq!(world.status(&order).await, "in_transit");
    for token in [&world.buyer.token, &world.vendor.token] {
        assert_eq!(world.cancel(&order, token).await.code(409), "illegal_transition");
    }
    world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&order)).await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    assert_eq!(world.status(&order).await, "completed");
    let story = world.service.get(&format!("/api/v1/orders/{}/timeline", order.id), &world.buyer.token).await;
    let said: Vec<&str> = story.data(200).as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(said.iter().filter(|kind| **kind == "DeliveryDispatched").count(), 2);
    assert!(said.contains(&"DeliveryFailed"));
    world.finish().await;
}

#[tokio::test]
async fn rule_17_an_order_whose_money_all_went_back_does_not_complete() {
    let world = World::new().await;
    let order = world.confirmed().await;
    let refund = RefundProcessed {
        payment: world.payment(&order),
        refund_id: order.id.as_uuid().into(),
        refund_amount: order.total,
        refunded_total: order.total,
        processed_at: world.service.clock.now(),
    };
    world.service.deliver(ServiceName::Payment, &refund).await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let spoken = world.order(&order).await;
    assert_eq!((&spoken["status"], &spoken["payment_status"]), (&json!("delivered"), &json!("refunded")));
    world.finish().await;
}

#[tokio::test]
async fn rule_18_a_change_whose_history_cannot_be_written_is_not_made_and_not_told() {
    let world = World::new().await;
    let order = world.paid().await;
    world.service.said().await;
    // As if somebody had confirmed it already: a status is reached once.
    sqlx::query(
        "INSERT INTO order_status_history (id, order_id, new_status, changed_by_kind, changed_via, created_at)
         VALUES (gen_random_uuid(), $1, 'confirmed', 'system', 'system', now())",
    )
    .bind(order.id.as_uuid())
    .execute(&world.service.db.pool)
    .await
    .unwrap();
    assert!(world.confirm(&order).await.status >= 500);
    assert_eq!(world.status(&order).await, "paid");
    assert!(world.service.said().await.is_empty());
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE kind = 'vendor_timeout' AND state = 'pending'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn rule_18_every_channel_is_kept_and_of_an_unknown_one_the_buyers_usual() {
    let world = World::new().await;
    for (channel, kept) in [("web", "web"), ("mobile", "mobile"), ("whatsapp", "whatsapp"), ("pigeon", "mobile")] {
        let headers = [("idempotency-key", channel), ("x-channel", channel)];
        let body = world.basket("cod");
        let token = Some(world.buyer.token.as_str());
        let answer = world.service.send(reqwest::Method::POST, "/api/v1/orders", token, Some(&body), &headers).await;
        let entry = &answer.data(201)["history"][0];
        assert_eq!((&entry["changed_via"], &entry["changed_by"]), (&json!(kept), &json!(world.buyer.user_id)));
    }
    world.finish().await;
}

#[tokio::test]
async fn rule_23_tax_is_asked_for_the_vendors_scheme_and_the_indian_day() {
    let world = World::new().await;
    // 23:45 in India is still the sixteenth, a quarter of an hour later the seventeenth.
    world.service.clock.set("2026-11-16T18:15:00Z".parse().unwrap());
    let claims = json!({"app_user_id": world.buyer.user_id, "user_type": "buyer", "buyer_id": world.buyer.buyer_id,
        "status": "active"});
    let mut facts = world.vendor_facts();
    facts["gst_scheme"] = json!("composition");
    world.instead("GET", &world.vendor_path(), 9, ok(&facts)).await;
    for (minutes, day) in [(0, "2026-11-16"), (15, "2026-11-17")] {
        world.advance(minutes);
        let token = world.service.people.token(&world.buyer.uid, &claims);
        let _ = world.service.post("/api/v1/orders/quote", &token, &world.basket("online")).await.data(200);
        let asked = world.calls(VALIDATE).await.pop().unwrap();
        assert_eq!((&asked["gst_scheme"], &asked["on"]), (&json!("composition"), &json!(day)));
    }
    world.finish().await;
}

#[tokio::test]
async fn rule_24_the_charge_steps_with_each_started_kilometre_beyond_the_fifth() {
    let world = World::new().await;
    for (metres, charge) in [(0, "150.00"), (5_000, "150.00"), (5_001, "170.00"), (6_000, "170.00"), (6_001, "190.00")] {
        world.instead("POST", AREA, 1, ok(&area(true, metres))).await;
        let answer = world.service.post("/api/v1/orders/quote", &world.buyer.token, &world.basket("online")).await;
        assert_eq!(answer.data(200)["delivery_charge"], charge, "{metres} m");
    }
    world.finish().await;
}

#[tokio::test]
async fn what_staff_counts_and_lists_is_read_by_an_index() {
    let world = World::new().await;
    let _ = world.placed("cod").await;
    let plans = [
        ("SELECT count(*) FROM orders WHERE created_at >= now() - interval '1 day' AND created_at < now()", "orders_newest"),
        (
            "SELECT * FROM orders WHERE vendor_id = '01920000-0000-7000-8000-000000000001' ORDER BY created_at DESC, id DESC LIMIT 21",
            "orders_of_vendor",
        ),
        ("SELECT * FROM orders WHERE status = 'paid' ORDER BY created_at DESC, id DESC LIMIT 21", "orders_newest_by_status"),
        ("SELECT * FROM orders WHERE order_number LIKE 'ORD0000%'", "orders_by_number_prefix"),
        (
            "SELECT * FROM orders WHERE vendor_id = '01920000-0000-7000-8000-000000000001' AND completed_at >= now()",
            "orders_completed",
        ),
        (
            "SELECT * FROM order_sagas WHERE step NOT IN ('done', 'undone') AND leased_until <= clock_timestamp()",
            "order_sagas_open",
        ),
    ];
    for (query, index) in plans {
        let mut conn = world.service.db.pool.acquire().await.unwrap();
        // A table of one row is read as it is, whatever indexes there are.
        sqlx::query("SET enable_seqscan = off").execute(&mut *conn).await.unwrap();
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {query}"));
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut *conn).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{query}\n{plan}");
        conn.close().await.unwrap();
    }
    world.finish().await;
}
