//! Logs as JSON lines, W3C traces, Prometheus metrics.

use anyhow::Context as _;
use domain::ServiceName;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// What has to be flushed at the end.
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
    pub(crate) metrics: PrometheusHandle,
}

impl Telemetry {
    /// Sets logs, traces and metrics up for the process. Call it outside of the runtime: the exporter's HTTP client
    /// blocks a thread of its own.
    ///
    /// # Errors
    /// The collector's address is unusable, or telemetry was set up before.
    pub(crate) fn start(service: ServiceName, otlp_endpoint: Option<&str>) -> anyhow::Result<Self> {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let mut builder = SdkTracerProvider::builder()
            .with_resource(opentelemetry_sdk::Resource::builder().with_service_name(format!("realserv-{service}")).build());
        if let Some(endpoint) = otlp_endpoint.filter(|e| !e.is_empty()) {
            let exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_http()
                .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
                .build()
                .context("cannot use OTEL_EXPORTER_OTLP_ENDPOINT")?;
            builder = builder.with_batch_exporter(exporter);
        }
        let provider = builder.build();
        let filter = EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new("info,otel::tracing=trace,aws_smithy_runtime=warn,aws_config=warn,sqlx=warn"));
        tracing_subscriber::registry()
            .with(filter)
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("realserv")))
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(std::io::stderr)
                    .boxed(),
            )
            .try_init()
            .context("logging was set up before")?;
        log_panics();
        let metrics = PrometheusBuilder::new()
            .set_buckets(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
            .context("metric buckets")?
            .add_global_label("service", service.as_str())
            .install_recorder()
            .context("metrics were set up before")?;
        Ok(Self { provider, metrics })
    }

    /// Sends what is still in memory.
    pub(crate) fn finish(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::debug!(%error, "traces could not be flushed");
        }
    }
}

/// Makes a span that has not begun part of the trace that the caller's `traceparent` names, notes the trace's id in its
/// field `trace_id`, and gives the `traceparent` to hand on: the span's own, or the caller's where nothing is traced.
pub(crate) fn join_trace(span: &tracing::Span, callers: Option<&str>) -> Option<String> {
    let callers = callers.filter(|text| is_traceparent(text));
    continue_trace(span, callers);
    let own = traceparent(span).or_else(|| callers.map(str::to_owned));
    if let Some(own) = &own {
        span.record("trace_id", own.get(3..35).unwrap_or_default());
    }
    own
}

/// A span and a context for work in the background, within the trace that the current context belongs to.
pub(crate) async fn in_background<F: Future>(what: &'static str, name: &str, work: F) -> F::Output {
    let mut context = context::current();
    let span = tracing::info_span!(parent: None, "work", otel.name = %format!("{what} {name}"), otel.kind = "consumer",
        what, name, correlation_id = %context.correlation_id, causation_id = tracing::field::Empty,
        trace_id = tracing::field::Empty);
    if let Some(event) = context.causation_id {
        span.record("causation_id", tracing::field::display(event));
    }
    context.traceparent = join_trace(&span, context.traceparent.as_deref());
    context::scope(context, work.instrument(span)).await
}

/// Whether this is version 00 of the W3C form with a trace and a span.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let some = |part: &str| part.bytes().any(|b| b != b'0');
    matches!(parts.as_slice(), ["00", trace, span, flags]
        if hex(trace, 32) && some(trace) && hex(span, 16) && some(span) && hex(flags, 2))
}

/// Panics go into the log as every other fault, not to standard error as they please.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let location = info.location().map(ToString::to_string);
        tracing::error!(location, message = info.payload_as_str(), "panicked");
    }));
}

/// W3C `traceparent` of a span, when it is traced.
fn traceparent(span: &tracing::Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| format!("00-{}-{}-{:02x}", ids.trace_id(), ids.span_id(), ids.trace_flags().to_u8()))
}

/// Makes a span the child of the span that a `traceparent` names.
fn continue_trace(span: &tracing::Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
    if parent.span().span_context().is_valid() && span.set_parent(parent).is_err() {
        tracing::debug!("the span has begun already; its trace stands alone");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLERS: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_a_w3c_traceparent_is_handed_on() {
        assert!(is_traceparent(CALLERS));
        for wrong in [
            "",
            "Root=1-67891233-abcdef012345678912345678",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(!is_traceparent(wrong), "{wrong}");
            assert_eq!(join_trace(&tracing::Span::none(), Some(wrong)), None);
        }
        assert_eq!(join_trace(&tracing::Span::none(), Some(CALLERS)).as_deref(), Some(CALLERS), "nothing is traced here");
    }

    #[test]
    fn a_span_continues_the_callers_trace_as_a_span_of_its_own() {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", trace_id = tracing::field::Empty);
            let own = join_trace(&span, Some(CALLERS)).unwrap();
            assert_eq!(own[..36], CALLERS[..36], "the same trace");
            assert_ne!(own[36..52], CALLERS[36..52], "another span");
            let fresh = join_trace(&tracing::info_span!("request"), None).unwrap();
            assert!(is_traceparent(&fresh) && fresh[3..35] != CALLERS[3..35]);
        });
    }
}
