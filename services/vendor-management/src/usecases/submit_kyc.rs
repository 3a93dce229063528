//! A vendor hands in papers.

use chrono::NaiveDate;
use clients::IntegrationClient;
use domain::business_time::{end_of_ist_day, ist_date};
use domain::events::VendorKycSubmitted;
use domain::{Actor, KycStatus, MediaId, UserId, VendorId};
use futures::future::try_join_all;
use pg_kit::jobs::{self, NewJob};
use pg_kit::outbox;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::Problem;
use crate::domain::kyc::{self, DocumentType};
use crate::domain::vendor::Vendor;
use crate::jobs::EXPIRE_PAPER;
use crate::store::kyc as papers;
use crate::store::vendors::Standing;

/// A paper as it is handed in.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) document_type: DocumentType,
    pub(crate) media_id: MediaId,
    pub(crate) document_number: Option<String>,
    /// The last Indian day on which it counts.
    pub(crate) expires_on: Option<NaiveDate>,
}

/// Takes papers in. Once approved, only papers that expire are renewed and papers that nobody wanted are added: the vendor
/// sells on meanwhile. Each is a file of the caller's own; a newer one of a type takes the place of the one before.
pub(crate) async fn submit_kyc(
    app: &App,
    actor: &Actor,
    caller: UserId,
    id: VendorId,
    handed_in: Vec<Paper>,
) -> Result<Vendor, Refusal> {
    let files = handed_in
        .iter()
        .enumerate()
        .map(|(index, paper)| own_file(&app.integration, paper.media_id, caller, format!("documents[{index}].media_id")));
    let hashes = try_join_all(files).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let details = vendor.details.as_ref().ok_or(Refusal::NotOnboarded)?;
    let approved = vendor.kyc_status == KycStatus::Approved;
    if approved {
        let current = papers::current(&mut tx, id).await?;
        let stays =
            |paper: &Paper| current.iter().any(|known| known.document_type == paper.document_type && known.expires_on.is_none());
        if handed_in.iter().any(stays) {
            return Err(Refusal::KycAlreadyApproved);
        }
    }
    let today = ist_date(now);
    for (paper, content_sha256) in handed_in.iter().zip(hashes) {
        if paper.expires_on.is_some_and(|day| day < today) {
            return Err(Refusal::Invalid(vec![Problem::new("expires_on", "the paper has expired")]));
        }
        let number = paper.document_number.as_deref();
        let document_number = kyc::number_to_keep(paper.document_type, number, &details.pan, details.gstin.as_ref())
            .map_err(|problem| Refusal::Invalid(vec![problem]))?;
        let new = papers::NewDocument {
            id: app.kit.ids.uuid(),
            document_type: paper.document_type,
            media_id: paper.media_id,
            content_sha256,
            document_number,
            expires_on: paper.expires_on,
        };
        papers::hand_in(&mut tx, id, &new, now).await?;
        remember_expiry(&mut tx, app, id, &new).await?;
    }
    let kyc_status = if approved { KycStatus::Approved } else { KycStatus::Submitted };
    let standing = Standing { kyc_status, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(&mut tx, app, &vendor, standing, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorKycSubmitted { vendor: vendor.facts() }).await?;
    tx.commit().await?;
    Ok(vendor)
}

/// Lets a paper expire after its last day.
async fn remember_expiry(
    conn: &mut PgConnection,
    app: &App,
    vendor_id: VendorId,
    paper: &papers::NewDocument,
) -> Result<(), Refusal> {
    let Some(day) = paper.expires_on else { return Ok(()) };
    let (id, document_id): (Uuid, Uuid) = (app.kit.ids.uuid(), paper.id);
    let job = NewJob {
        id,
        kind: EXPIRE_PAPER,
        payload: json!({"vendor_id": vendor_id, "document_id": document_id}),
        run_at: end_of_ist_day(day),
        dedupe_key: Some(format!("{EXPIRE_PAPER}:{document_id}")),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

/// The content's hash of a file that the caller stored.
pub(crate) async fn own_file(
    integration: &IntegrationClient,
    id: MediaId,
    caller: UserId,
    field: String,
) -> Result<String, Refusal> {
    let found = integration.media(id).await.map_err(Refusal::Neighbour)?;
    let Some(file) = found.filter(|file| file.uploaded_by == caller) else {
        return Err(Refusal::MediaNotYours { field });
    };
    let sha256 = file.sha256.to_ascii_lowercase();
    match hex::decode(&sha256) {
        Ok(bytes) if bytes.len() == 32 => Ok(sha256),
        _ => Err(Refusal::Invalid(vec![Problem::new("media_id", "the file has no content hash; upload it again")])),
    }
}
