//! How much SQL an order costs: the statements as sqlx tells of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::Outcome;
use domain::ServiceName;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::World;

/// Counts statements, BEGIN and COMMIT included, of everything that runs on this thread.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Counter {
    fn taken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

#[tokio::test]
async fn placing_an_order_costs_four_statements_and_hearing_of_its_payment_one() {
    let world = World::new().await;
    // Connections are open, statements known.
    let _ = world.placed("cod").await;
    let counter = Counter::default();
    let guard = tracing::subscriber::set_default(counter.clone());
    for (key, method) in [("first", "cod"), ("second", "online")] {
        counter.taken();
        let _ = world.place_with(&world.basket(method), key).await.data(201);
        assert_eq!(counter.taken(), 4, "{method}");
    }
    let again = world.place_with(&world.basket("cod"), "first").await;
    let order = crate::support::Placed::of(again.data(201));
    assert_eq!(counter.taken(), 1, "a repeated request");
    let opened = domain::events::PaymentOpened { payment: world.payment(&order), gateway_order_id: None };
    let opened = world.service.envelope(ServiceName::Payment, &opened);
    assert!(matches!(world.service.deliver_envelope(opened.clone()).await, Outcome::Done));
    assert_eq!(counter.taken(), 1, "an event of the story");
    assert!(matches!(world.service.deliver_envelope(opened).await, Outcome::Duplicate));
    drop(guard);
    world.finish().await;
}
