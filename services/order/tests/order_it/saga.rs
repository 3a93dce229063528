//! Orders that cannot be made whole, and those that are at the second try (rule 19).

use serde_json::json;
use testkit::wiremock::ResponseTemplate;

use crate::support::{OPEN_COD, OPEN_ONLINE, RESERVE, World, refused};

#[tokio::test]
async fn an_order_whose_stock_is_gone_is_cancelled_and_its_key_says_so_again() {
    let world = World::new().await;
    let short = json!([{"item_id": world.item_id, "wanted": "50", "available": "20"}]);
    let refusal = json!({"code": "out_of_stock", "message": "there is not enough of everything", "details": short,
        "correlation_id": uuid::Uuid::nil()});
    let refusal = ResponseTemplate::new(409).set_body_json(json!({ "error": refusal }));
    world.instead("POST", RESERVE, 1, refusal).await;
    let answer = world.place_with(&world.basket("online"), "k").await;
    assert_eq!(answer.code(409), "out_of_stock");
    assert_eq!(answer.body["error"]["message"], "only 20 left of UltraTech OPC 53");
    assert_eq!(answer.body["error"]["details"][0]["field"], "items[0]");
    assert_eq!(world.text("SELECT cancellation_code FROM orders WHERE status = 'cancelled'").await, "out_of_stock");
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "undone");
    assert_eq!(world.releases().await, 1);
    assert!(world.calls(OPEN_ONLINE).await.is_empty());
    assert_eq!(world.service.said_types().await, ["OrderPlaced", "OrderCancelled"]);
    assert_eq!(world.place_with(&world.basket("online"), "k").await.body, answer.body);
    let _ = world.place_with(&world.basket("online"), "another").await.data(201);
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE kind = 'payment_timeout' AND state = 'pending'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_order_whose_payment_cannot_be_opened_is_undone() {
    let world = World::new().await;
    world.instead("POST", OPEN_ONLINE, 3, ResponseTemplate::new(503)).await;
    let answer = world.place_with(&world.basket("online"), "k").await;
    assert_eq!(answer.code(503), "payment_unavailable");
    assert_eq!(world.text("SELECT cancellation_code FROM orders").await, "payment_unavailable");
    assert_eq!(world.releases().await, 1);
    assert_eq!(world.service.said_types().await, ["OrderPlaced", "OrderCancelled"]);
    world.finish().await;
}

#[tokio::test]
async fn a_call_whose_effect_is_unknown_is_made_again_for_the_same_order() {
    let world = World::new().await;
    world.instead("POST", RESERVE, 1, ResponseTemplate::new(500)).await;
    world.instead("POST", OPEN_ONLINE, 2, ResponseTemplate::new(500)).await;
    let order = world.placed("online").await;
    let reserved = world.calls(RESERVE).await;
    assert_eq!(reserved.len(), 2);
    assert_eq!(reserved[0], reserved[1]);
    let opened = world.calls(OPEN_ONLINE).await;
    assert_eq!(opened.len(), 3);
    assert!(opened.iter().all(|call| call["order_id"] == json!(order.id)));
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_with_too_much_cash_takes_no_cash_order() {
    let world = World::new().await;
    world.instead("POST", OPEN_COD, 1, refused(409, "cod_limit_reached", "pay online")).await;
    assert_eq!(world.place_with(&world.basket("cod"), "k").await.code(409), "cod_limit_reached");
    assert_eq!(world.text("SELECT status FROM orders").await, "cancelled");
    world.finish().await;
}

#[tokio::test]
async fn stock_that_cannot_be_freed_at_once_is_freed_by_the_sweeper() {
    let world = World::new().await;
    world.instead("POST", OPEN_ONLINE, 3, ResponseTemplate::new(503)).await;
    let down = testkit::wiremock::Mock::given(testkit::wiremock::matchers::path_regex("/release$"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .with_priority(5);
    down.mount(&world.service.neighbours).await;
    let _ = world.place_with(&world.basket("online"), "k").await.code(503);
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "undoing");
    assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 0, "its lease is not over");
    for left in ["undoing", "undone"] {
        world.leases_run_out().await;
        assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
        assert_eq!(world.text("SELECT step FROM order_sagas").await, left);
    }
    assert_eq!(world.count("SELECT count(*) FROM order_status_history WHERE new_status = 'cancelled'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn stock_whose_release_meets_another_change_is_freed_by_the_sweeper() {
    let world = World::new().await;
    world.instead("POST", OPEN_ONLINE, 3, ResponseTemplate::new(503)).await;
    world.instead_like("POST", "/release$", 1, refused(409, "concurrent_change", "try again")).await;
    let _ = world.place_with(&world.basket("online"), "k").await.code(503);
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "undoing");
    world.leases_run_out().await;
    assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "undone");
    assert_eq!(world.releases().await, 2);
    world.finish().await;
}

#[tokio::test]
async fn a_cash_order_is_not_confirmed_before_its_payment_is_open() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    sqlx::query("UPDATE orders SET payment_id = NULL").execute(&world.service.db.pool).await.unwrap();
    assert_eq!(world.confirm(&order).await.code(409), "order_not_ready");
    world.finish().await;
}
