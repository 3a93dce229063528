//! What an order costs the database: a whole fan-out is written in one statement, and sent with a handful.

use std::sync::{Arc, Mutex};

use domain::ServiceName;

use crate::samples::Order;
use crate::support::world;

/// Collects statements as the database driver tells of them.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl tracing::field::Visit for Statements {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "summary" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl tracing::Subscriber for Statements {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn an_orders_fan_out_is_written_and_sent_with_a_handful_of_statements() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let other = world.buyer().await;
    // The texts are read once.
    world.happen(ServiceName::Payment, &Order::new(&other, &vendor, "cod").opened()).await;
    let statements = Statements::default();
    let counting = tracing::subscriber::set_default(statements.clone());
    let opened = world.envelope(ServiceName::Payment, &Order::new(&buyer, &vendor, "cod").opened());
    world.deliver_envelope(opened).await;
    let planning = statements.take();
    assert_eq!(world.kept(buyer.user_id).await.len() + world.kept(vendor.user_id).await.len(), 6);
    statements.take();
    world.run_due_jobs().await;
    let sending = statements.take();
    drop(counting);
    // Inbox, order, people, messages, and the commit.
    assert!(planning.len() <= 5, "{planning:#?}");
    // Twice a look for interrupted ones, a claim and two that find nothing, the results in four.
    assert!((5..=10).contains(&sending.len()), "{sending:#?}");
    assert_eq!(world.chat(&vendor.phone).await.len(), 2);
    assert_eq!(world.chat(&buyer.phone).await.len(), 1);
}
