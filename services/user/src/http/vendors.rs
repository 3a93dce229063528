//! `POST /api/v1/vendors`; everything else of vendors is vendor-management's.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::events::VendorFacts;
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, Created, Data, Problems, SignedIn};
use utoipa::ToSchema;

use super::checks::{trimmed, words};
use crate::App;
use crate::usecases;

/// A vendor's basic profile.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenVendorBody {
    /// Name of the business, when known.
    #[garde(inner(length(chars, max = 120), custom(words)))]
    business_name: Option<String>,
}

/// Opens the caller's basic profile with vendor-management; again answers the same.
#[utoipa::path(post, path = "/api/v1/vendors", tag = "vendors", operation_id = "open_vendor", request_body = OpenVendorBody,
    security(("firebase" = [])),
    responses((status = 201, description = "Opened", body = Data<VendorFacts>),
              (status = 200, description = "Opened before", body = Data<VendorFacts>), Problems))]
pub(super) async fn open(
    State(app): State<App>,
    signed_in: SignedIn,
    Body(body): Body<OpenVendorBody>,
) -> Result<Response, ApiError> {
    let (vendor, is_new) = usecases::open_vendor(&app, &signed_in.claims, body.business_name.map(trimmed)).await?;
    Ok(if is_new { Created(vendor).into_response() } else { Data::new(vendor).into_response() })
}
