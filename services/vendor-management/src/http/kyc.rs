//! A vendor's papers.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{KycStatus, MediaId, UserId, VendorId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::http::{Allowed, Body, Created, Data, PathId, Problems, VendorCaller};
use service_kit::{ApiError, policy};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::vendor_staff::Operations;
use crate::App;
use crate::domain::kyc::{self, DocumentType, VerificationStatus, missing};
use crate::domain::vendor::{BusinessType, Vendor};
use crate::store::data_keys;
use crate::store::kyc::{self as papers, Document};
use crate::usecases::approve_kyc::approve_kyc;
use crate::usecases::onboard_vendor;
use crate::usecases::reject_kyc::reject_kyc;
use crate::usecases::submit_kyc::{Paper, submit_kyc};

policy!(
    /// Who sees a vendor's papers.
    pub(super) Readers: vendor, admin[Operations]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(submit, get)).routes(routes!(approve)).routes(routes!(reject))
}

/// Papers.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubmitIn {
    #[garde(length(min = 1, max = 6), dive)]
    documents: Vec<DocumentIn>,
}

/// One paper.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DocumentIn {
    #[garde(skip)]
    document_type: DocumentType,
    /// A file that the caller uploaded.
    #[garde(skip)]
    media_id: MediaId,
    /// Must be the vendor's own PAN or GSTIN; of an Aadhaar only the last four digits are kept.
    #[garde(length(chars, max = 50))]
    #[serde(default)]
    document_number: Option<String>,
    /// The last Indian day on which it counts, when it has one.
    #[garde(skip)]
    #[serde(default)]
    expires_on: Option<NaiveDate>,
}

/// Which papers are wrong, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectIn {
    #[garde(length(min = 1, max = 6), dive)]
    documents: Vec<RejectedIn>,
}

/// A paper that is wrong.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectedIn {
    #[garde(skip)]
    document_id: Uuid,
    #[garde(length(chars, min = 3, max = 500))]
    reason: String,
}

/// Where a vendor's papers stand.
#[derive(Debug, Serialize, ToSchema)]
struct KycOut {
    vendor_id: VendorId,
    kyc_status: KycStatus,
    documents: Vec<DocumentOut>,
    /// What a business of this kind hands in, and where each item stands.
    checklist: Vec<ChecklistItemOut>,
    /// What approval still wants.
    missing: Vec<String>,
    /// How many other vendors gave the same numbers; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_with: Option<SharedOut>,
}

/// How many other vendors gave the same.
#[derive(Debug, Serialize, ToSchema)]
struct SharedOut {
    gstin: i64,
    pan: i64,
    bank_account: i64,
}

/// One item of the checklist.
#[derive(Debug, Serialize, ToSchema)]
struct ChecklistItemOut {
    #[schema(example = "bank_proof")]
    item: &'static str,
    /// Any of these papers does.
    any_of: Vec<DocumentType>,
    /// Whether approval wants it.
    required: bool,
    /// `missing`, `pending`, `verified`, `rejected` or `expired`.
    state: &'static str,
    /// The paper that stands so.
    document_id: Option<Uuid>,
}

impl ChecklistItemOut {
    /// The best of the papers that would do.
    fn of(item: &kyc::Item, documents: &[Document]) -> Self {
        let rank = |status| match status {
            VerificationStatus::Verified => 3,
            VerificationStatus::Pending => 2,
            VerificationStatus::Expired => 1,
            VerificationStatus::Rejected => 0,
        };
        let fitting = documents.iter().filter(|paper| item.any_of.contains(&paper.document_type));
        let best = fitting.max_by_key(|paper| rank(paper.verification_status));
        Self {
            item: item.name,
            any_of: item.any_of.to_vec(),
            required: item.required,
            state: best.map_or("missing", |paper| paper.verification_status.as_str()),
            document_id: best.map(|paper| paper.id),
        }
    }
}

/// One paper.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentOut {
    id: Uuid,
    document_type: DocumentType,
    media_id: MediaId,
    /// Masked: of an Aadhaar `XXXX-XXXX-1234`, of PAN, GSTIN and bank account the last four characters.
    document_number: Option<String>,
    verification_status: VerificationStatus,
    rejection_reason: Option<String>,
    uploaded_at: DateTime<Utc>,
    /// Who looked at it.
    verified_by: Option<UserId>,
    verified_at: Option<DateTime<Utc>>,
    expires_on: Option<NaiveDate>,
}

impl From<Document> for DocumentOut {
    fn from(paper: Document) -> Self {
        let number = paper.document_number.map(|number| match paper.document_type {
            DocumentType::Aadhaar => format!("XXXX-XXXX-{number}"),
            DocumentType::BankStatement | DocumentType::CancelledCheque => format!("XXXX{number}"),
            _ => number,
        });
        Self {
            id: paper.id,
            document_type: paper.document_type,
            media_id: paper.media_id,
            document_number: number,
            verification_status: paper.verification_status,
            rejection_reason: paper.rejection_reason,
            uploaded_at: paper.uploaded_at,
            verified_by: paper.verified_by,
            verified_at: paper.verified_at,
            expires_on: paper.expires_on,
        }
    }
}

