//! What happens when nobody does anything (rules 15 and 16).

use bus::Outcome;
use domain::ServiceName;
use serde_json::json;

use crate::support::World;

const REMINDER: &str = "/api/v1/notifications/whatsapp";

#[tokio::test]
async fn an_unpaid_online_order_is_cancelled_after_thirty_minutes() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.advance(29);
    world.service.run_due_jobs().await;
    assert_eq!(world.status(&order).await, "pending");
    world.advance(1);
    world.service.run_due_jobs().await;
    let spoken = world.order(&order).await;
    assert_eq!((&spoken["status"], &spoken["cancellation"]["code"]), (&json!("cancelled"), &json!("payment_timeout")));
    assert_eq!(spoken["cancellation"]["by"], "system");
    assert_eq!(world.service.said_types().await, ["OrderPlaced", "OrderCancelled"]);
    // The money that comes now goes back: the payment service sees to it once.
    assert!(matches!(world.service.deliver(ServiceName::Payment, &world.captured(&order)).await, Outcome::Done));
    assert_eq!(world.status(&order).await, "cancelled");
    world.finish().await;
}

#[tokio::test]
async fn a_paid_order_does_not_time_out_for_its_payment() {
    let world = World::new().await;
    let order = world.paid().await;
    world.advance(31);
    world.service.run_due_jobs().await;
    assert_eq!(world.status(&order).await, "paid");
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_is_reminded_after_an_hour_and_loses_the_order_after_two_counted_from_the_payment() {
    let world = World::new().await;
    let order = world.placed("online").await;
    world.advance(20);
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    world.advance(59);
    world.service.run_due_jobs().await;
    assert!(world.calls(REMINDER).await.is_empty());
    world.advance(1);
    world.service.run_due_jobs().await;
    let reminders = world.calls(REMINDER).await;
    assert_eq!(reminders.len(), 1);
    assert_eq!(reminders[0]["user_id"], json!(world.vendor.user_id));
    assert_eq!(reminders[0]["template"], "order_reminder");
    assert_eq!(world.status_after(&order, 59).await, ("paid".to_owned(), None));
    assert_eq!(world.status_after(&order, 1).await, ("cancelled".to_owned(), Some("vendor_timeout".to_owned())));
    let said = world.service.said().await;
    let cancelled = &said.iter().find(|e| e.r#type == "OrderCancelled").unwrap().data;
    assert_eq!((&cancelled["was_paid"], &cancelled["reason_code"]), (&json!(true), &json!("vendor_timeout")));
    world.finish().await;
}

#[tokio::test]
async fn a_cash_order_times_out_two_hours_after_it_was_placed() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    assert_eq!(world.status_after(&order, 119).await.0, "pending");
    assert_eq!(world.calls(REMINDER).await.len(), 1);
    assert_eq!(world.status_after(&order, 1).await, ("cancelled".to_owned(), Some("vendor_timeout".to_owned())));
    world.finish().await;
}

#[tokio::test]
async fn a_confirmed_order_is_neither_reminded_of_nor_cancelled() {
    let world = World::new().await;
    let order = world.confirmed().await;
    assert_eq!(world.status_after(&order, 180).await.0, "confirmed");
    assert!(world.calls(REMINDER).await.is_empty());
    world.finish().await;
}

impl World {
    /// Where an order stands, and why it was cancelled, when so many minutes have passed.
    async fn status_after(&self, order: &crate::support::Placed, minutes: i64) -> (String, Option<String>) {
        self.advance(minutes);
        self.service.run_due_jobs().await;
        let row: (String, Option<String>) = sqlx::query_as("SELECT status, cancellation_code FROM orders WHERE id = $1")
            .bind(order.id.as_uuid())
            .fetch_one(&self.service.db.pool)
            .await
            .unwrap();
        row
    }
}
