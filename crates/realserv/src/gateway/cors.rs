//! Cross-origin rules. The gateway answers preflights; what services say about origins is dropped, as API Gateway does.

use super::table::Cors;
use anyhow::{Context as _, Result};
use http::HeaderValue;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The layer, with the origins of the variable instead of the table's where it is set.
pub(super) fn layer(rules: &Cors, variable: Option<&str>) -> Result<CorsLayer> {
    let origins: Vec<String> = match variable.map(str::trim).filter(|text| !text.is_empty()) {
        Some(list) => list.split(',').map(|origin| origin.trim().to_owned()).collect(),
        None => rules.allowed_origins.clone(),
    };
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(parse_all::<HeaderValue>(&origins)?)
    };
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(parse_all::<http::Method>(&rules.allowed_methods)?)
        .allow_headers(parse_all::<http::HeaderName>(&rules.allowed_headers)?)
        .expose_headers(parse_all::<http::HeaderName>(&rules.exposed_headers)?)
        .max_age(Duration::from_secs(rules.max_age_seconds)))
}

fn parse_all<T>(texts: &[String]) -> Result<Vec<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    texts.iter().map(|text| text.parse().with_context(|| format!("{text} in the cross-origin rules"))).collect()
}
