//! What opening a payment costs: it is done for each order that is placed.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use crate::support::world;

/// Keeps the SQL that sqlx says it has run.
#[derive(Debug, Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

struct Summary(Option<String>);

impl Visit for Summary {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "summary" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut summary = Summary(None);
        event.record(&mut summary);
        self.0.lock().unwrap().extend(summary.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl Statements {
    /// Those since the last time, without what only begins and ends transactions.
    fn taken(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap());
        let frame = |sql: &str| ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| sql.trim_matches('"').starts_with(word));
        all.into_iter().filter(|sql| !frame(sql)).collect()
    }
}

#[tokio::test]
async fn opening_a_payment_takes_at_most_four_statements() {
    let w = world().await;
    let statements = Statements::default();
    // The service runs on this test's own thread.
    let _guard = tracing::subscriber::set_default(statements.clone());
    let _ = w.open(&w.terms(100)).await.data(201);
    let _ = w.open_cod(&w.terms(100)).await.data(201);
    statements.taken();
    let _ = w.open_cod(&w.terms(100)).await.data(201);
    let cash = statements.taken();
    assert!((1..=3).contains(&cash.len()), "cash: {cash:#?}");
    let _ = w.open(&w.terms(100)).await.data(201);
    let online = statements.taken();
    assert!((1..=4).contains(&online.len()), "online: {online:#?}");
    w.said().await;
    w.service.finish().await;
}
