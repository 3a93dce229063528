//! What the log says, and what it never says.

use std::io::Write;
use std::sync::{Arc, Mutex};

use opentelemetry::trace::TracerProvider as _;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::Running;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Logs at the most talkative level of our own code. Each test runs in a process of its own.
fn listen() -> Lines {
    let lines = Lines::default();
    opentelemetry::global::set_text_map_propagator(opentelemetry_sdk::propagation::TraceContextPropagator::new());
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let writer = lines.clone();
    tracing_subscriber::registry()
        .with(tracing_subscriber::EnvFilter::new("info,service_kit=trace,auth=trace,outbound=trace"))
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
        .with(
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(move || writer.clone()),
        )
        .init();
    lines
}

#[tokio::test]
async fn one_line_a_request_tells_work_and_trace_and_nothing_that_was_typed() {
    let lines = listen();
    let service = Running::start().await;
    let buyer = service.people.buyer();
    let id = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6";
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let bearer = format!("Bearer {}", buyer.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-correlation-id", id),
        ("traceparent", parent.as_str()),
    ];
    let typed = json!({"name": "Ravi Kumar", "status": "+919876543210", "lines": []}).to_string();
    let refused = service.send("POST", "/api/v1/parcels?phone=9876543210", &headers, &typed).await;
    assert_eq!(refused.status, 422);
    service.send("GET", "/panics", &headers, "").await;
    let seen = service.send("GET", "/context", &headers, "").await;
    let handed_on = seen.data(200)["traceparent"].as_str().unwrap();
    assert!(handed_on.contains(TRACE) && handed_on != parent, "the same trace, a span of our own: {handed_on}");
    service.get("/health/live", None).await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let answered: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 3, "health is not logged: {text}");
    for line in &answered {
        assert_eq!((&line["span"]["correlation_id"], &line["span"]["trace_id"]), (&json!(id), &json!(TRACE)), "{line}");
    }
    assert_eq!((&answered[0]["status"], &answered[0]["span"]["route"]), (&json!(422), &json!("/api/v1/parcels")));
    let fault = text.lines().find(|line| line.contains("request failed")).unwrap();
    assert!(fault.contains(id) && fault.contains("on purpose"), "{fault}");
    for secret in ["Ravi", "9876543210", &buyer.token, &buyer.uid] {
        assert!(!text.contains(secret), "{secret} is in the log: {text}");
    }
}

#[tokio::test]
async fn a_trace_is_handed_on_even_where_nothing_is_traced_and_only_in_w3c_form() {
    let service = Running::start().await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let seen = service.send("GET", "/context", &[("traceparent", &parent)], "").await;
    assert_eq!(seen.data(200)["traceparent"], parent);
    let amazon = [("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678"), ("traceparent", "nonsense")];
    assert_eq!(service.send("GET", "/context", &amazon, "").await.data(200)["traceparent"], Value::Null);
}
