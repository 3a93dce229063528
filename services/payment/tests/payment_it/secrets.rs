//! What is written to the log holds no secret.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::support::{WEBHOOK_SECRET, world};

/// Keeps every word that is logged: of ours from DEBUG on, of others from INFO on.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?}\n", field.name()));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = ["payment", "razorpay", "outbound", "service_kit", "pg_kit", "clients", "auth"];
        let is_ours = ours.iter().any(|name| metadata.target().starts_with(name));
        *metadata.level() <= if is_ours { Level::DEBUG } else { Level::INFO }
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Words(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Words(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Words(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn neither_the_log_nor_a_dump_of_the_settings_holds_a_secret() {
    let w = world().await;
    let log = Log::default();
    // The service runs on this test's own thread.
    let _guard = tracing::subscriber::set_default(log.clone());
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let mut forged = paid.clone();
    forged["razorpay_signature"] = json!("0".repeat(64));
    assert_eq!(w.verify(&forged, &w.buyer.token).await.code(400), "signature_mismatch");
    w.fault(json!({"system": "razorpay", "operation": "get_payment", "kind": "status", "value": 500, "count": 1})).await;
    let _ = w.verify(&paid, &w.buyer.token).await.data(200);
    assert_eq!(w.webhook_signed("evt_forged", &json!({"event": "payment.captured"}), "guessed").await.status, 401);
    w.payment_webhook("evt_1", "payment.captured", &w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await).await;
    let _ = w.refund(&id, "key-of-a-refund-1", &json!({"reason": "goodwill"})).await.data(201);
    w.refunds_done(&id).await;
    let said = log.0.lock().unwrap().clone();
    assert!(said.contains("signature"), "something was logged at all: {said}");
    let dump = format!("{:?}", w.app);
    let signature = paid["razorpay_signature"].as_str().unwrap();
    for secret in ["rs_test_key_secret_0123456789", WEBHOOK_SECRET, "rs_test_webhook_secret_of_old", &w.buyer.token, signature] {
        assert!(!said.contains(secret), "the log holds {secret}");
        assert!(!dump.contains(secret), "the settings hold {secret}");
    }
    w.said().await;
    w.service.finish().await;
}