async fn shown(app: &App, vendor: &Vendor, for_staff: bool) -> Result<KycOut, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let documents = papers::current(&mut conn, vendor.id).await?;
    let shared_with = if for_staff {
        let shared = data_keys::shared(&mut conn, vendor.id).await?;
        Some(SharedOut { gstin: shared.gstin, pan: shared.pan, bank_account: shared.bank_account })
    } else {
        None
    };
    let good: Vec<_> =
        documents.iter().filter(|paper| paper.verification_status.counts()).map(|paper| paper.document_type).collect();
    let business = vendor.details.as_ref().map_or(BusinessType::MaterialSupplier, |d| d.business_type);
    let scheme = vendor.details.as_ref().map_or(domain::GstScheme::Unregistered, |d| d.gst_scheme);
    Ok(KycOut {
        vendor_id: vendor.id,
        kyc_status: vendor.kyc_status,
        missing: missing(scheme, &good).into_iter().map(str::to_owned).collect(),
        checklist: kyc::checklist(business, scheme).iter().map(|item| ChecklistItemOut::of(item, &documents)).collect(),
        documents: documents.into_iter().map(DocumentOut::from).collect(),
        shared_with,
    })
}

/// Hands in papers
///
/// Each is a file that the caller uploaded. A newer paper takes the place of the one of its type before.
#[utoipa::path(post, path = "/api/v1/vendors/{id}/kyc", tag = "kyc", operation_id = "submitKyc", request_body = SubmitIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 201, description = "Where the papers stand", body = Data<KycOut>), Problems))]
async fn submit(
    caller: VendorCaller,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<SubmitIn>,
) -> Result<Created<KycOut>, ApiError> {
    if caller.vendor_id != id {
        return Err(ApiError::not_found("vendor"));
    }
    let mut kinds: Vec<_> = body.documents.iter().map(|paper| paper.document_type).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() != body.documents.len() {
        return Err(ApiError::invalid_field("documents", "one paper of a type at a time"));
    }
    let handed_in = body.documents.into_iter().map(|paper| Paper {
        document_type: paper.document_type,
        media_id: paper.media_id,
        document_number: paper.document_number,
        expires_on: paper.expires_on,
    });
    let vendor = submit_kyc(&app, &caller.actor, caller.user_id, id, handed_in.collect()).await?;
    Ok(Created(shown(&app, &vendor, false).await?))
}

/// Where a vendor's papers stand
#[utoipa::path(get, path = "/api/v1/vendors/{id}/kyc", tag = "kyc", operation_id = "getKyc", params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "Where they stand", body = Data<KycOut>), Problems))]
async fn get(caller: Allowed<Readers>, State(app): State<App>, PathId(id): PathId<VendorId>) -> Result<Data<KycOut>, ApiError> {
    if !caller.caller.is_vendor(id) && !caller.caller.is_admin(&[domain::AdminRole::Operations]) {
        return Err(ApiError::not_found("vendor"));
    }
    let vendor = onboard_vendor::find(&app, id).await?;
    Ok(Data::new(shown(&app, &vendor, !caller.caller.is_vendor(id)).await?))
}

/// Approves a vendor's papers
///
/// Needs PAN and bank proof, and the GSTIN unless unregistered. The vendor becomes active.
#[utoipa::path(put, path = "/api/v1/vendors/{id}/kyc/approve", tag = "kyc", operation_id = "approveKyc", params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "Where the papers stand", body = Data<KycOut>), Problems))]
async fn approve(
    caller: Allowed<Operations>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
) -> Result<Data<KycOut>, ApiError> {
    let by = caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "you may not do this"))?;
    let vendor = approve_kyc(&app, &caller.actor, by, id).await?;
    Ok(Data::new(shown(&app, &vendor, true).await?))
}

/// Rejects some of a vendor's papers, each with its reason
#[utoipa::path(put, path = "/api/v1/vendors/{id}/kyc/reject", tag = "kyc", operation_id = "rejectKyc", request_body = RejectIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "Where the papers stand", body = Data<KycOut>), Problems))]
async fn reject(
    caller: Allowed<Operations>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<RejectIn>,
) -> Result<Data<KycOut>, ApiError> {
    let by = caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "you may not do this"))?;
    let rejected: Vec<_> = body.documents.into_iter().map(|paper| (paper.document_id, paper.reason)).collect();
    let vendor = reject_kyc(&app, &caller.actor, by, id, &rejected).await?;
    Ok(Data::new(shown(&app, &vendor, true).await?))
}
