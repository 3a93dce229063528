//! `/openapi.json`, `/docs`, and the checked-in `openapi/<service>.yaml`.

use domain::ServiceName;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi};

use super::envelope::ProblemSchemas;

/// Completes a service's document: title, version, how to sign in, the shape of refusals.
#[must_use]
pub fn complete(service: ServiceName, mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title(format!("RealServ {service} service"))
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Amounts are decimal strings in INR, times RFC 3339 in UTC, ids UUID v7."))
        .build();
    document.servers = None;
    document.merge(ProblemSchemas::openapi());
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme(
        "firebase",
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some("Firebase ID token")).build(),
        ),
    );
    components.add_security_scheme(
        "service",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("Token of one of our services"))
                .build(),
        ),
    );
    document
}
