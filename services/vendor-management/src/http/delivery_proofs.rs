//! What proves a delivery: the buyer's code, or a photo and staff.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{DeliveryId, MediaId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, PathId, Problems, VendorCaller};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::delivery_shapes::{DeliveryOut, DeliveryWholeOut, Viewer, whole};
use super::vendor_staff::Operations;
use crate::App;
use crate::domain::place::Place;
use crate::domain::proof::ProofType;
use crate::usecases::approve_proof::approve_proof;
use crate::usecases::generate_otp::generate_otp;
use crate::usecases::upload_proof::{File, upload_proof};
use crate::usecases::verify_otp::verify_otp;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(generate)).routes(routes!(verify)).routes(routes!(upload)).routes(routes!(approve))
}

/// A code was sent.
#[derive(Debug, Serialize, ToSchema)]
struct CodeSentOut {
    delivery_id: DeliveryId,
    /// Until when it counts.
    expires_at: DateTime<Utc>,
}

/// Sends the buyer a code
///
/// By SMS and WhatsApp, to the buyer only. Counts for 30 minutes and 5 tries; no more than 3 codes an hour. When it could
/// not be sent the answer is 503 `otp_not_sent`: ask again.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/generate-otp", tag = "deliveries", operation_id = "generateDeliveryOtp",
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 200, description = "It was sent", body = Data<CodeSentOut>), Problems))]
async fn generate(
    caller: VendorCaller,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
) -> Result<Data<CodeSentOut>, ApiError> {
    let expires_at = generate_otp(&app, &caller.actor, caller.vendor_id, id).await?;
    Ok(Data::new(CodeSentOut { delivery_id: id, expires_at }))
}

/// The buyer's code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyIn {
    /// Six digits.
    #[garde(length(min = 6, max = 6), custom(digits))]
    #[schema(pattern = r"^\d{6}$", min_length = 6, max_length = 6)]
    code: String,
    #[garde(range(min = -90.0, max = 90.0))]
    #[serde(default)]
    latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    #[serde(default)]
    longitude: Option<f64>,
}

fn digits(code: &str, (): &()) -> garde::Result {
    if code.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(garde::Error::new("six digits")) }
}

/// Halves of a point come together.
fn place(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<Place>, ApiError> {
    if latitude.is_some() != longitude.is_some() {
        return Err(ApiError::invalid_field("longitude", "latitude and longitude come together"));
    }
    Ok(Place::of(latitude, longitude))
}

/// Enters the buyer's code; the right one ends the delivery
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/verify-otp", tag = "deliveries", operation_id = "verifyDeliveryOtp", request_body = VerifyIn,
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 200, description = "Delivered", body = Data<DeliveryOut>), Problems))]
async fn verify(
    caller: VendorCaller,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
    Body(body): Body<VerifyIn>,
) -> Result<Data<DeliveryOut>, ApiError> {
    let place = place(body.latitude, body.longitude)?;
    let who = (caller.vendor_id, caller.user_id);
    let delivery = verify_otp(&app, &caller.actor, who, id, &body.code, place).await?;
    Ok(Data::new(delivery.into()))
}

/// A file as proof.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProofIn {
    /// A file that the caller uploaded.
    #[garde(skip)]
    media_id: MediaId,
    /// `photo` when left out.
    #[garde(skip)]
    #[serde(default)]
    proof_type: Option<FileProof>,
    #[garde(range(min = -90.0, max = 90.0))]
    #[serde(default)]
    latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    #[serde(default)]
    longitude: Option<f64>,
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    notes: Option<String>,
}

/// Kinds of proof that are files.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FileProof {
    Photo,
    Signature,
    Document,
}

impl From<FileProof> for ProofType {
    fn from(file: FileProof) -> Self {
        match file {
            FileProof::Photo => Self::Photo,
            FileProof::Signature => Self::Signature,
            FileProof::Document => Self::Document,
        }
    }
}

/// Adds a photo, signature or document
///
/// Kept with place, time, who, and a hash chained to the proof before. Without a position the last one on the way counts.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/upload-proof", tag = "deliveries", operation_id = "uploadDeliveryProof", request_body = ProofIn,
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 201, description = "The delivery with its proofs", body = Data<DeliveryWholeOut>), Problems))]
async fn upload(
    caller: VendorCaller,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
    Body(body): Body<ProofIn>,
) -> Result<Created<DeliveryWholeOut>, ApiError> {
    let file = File {
        proof_type: body.proof_type.unwrap_or(FileProof::Photo).into(),
        media_id: body.media_id,
        place: place(body.latitude, body.longitude)?,
        notes: body.notes,
    };
    let delivery = upload_proof(&app, &caller.actor, (caller.vendor_id, caller.user_id), id, &file).await?;
    let mut conn = app.kit.pool.acquire().await?;
    Ok(Created(whole(&mut conn, delivery, Viewer::VendorOrStaff).await?))
}

/// Accepts the photo in place of the code
///
/// Ends a delivery on its way that has a photo and no code.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/approve-proof", tag = "deliveries", operation_id = "approveDeliveryProof",
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 200, description = "Delivered", body = Data<DeliveryOut>), Problems))]
async fn approve(
    caller: Allowed<Operations>,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
) -> Result<Data<DeliveryOut>, ApiError> {
    let by = caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "you may not do this"))?;
    Ok(Data::new(approve_proof(&app, &caller.actor, by, id, None).await?.into()))
}
