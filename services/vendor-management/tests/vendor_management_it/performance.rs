//! Ratings, and figures kept from events.

use bus::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{DisputeRaised, OrderDelivered, OrderFacts};
use domain::{ActorKind, AdminRole, DisputeNumber, PaymentMethod, Slot};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Fine as _, World, cancelled, completed, confirmed};

/// Lets the order service say where an order stands.
async fn stands(world: &World, order: &OrderFacts, status: &str) {
    let mut summary = serde_json::to_value(order).unwrap();
    for (field, value) in [
        ("status", status),
        ("payment_status", "paid"),
        ("commission_rate", "10.00"),
        ("refunded", "0.00"),
        ("placed_at", "2026-11-16T04:00:00Z"),
    ] {
        summary[field] = value.into();
    }
    world.service.neighbour("GET", &format!("/internal/v1/orders/{}", order.order_id), 200, summary).await;
}

fn ratings(world: &World) -> String {
    format!("/api/v1/vendors/{}/ratings", world.vendor.vendor_id)
}

async fn performance(world: &World) -> Value {
    let path = format!("/api/v1/vendors/{}/performance", world.vendor.vendor_id);
    world.service.get(&path, &world.vendor()).await.data(200).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_of_a_completed_order_rates_it_once() {
    let world = World::selling().await;
    let (first, second) = (world.order(PaymentMethod::Online, "1000.00"), world.order(PaymentMethod::Online, "1000.00"));
    stands(&world, &first, "completed").await;
    stands(&world, &second, "completed").await;
    let rate = |order: &OrderFacts, stars: i64| {
        let body = json!({"order_id": order.order_id, "rating": stars, "comment": " on time "});
        let (path, token, service) = (ratings(&world), world.buyer(), &world.service);
        async move { service.post(&path, &token, &body).await }
    };
    for stars in [0, 6] {
        assert_eq!(rate(&first, stars).await.code(422), "validation_failed");
    }
    let rated = rate(&first, 4).await;
    assert_eq!((&rated.data(201)["average_rating"], &rated.data(201)["comment"]), (&json!("4.00"), &json!("on time")));
    assert_eq!(rate(&first, 1).await.code(409), "already_rated");
    assert_eq!(rate(&second, 5).await.data(201)["average_rating"], "4.50");
    let figures = performance(&world).await;
    assert_eq!(figures["rating"], json!({"average": "4.50", "count": 2, "stars": [1, 1, 0, 0, 0]}));
    let public = world.service.get(&format!("/api/v1/vendors/{}", world.vendor.vendor_id), &world.buyer()).await;
    assert_eq!(public.data(200)["average_rating"], "4.50");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_ratings_of_one_order_at_the_same_time_are_one() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    stands(&world, &order, "completed").await;
    let (path, token, body) = (ratings(&world), world.buyer(), json!({"order_id": order.order_id, "rating": 5}));
    let all = futures::future::join_all((0..20).map(|_| world.service.post(&path, &token, &body))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(all.iter().filter(|answer| answer.status == 409).count(), 19);
    assert_eq!(performance(&world).await["rating"]["count"], 1);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_buyer_of_a_completed_order_of_this_vendor_rates() {
    let world = World::selling().await;
    let (open, done) = (world.order(PaymentMethod::Online, "1000.00"), world.order(PaymentMethod::Online, "1000.00"));
    stands(&world, &open, "delivered").await;
    stands(&world, &done, "completed").await;
    let body = |order: &OrderFacts| json!({"order_id": order.order_id, "rating": 5});
    let early = world.service.post(&ratings(&world), &world.buyer(), &body(&open)).await;
    assert_eq!(early.code(409), "order_not_completed");
    let stranger = world.service.people.buyer();
    assert_eq!(world.service.post(&ratings(&world), &stranger.token, &body(&done)).await.code(404), "not_found");
    assert_eq!(world.service.post(&ratings(&world), &world.vendor(), &body(&done)).await.code(403), "forbidden");
    let other = world.register("+919848099999").await;
    let elsewhere = format!("/api/v1/vendors/{}/ratings", other.vendor_id);
    assert_eq!(world.service.post(&elsewhere, &world.buyer(), &body(&done)).await.code(404), "not_found");
    let (kept,): (i64,) = sqlx::query_as("SELECT count(*) FROM vendor_ratings").fetch_one(&world.service.db.pool).await.unwrap();
    assert_eq!(kept, 0);
    world.service.said().await;
    world.service.finish().await;
}

/// Confirmed after so many minutes, for the afternoon of 16 November, brought at that moment.
async fn brought(world: &World, minutes: i64, at: Option<&str>) -> OrderFacts {
    let order = world.order(PaymentMethod::Online, "1000.00");
    let since: DateTime<Utc> = "2026-11-16T04:00:00Z".parse().unwrap();
    let mut yes = confirmed(&order, since);
    yes.confirmed_at = since + TimeDelta::minutes(minutes);
    yes.delivery_date = Some("2026-11-16".parse().unwrap());
    yes.delivery_slot = Some(Slot::Afternoon);
    let delivered = at.map(|at| OrderDelivered { order: order.clone(), delivered_at: at.parse().unwrap() });
    // Backwards: no event relies on being the first.
    if let Some(delivered) = &delivered {
        assert_eq!(world.tell(&completed(&order, at.unwrap())).await, Outcome::Done);
        assert_eq!(world.tell(delivered).await, Outcome::Done);
    }
    assert_eq!(world.tell(&yes).await, Outcome::Done);
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_kept_from_events_in_any_order_and_once_each() {
    let world = World::selling().await;
    assert_eq!(performance(&world).await["on_time_share"], Value::Null);
    // The afternoon ends at 16:00 in India: 10:30 UTC.
    let disputed = brought(&world, 10, Some("2026-11-16T10:30:00Z")).await;
    brought(&world, 20, Some("2026-11-16T10:30:01Z")).await;
    brought(&world, 60, Some("2026-11-16T08:00:00Z")).await;
    let (rejected, silent, changed) = (
        world.order(PaymentMethod::Online, "10.00"),
        world.order(PaymentMethod::Online, "10.00"),
        world.order(PaymentMethod::Online, "10.00"),
    );
    for (order, by, code) in [
        (&rejected, ActorKind::Vendor, "vendor_rejected"),
        (&silent, ActorKind::System, "vendor_timeout"),
        (&changed, ActorKind::Buyer, "buyer_request"),
    ] {
        let mut event = cancelled(order, world.now());
        (event.cancelled_by, event.reason_code) = (by, code.to_owned());
        let envelope = world.service.envelope(domain::ServiceName::Order, &event);
        assert_eq!(world.service.deliver_envelope(envelope.clone()).await, Outcome::Done);
        assert_eq!(world.service.deliver_envelope(envelope).await, Outcome::Duplicate);
    }
    for raised_by in [disputed.buyer_user_id, world.vendor.user_id] {
        let dispute = DisputeRaised {
            dispute_id: Uuid::from_u128(raised_by.as_uuid().as_u128()).into(),
            dispute_number: DisputeNumber::from_sequence(1),
            order_id: if raised_by == disputed.buyer_user_id { disputed.order_id } else { world.service.app.kit.ids.next() },
            order_number: disputed.order_number.clone(),
            buyer_user_id: disputed.buyer_user_id,
            vendor_id: disputed.vendor_id,
            raised_by,
            dispute_type: "quality".into(),
        };
        assert_eq!(world.tell(&dispute).await, Outcome::Done);
    }
    let figures = performance(&world).await;
    assert_eq!(figures["confirm_time"], json!({"average_seconds": 1800, "p90_seconds": 3120}));
    assert_eq!(figures["on_time_share"], "66.67");
    assert_eq!(figures["cancellation_rate"], "40.00");
    assert_eq!(figures["dispute_rate"], "33.33");
    assert_eq!(figures["orders"]["completed"], 3);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_vendor_and_staff_see_how_it_does_and_what_is_long_ago_no_longer_counts() {
    let world = World::selling().await;
    brought(&world, 10, None).await;
    let path = format!("/api/v1/vendors/{}/performance", world.vendor.vendor_id);
    let other = world.register("+919848099999").await;
    assert_eq!(world.service.get(&path, &other.token).await.code(403), "forbidden");
    assert_eq!(world.service.get(&path, &world.buyer()).await.code(403), "forbidden");
    for role in [AdminRole::Operations, AdminRole::Support, AdminRole::Finance] {
        world.service.get(&path, &world.staff(role)).await.fine(200);
    }
    assert_eq!(performance(&world).await["orders"]["confirmed"], 1);
    world.service.clock.advance(TimeDelta::days(91));
    assert_eq!(performance(&world).await["orders"]["confirmed"], 0);
    world.service.said().await;
    world.service.finish().await;
}
