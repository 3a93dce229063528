//! Edits that meet the end of their order, its confirmation or its cash: nobody is left with what the edit wanted.

use std::time::Duration;

use bus::Outcome;
use domain::events::{CodCollected, RefundProcessed};
use domain::{Clock as _, Money, ServiceName};
use serde_json::json;
use testkit::wiremock::ResponseTemplate;

use crate::editing::change;
use crate::support::{Placed, REPLACE_PAYMENT, REPLACE_STOCK, World, refused};

/// An order with an edit under way whose payment could be neither replaced nor put back.
async fn half_edited(world: &World, method: &str, answer: ResponseTemplate) -> Placed {
    let order = world.placed(method).await;
    world.instead_like("POST", REPLACE_PAYMENT, 6, answer).await;
    let _ = change(world, &order, "60").await;
    assert_eq!(world.text("SELECT step FROM order_sagas").await, "edit_undoing");
    order
}

async fn sweep(world: &World) -> String {
    world.leases_run_out().await;
    assert_eq!(order::finish_sagas(&world.service.app).await.unwrap(), 1);
    world.text("SELECT step FROM order_sagas").await
}

#[tokio::test]
async fn a_cancelled_order_keeps_account_of_what_was_paid_for_an_edit_until_all_of_it_went_back() {
    for paid in ["24282.00", "16258.00"] {
        let world = World::new().await;
        let order = half_edited(&world, "online", ResponseTemplate::new(503)).await;
        let _ = world.cancel(&order, &world.buyer.token).await.data(200);
        assert_eq!(sweep(&world).await, "done");
        let paid: Money = paid.parse().unwrap();
        let edited = Placed { total: paid, ..order.clone() };
        assert!(matches!(world.service.deliver(ServiceName::Payment, &world.captured(&edited)).await, Outcome::Done));
        let stands = world.order(&order).await;
        assert_eq!((&stands["status"], &stands["payment_status"]), (&json!("cancelled"), &json!("paid")), "{paid}");
        let part = Money::from_rupees(100);
        for (in_all, says) in [(part, "partially_refunded"), (paid, "refunded"), (part, "refunded")] {
            let refund = RefundProcessed {
                payment: world.payment(&edited),
                refund_id: order.id.as_uuid().into(),
                refund_amount: in_all,
                refunded_total: in_all,
                processed_at: world.service.clock.now(),
            };
            world.service.deliver(ServiceName::Payment, &refund).await;
            assert_eq!(world.order(&order).await["payment_status"], says, "{in_all} of {paid}");
        }
        let back: String = world.text("SELECT refunded::text FROM orders").await;
        assert_eq!(back.parse::<Money>().unwrap(), paid.min(order.total));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_vendor_confirms_an_order_only_once_the_edit_of_its_items_is_settled() {
    let world = World::new().await;
    let order = half_edited(&world, "cod", ResponseTemplate::new(503)).await;
    let path = format!("/api/v1/orders/{}/status", order.id);
    let confirmed = json!({"status": "confirmed"});
    assert_eq!(world.confirm(&order).await.code(409), "order_not_ready");
    assert_eq!(world.service.put(&path, &world.vendor.token, &confirmed).await.code(409), "order_not_ready");
    world.instead_like("PUT", REPLACE_STOCK, 3, ResponseTemplate::new(503)).await;
    assert_eq!(sweep(&world).await, "edit_settling");
    assert_eq!(world.confirm(&order).await.code(409), "order_not_ready", "more is kept for it than it says");
    assert_eq!(sweep(&world).await, "done");
    assert_eq!(world.confirm(&order).await.data(200)["status"], "confirmed");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_begins_while_its_order_changes_waits_for_the_change_and_is_refused() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let pool = &world.service.db.pool;
    let mut changing = pool.begin().await.unwrap();
    sqlx::query("UPDATE orders SET revision = revision + 1").execute(&mut *changing).await.unwrap();
    let finish = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..600 {
            if world.count(waiting).await > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(world.text("SELECT step FROM order_sagas").await, "done", "nothing is begun meanwhile");
        changing.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(change(&world, &order, "60"), finish);
    assert_eq!(answer.code(409), "concurrent_change");
    assert!(world.calls_like("PUT", "/internal/v1/reservations/").await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn stock_that_cannot_be_settled_any_more_is_noted_for_whoever_looks_into_it() {
    let world = World::new().await;
    let _ = half_edited(&world, "online", ResponseTemplate::new(503)).await;
    world.instead_like("PUT", REPLACE_STOCK, 1, refused(409, "reservation_ended", "the reservation is committed")).await;
    assert_eq!(sweep(&world).await, "done");
    let noted = world.text("SELECT last_error FROM order_sagas").await;
    assert!(noted.contains("reservation_ended"), "{noted}");
    world.finish().await;
}

#[tokio::test]
async fn an_edit_that_meets_cash_that_was_collected_ends_without_asking_payment_again() {
    let world = World::new().await;
    let order = half_edited(&world, "cod", refused(409, "payment_under_way", "the cash is in")).await;
    let cash = CodCollected { payment: world.payment(&order), collected_at: world.service.clock.now() };
    world.service.deliver(ServiceName::Payment, &cash).await;
    assert_eq!(sweep(&world).await, "done");
    assert_eq!(world.order(&order).await["total"], "20270.00");
    world.finish().await;
}
