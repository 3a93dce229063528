//! Rule 39: each message once, whatever comes twice.

use bus::Outcome;
use domain::ServiceName;

use crate::samples::{Order, status};
use crate::support::{pair, world};

#[tokio::test]
async fn an_event_that_comes_again_says_nothing_again() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let order = Order::new(&buyer, &vendor, "online");
    let envelope = world.happen(ServiceName::Payment, &order.captured()).await;
    assert_eq!(world.deliver_envelope(envelope.clone()).await, Outcome::Duplicate);
    world.run_due_jobs().await;
    let chat = world.chat(&vendor.phone).await;
    assert_eq!(chat, ["new_order: ORD000042 | 1,23,456.50 | paid online"]);
    assert_eq!(world.chat(&buyer.phone).await.len(), 1);
    assert_eq!(world.states(vendor.user_id, "new_order").await, [pair("in_app", "delivered"), pair("whatsapp", "sent")]);
    assert_eq!(world.states(buyer.user_id, "payment_received").await, [pair("in_app", "delivered"), pair("whatsapp", "sent")]);
    assert_eq!(world.said_types().await, ["NotificationSent", "NotificationSent"]);
    world.service.finish().await;
}

#[tokio::test]
async fn an_event_that_comes_twice_at_once_is_told_once() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let envelope = world.envelope(ServiceName::Payment, &Order::new(&buyer, &vendor, "cod").opened());
    let deliveries = (0..8).map(|_| world.deliver_envelope(envelope.clone()));
    let outcomes = futures::future::join_all(deliveries).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count(), 1, "{outcomes:?}");
    // Two workers find the same jobs.
    tokio::join!(world.run_due_jobs(), world.run_due_jobs());
    assert_eq!(world.chat(&vendor.phone).await, ["new_order: ORD000042 | 1,23,456.50 | cash on delivery"]);
    assert_eq!(world.chat(&buyer.phone).await.len(), 1);
}

#[tokio::test]
async fn what_became_of_a_message_only_moves_it_forward_in_whatever_order_it_is_told() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    let id = world.one(vendor.user_id, "new_order", "whatsapp").await.provider_message_id.unwrap();
    let tell = async |word: &str| world.deliver(ServiceName::Integration, &status(&id, word, None)).await;
    assert_eq!(tell("read").await, Outcome::Done);
    assert_eq!(tell("delivered").await, Outcome::Stale);
    assert_eq!(tell("sent").await, Outcome::Stale);
    assert_eq!(tell("failed").await, Outcome::Stale);
    assert_eq!(world.one(vendor.user_id, "new_order", "whatsapp").await.status, "read");
    // A message of the bot's own, which this service knows nothing of.
    assert_eq!(world.deliver(ServiceName::Integration, &status("wamid.bot", "delivered", None)).await, Outcome::Done);
}

#[tokio::test]
async fn a_message_found_half_sent_is_not_sent_a_second_time() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let order = Order::new(&buyer, &vendor, "online");
    let envelope = world.envelope(ServiceName::Payment, &order.captured());
    world.deliver_envelope(envelope).await;
    // As a process leaves it that dies between the call and writing down its result.
    sqlx::query(
        "UPDATE notifications SET status = 'sending', attempts = 1, due_at = NULL, leased_until = clock_timestamp()
          WHERE channel = 'whatsapp' AND recipient_id = $1",
    )
    .bind(vendor.user_id.as_uuid())
    .execute(&world.db.pool)
    .await
    .unwrap();
    world.run_due_jobs().await;
    assert_eq!(world.chat(&vendor.phone).await, Vec::<String>::new());
    let kept = world.one(vendor.user_id, "new_order", "whatsapp").await;
    assert_eq!(kept.status, "failed");
    assert!(kept.reason.unwrap().contains("interrupted"));
}

#[tokio::test]
async fn a_vendor_hears_of_a_cancellation_only_after_hearing_of_the_order() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let told = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &told.captured()).await;
    world.happen(ServiceName::Order, &told.cancelled()).await;
    assert_eq!(world.states(vendor.user_id, "order_cancelled_vendor").await.len(), 2);

    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let late = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Order, &late.cancelled()).await;
    world.happen(ServiceName::Payment, &late.captured()).await;
    assert_eq!(world.kept(vendor.user_id).await, []);
    assert_eq!(world.states(buyer.user_id, "order_cancelled").await.len(), 2);
}

#[tokio::test]
async fn the_same_message_is_not_made_twice_even_when_nobody_remembers_the_event() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let envelope = world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    sqlx::query("DELETE FROM inbox").execute(&world.db.pool).await.unwrap();
    assert_eq!(world.deliver_envelope(envelope).await, Outcome::Done);
    world.run_due_jobs().await;
    assert_eq!(world.chat(&vendor.phone).await.len(), 1);
    assert_eq!(world.kept(vendor.user_id).await.len(), 2);
}

#[tokio::test]
async fn two_senders_side_by_side_send_each_message_once() {
    let world = world().await;
    let vendor = world.vendor().await;
    let mut buyers = Vec::new();
    for _ in 0..12 {
        let buyer = world.buyer().await;
        let envelope = world.envelope(ServiceName::Payment, &Order::new(&buyer, &vendor, "cod").opened());
        assert_eq!(world.deliver_envelope(envelope).await, Outcome::Done);
        buyers.push(buyer);
    }
    tokio::join!(world.run_due_jobs(), world.run_due_jobs(), world.run_due_jobs());
    assert_eq!(world.chat(&vendor.phone).await.len(), 12);
    for buyer in buyers {
        assert_eq!(world.chat(&buyer.phone).await.len(), 1);
    }
}
