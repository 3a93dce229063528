//! Logs as JSON lines, W3C traces, Prometheus metrics.

use anyhow::Context as _;
use domain::ServiceName;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
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

/// W3C `traceparent` of a span, when it is traced.
pub(crate) fn traceparent(span: &tracing::Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| format!("00-{}-{}-{:02x}", ids.trace_id(), ids.span_id(), ids.trace_flags().to_u8()))
}

/// Makes a span the child of the span that a `traceparent` names.
pub(crate) fn continue_trace(span: &tracing::Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
    if parent.span().span_context().is_valid() && span.set_parent(parent).is_err() {
        tracing::debug!("the span has begun already; its trace stands alone");
    }
}
