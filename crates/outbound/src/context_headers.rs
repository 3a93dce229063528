//! The correlation id and the trace go with every call.

use context::{CORRELATION_HEADER, TRACEPARENT_HEADER};
use reqwest::RequestBuilder;

/// Adds the running work's correlation id and trace parent to a request.
pub fn with_context(request: RequestBuilder) -> RequestBuilder {
    let context = context::current();
    let request = if context.correlation_id.as_uuid().is_nil() {
        request
    } else {
        request.header(CORRELATION_HEADER, context.correlation_id.to_string())
    };
    match context.traceparent {
        Some(parent) => request.header(TRACEPARENT_HEADER, parent),
        None => request,
    }
}
