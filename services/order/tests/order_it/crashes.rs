//! The process is killed between any two steps of placing an order; afterwards the order is whole or undone (rule 19).

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::{Clock as _, ServiceName, SystemClock};
use secrecy::ExposeSecret as _;
use testkit::Identity;
use testkit::wiremock::ResponseTemplate;

use crate::editing::item_ids;
use crate::support::{OPEN_ONLINE, Placed, REPLACE_PAYMENT, RESERVE, World};

/// The service as a process of its own that ends itself after a step.
struct Doomed {
    child: Child,
    url: String,
}

impl Doomed {
    async fn start(world: &World, crash_after: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = command(world, port, crash_after);
        let doomed = Self { child: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}") };
        doomed.ready().await;
        doomed
    }

    async fn ready(&self) {
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        for _ in 0..200 {
            let answer = http.get(format!("{}/health/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not get ready");
    }

    /// Edits an order, which kills the process.
    async fn change(mut self, world: &World, order: &Placed, item: &str, quantity: &str) {
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        let request = http
            .put(format!("{}/api/v1/orders/{}/items/{item}", self.url, order.id))
            .bearer_auth(&world.buyer.token)
            .json(&serde_json::json!({ "quantity": quantity }));
        let answer = request.send().await;
        assert!(answer.is_err(), "the process answered {answer:?} instead of dying");
        assert!(!self.child.wait().unwrap().success());
    }

    /// Places an order that kills the process.
    async fn place(mut self, world: &World, key: &str) {
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        let request = http
            .post(format!("{}/api/v1/orders", self.url))
            .bearer_auth(&world.buyer.token)
            .header("idempotency-key", key)
            .json(&world.basket("online"));
        let answer = request.send().await;
        assert!(answer.is_err(), "the process answered {answer:?} instead of dying");
        assert!(!self.child.wait().unwrap().success());
    }
}

/// The service's binary with settings as the runner would give them.
fn command(world: &World, port: u16, crash_after: &str) -> Command {
    let keys = Identity::service_settings(ServiceName::Order);
    let neighbours = world.service.neighbours.uri();
    let mut command = Command::new(env!("CARGO_BIN_EXE_order"));
    command
        .arg("serve")
        .env_clear()
        .env("REALSERV_ENV", "test")
        .env("BIND_ADDR", format!("127.0.0.1:{port}"))
        .env("DATABASE_URL", &world.service.db.url)
        .env("FIREBASE_PROJECT_ID", Identity::project())
        .env("FIREBASE_JWKS_URL", format!("{neighbours}/jwks"))
        .env("SERVICE_TOKEN_PRIVATE_KEY", keys.private_key.expose_secret())
        .env("SERVICE_TOKEN_PUBLIC_KEYS", &keys.public_keys)
        .env("AWS_ENDPOINT_URL", &neighbours)
        .env("AWS_REGION", "ap-south-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("ORDER_SAGA_RETRY_MILLIS", "5")
        .env("ORDER_CRASH_AFTER", crash_after)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for service in ["USER", "PAYMENT", "CATALOG", "VENDOR_MANAGEMENT", "NOTIFICATION", "INTEGRATION"] {
        command.env(format!("{service}_URL"), &neighbours);
    }
    command
}

impl Drop for Doomed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tokens that count by the machine's clock, which a process of its own goes by.
async fn world() -> World {
    let mut world = World::new().await;
    world.service.clock.set(SystemClock.now());
    let (buyer, claims) = (
        world.buyer.clone(),
        serde_json::json!({
        "app_user_id": world.buyer.user_id, "user_type": "buyer", "buyer_id": world.buyer.buyer_id, "status": "active"}),
    );
    world.buyer.token = world.service.people.token(&buyer.uid, &claims);
    world
}

#[tokio::test]
async fn killed_on_the_way_forward_the_order_is_whole_after_the_sweep() {
    let steps = [
        ("placed", "placed"),
        ("reserve_called", "placed"),
        ("reserved", "stock_reserved"),
        ("payment_opened", "stock_reserved"),
        ("done", "done"),
    ];
    for (step, left_at) in steps {
        let world = world().await;
        Doomed::start(&world, step).await.place(&world, "k").await;
        assert_eq!(world.text("SELECT step FROM order_sagas").await, left_at, "after {step}");
        world.leases_run_out().await;
        order::finish_sagas(&world.service.app).await.unwrap();
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done", "after {step}");
        let answer = world.place_with(&world.basket("online"), "k").await;
        let order = answer.data(201);
        assert_eq!((order["status"].as_str(), order["order_number"].as_str()), (Some("pending"), Some("ORD000001")), "{step}");
        assert!(order["payment"]["gateway"]["razorpay_order_id"].is_string(), "after {step}");
        assert_eq!(world.count("SELECT count(*) FROM orders").await, 1, "after {step}");
        for path in [RESERVE, OPEN_ONLINE] {
            let mut orders: Vec<String> = world.calls(path).await.iter().map(|c| c["order_id"].to_string()).collect();
            orders.dedup();
            assert_eq!(orders, [order["id"].to_string()], "one order is reserved and opened after {step}");
        }
    }
}

#[tokio::test]
async fn killed_on_the_way_back_the_order_is_undone_after_the_sweep() {
    for step in ["undoing", "release_called"] {
        let world = world().await;
        world.instead("POST", OPEN_ONLINE, 3, ResponseTemplate::new(503)).await;
        Doomed::start(&world, step).await.place(&world, "k").await;
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "undoing", "after {step}");
        world.leases_run_out().await;
        order::finish_sagas(&world.service.app).await.unwrap();
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "undone", "after {step}");
        assert_eq!(world.text("SELECT status FROM orders").await, "cancelled", "after {step}");
        assert!(world.releases().await >= 1, "after {step}");
        assert_eq!(world.place_with(&world.basket("online"), "k").await.code(503), "payment_unavailable");
        assert_eq!(world.count("SELECT count(*) FROM orders").await, 1, "after {step}");
    }
}

/// What catalog keeps and payment asks for in the end, by the highest revision each heard of.
async fn agreed(world: &World) -> (serde_json::Value, serde_json::Value) {
    let last = |calls: Vec<serde_json::Value>| calls.into_iter().max_by_key(|call| call["revision"].as_i64());
    let kept = last(world.calls_like("PUT", "/internal/v1/reservations/").await).map(|call| call["lines"][0]["quantity"].clone());
    let asked = last(world.calls_like("POST", "/replace").await).map(|call| call["amount"].clone());
    (kept.unwrap_or_default(), asked.unwrap_or_default())
}

#[tokio::test]
async fn killed_while_it_is_edited_the_order_is_what_was_wanted_after_the_sweep() {
    let steps = [
        ("edit_begun", "editing"),
        ("edit_reserve_called", "editing"),
        ("edit_reserved", "edit_reserved"),
        ("edit_payment_called", "edit_reserved"),
        ("edit_done", "edit_settling"),
        ("edit_settled", "edit_settling"),
    ];
    for (step, left_at) in steps {
        let world = world().await;
        let order = world.placed("online").await;
        let item = item_ids(&world, &order).await.remove(0);
        Doomed::start(&world, step).await.change(&world, &order, &item, "60").await;
        assert_eq!(world.text("SELECT step FROM order_sagas").await, left_at, "after {step}");
        world.leases_run_out().await;
        order::finish_sagas(&world.service.app).await.unwrap();
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done", "after {step}");
        let stands = world.order(&order).await;
        assert_eq!((&stands["total"], stands["items"].as_array().unwrap().len()), (&"24282.00".into(), 1), "after {step}");
        assert_eq!(agreed(&world).await, (stands["items"][0]["quantity"].clone(), "24282.00".into()), "after {step}");
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE event_type = 'OrderItemsChanged'").await, 1, "{step}");
    }
}

#[tokio::test]
async fn killed_while_an_edit_goes_back_the_order_is_what_it_was_after_the_sweep() {
    for step in ["edit_undoing", "edit_payment_back", "edit_settled"] {
        let world = world().await;
        let order = world.placed("online").await;
        let item = item_ids(&world, &order).await.remove(0);
        world.instead_like("POST", REPLACE_PAYMENT, 3, ResponseTemplate::new(500)).await;
        Doomed::start(&world, step).await.change(&world, &order, &item, "60").await;
        world.leases_run_out().await;
        order::finish_sagas(&world.service.app).await.unwrap();
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done", "after {step}");
        let stands = world.order(&order).await;
        assert_eq!(stands["total"], "20270.00", "after {step}");
        assert_eq!(agreed(&world).await, (stands["items"][0]["quantity"].clone(), "20270.00".into()), "after {step}");
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE event_type = 'OrderItemsChanged'").await, 0, "{step}");
    }
}

#[tokio::test]
async fn an_edit_found_after_its_deadline_goes_back() {
    for step in ["edit_begun", "edit_reserved", "edit_payment_called"] {
        let world = world().await;
        let order = world.placed("online").await;
        let item = item_ids(&world, &order).await.remove(0);
        Doomed::start(&world, step).await.change(&world, &order, &item, "60").await;
        world.service.clock.advance(chrono::TimeDelta::seconds(60));
        world.leases_run_out().await;
        assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done", "after {step}");
        let stands = world.order(&order).await;
        assert_eq!(stands["total"], "20270.00", "after {step}");
        assert_eq!(agreed(&world).await.0, stands["items"][0]["quantity"], "after {step}");
    }
}

#[tokio::test]
async fn an_order_found_after_its_deadline_is_undone_instead_of_finished() {
    let world = world().await;
    Doomed::start(&world, "reserved").await.place(&world, "k").await;
    world.service.clock.advance(chrono::TimeDelta::seconds(60));
    world.leases_run_out().await;
    assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
    assert_eq!(world.text("SELECT status FROM orders").await, "cancelled");
    assert_eq!(world.releases().await, 1);
    assert!(world.calls(OPEN_ONLINE).await.is_empty());
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(503), "payment_unavailable");
}

#[tokio::test]
async fn an_unfinished_request_says_that_it_is_being_worked_on() {
    let world = world().await;
    Doomed::start(&world, "placed").await.place(&world, "k").await;
    assert_eq!(world.place_with(&world.basket("online"), "k").await.code(409), "request_in_progress");
    world.leases_run_out().await;
    let (one, two) = tokio::join!(order::finish_sagas(&world.service.app), order::finish_sagas(&world.service.app));
    assert_eq!(one.unwrap() + two.unwrap(), 1, "one of two sweepers takes it");
    let _ = world.place_with(&world.basket("online"), "k").await.data(201);
}

#[tokio::test]
async fn a_service_that_crashes_on_purpose_does_not_start_outside_of_tests() {
    let world = world().await;
    for env in ["staging", "production"] {
        let output = command(&world, 0, "placed").env("REALSERV_ENV", env).stderr(Stdio::piped()).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("ORDER_CRASH_AFTER is set"), "{env}");
    }
}
