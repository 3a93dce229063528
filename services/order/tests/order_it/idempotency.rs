//! The contract of `Idempotency-Key`, as Stripe's: same key and body, other body, at once, after a crash, after a day
//! (rule 20). What happens after a crash is in `crashes`.

use domain::ServiceName;
use serde_json::{Value, json};
use testkit::Answer;
use testkit::wiremock::ResponseTemplate;

use crate::support::{OPEN_ONLINE, Placed, RESERVE, VALIDATE, World, ok, refused};

#[tokio::test]
async fn the_first_answer_is_given_again_to_the_letter_whatever_became_of_the_order() {
    let world = World::new().await;
    let first = world.place_with(&world.basket("online"), "k").await;
    let order = Placed::of(first.data(201));
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    let _ = world.confirm(&order).await.data(200);
    world.instead("POST", VALIDATE, 9, refused(503, "down", "down")).await;
    for _ in 0..3 {
        let again = world.place_with(&world.basket("online"), "k").await;
        assert_eq!((again.status, &again.body), (201, &first.body));
    }
    assert_eq!(world.calls(OPEN_ONLINE).await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn the_order_of_fields_and_white_space_make_no_other_body() {
    let world = World::new().await;
    let first = world.place_with(&world.basket("online"), "k").await;
    let body = world.basket("online");
    let fields: Vec<String> =
        body.as_object().unwrap().iter().rev().map(|(name, value)| format!(" {name:?} :  {value}")).collect();
    let text = format!("{{\n{} }}", fields.join(",\n"));
    let request = outbound::http_client(outbound::HttpSettings::default())
        .unwrap()
        .post(format!("{}/api/v1/orders", world.service.base_url))
        .bearer_auth(&world.buyer.token)
        .header("idempotency-key", "k")
        .header("content-type", "application/json")
        .body(text);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let again: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(again, first.body);
    world.finish().await;
}

#[tokio::test]
async fn one_key_of_two_callers_is_two_keys() {
    let world = World::new().await;
    let _ = world.place_with(&world.basket("online"), "k").await.data(201);
    let other = world.service.people.buyer();
    let mut address = world.address("36");
    address["buyer_id"] = json!(other.buyer_id);
    address["buyer_user_id"] = json!(other.user_id);
    world.instead("GET", &format!("/internal/v1/addresses/{}", world.address_id), 1, ok(&address)).await;
    let headers = [("idempotency-key", "k")];
    let body = world.basket("online");
    let answer = world.service.send(reqwest::Method::POST, "/api/v1/orders", Some(&other.token), Some(&body), &headers).await;
    assert_eq!(answer.data(201)["buyer_id"], json!(other.buyer_id));
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 2);
    world.finish().await;
}

#[tokio::test]
async fn another_body_is_refused_while_the_first_is_at_work_and_afterwards_and_leaves_it_alone() {
    let world = World::new().await;
    let slow = ok(&json!({"order_id": uuid::Uuid::nil(), "status": "active"})).set_delay(std::time::Duration::from_secs(2));
    world.instead("POST", RESERVE, 1, slow).await;
    let (basket, other) = (world.basket("online"), world.basket("cod"));
    let (first, (same, reused)) = tokio::join!(world.place_with(&basket, "k"), async {
        while world.calls(RESERVE).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        (world.place_with(&basket, "k").await, world.place_with(&other, "k").await)
    });
    assert_eq!(same.code(409), "request_in_progress");
    assert!(same.headers.contains_key("retry-after"));
    assert_eq!(reused.code(422), "idempotency_key_reused");
    assert_eq!(world.place_with(&other, "k").await.code(422), "idempotency_key_reused");
    assert_eq!(world.place_with(&basket, "k").await.body, first.body);
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_after_the_order_was_written_down_is_given_again_and_says_to_use_a_new_key() {
    let world = World::new().await;
    world.instead("POST", OPEN_ONLINE, 3, ResponseTemplate::new(503)).await;
    let first = world.place_with(&world.basket("online"), "k").await;
    assert_eq!(first.code(503), "payment_unavailable");
    let message = first.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("Idempotency-Key") && message.contains("new one"), "{message}");
    let again = world.place_with(&world.basket("online"), "k").await;
    assert_eq!((again.status, &again.body["error"]["code"]), (503, &json!("payment_unavailable")));
    world.instead("POST", RESERVE, 3, ResponseTemplate::new(503)).await;
    let stock = world.place_with(&world.basket("online"), "k2").await;
    assert_eq!(stock.code(503), "stock_unavailable");
    assert!(stock.body["error"]["message"].as_str().unwrap().contains("new one"));
    let _ = world.place_with(&world.basket("online"), "k3").await.data(201);
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_before_anything_was_written_leaves_the_key_free_for_any_body() {
    let world = World::new().await;
    let mut bad = world.basket("online");
    bad["items"] = json!([]);
    assert_eq!(world.place_with(&bad, "k").await.code(422), "validation_failed");
    world.instead("POST", VALIDATE, 1, refused(503, "down", "down")).await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(503), "dependency_unavailable");
    let _ = world.place_with(&world.basket("cod"), "k").await.data(201);
    world.finish().await;
}

#[tokio::test]
async fn a_key_counts_for_a_day_to_the_second_and_is_free_afterwards() {
    let world = World::new().await;
    let body = world.basket("cod");
    let first = Placed::of(world.place_with(&body, "k").await.data(201));
    let fresh = |world: &World| {
        let claims = json!({"app_user_id": world.buyer.user_id, "user_type": "buyer", "buyer_id": world.buyer.buyer_id,
            "status": "active"});
        world.service.people.token(&world.buyer.uid, &claims)
    };
    let again = async |world: &World| -> Answer {
        let token = fresh(world);
        let headers = [("idempotency-key", "k")];
        world.service.send(reqwest::Method::POST, "/api/v1/orders", Some(&token), Some(&body), &headers).await
    };
    world.service.clock.advance(chrono::TimeDelta::hours(24) - chrono::TimeDelta::seconds(1));
    assert_eq!(Placed::of(again(&world).await.data(201)).id, first.id);
    world.service.clock.advance(chrono::TimeDelta::seconds(1));
    let second = Placed::of(again(&world).await.data(201));
    assert_ne!(second.id, first.id);
    assert_eq!(Placed::of(again(&world).await.data(201)).id, second.id, "the key is the new order's");
    world.service.run_due_jobs().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_finds_the_answer_with_the_same_key() {
    let world = World::new().await;
    let slow = ok(&json!({"order_id": uuid::Uuid::nil(), "status": "active"})).set_delay(std::time::Duration::from_secs(1));
    world.instead("POST", RESERVE, 1, slow).await;
    let body = world.basket("online");
    let hung_up = tokio::time::timeout(std::time::Duration::from_millis(500), world.place_with(&body, "k")).await;
    assert!(hung_up.is_err());
    let begun = std::time::Instant::now();
    loop {
        let answer = world.place_with(&body, "k").await;
        if answer.status == 201 {
            break;
        }
        assert_eq!(answer.code(409), "request_in_progress");
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "the order is never placed");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(world.count("SELECT count(*) FROM orders").await, 1);
    world.finish().await;
}
