//! A vendor hands in papers.

use clients::IntegrationClient;
use domain::events::VendorKycSubmitted;
use domain::{Actor, KycStatus, MediaId, UserId, VendorId};
use futures::future::try_join_all;
use pg_kit::outbox;

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::Problem;
use crate::domain::kyc::{self, DocumentType};
use crate::domain::vendor::Vendor;
use crate::store::kyc as papers;
use crate::store::vendors::Standing;

/// A paper as it is handed in.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) document_type: DocumentType,
    pub(crate) media_id: MediaId,
    pub(crate) document_number: Option<String>,
}

/// Takes papers in. Each is a file of the caller's own; a newer one of a type takes the place of the one before.
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
    let vendor = change_vendor::hold(&mut tx, id).await?;
    let details = vendor.details.as_ref().ok_or(Refusal::NotOnboarded)?;
    if vendor.kyc_status == KycStatus::Approved {
        return Err(Refusal::KycAlreadyApproved);
    }
    for (paper, content_sha256) in handed_in.iter().zip(hashes) {
        let number = paper.document_number.as_deref();
        let document_number = kyc::number_to_keep(paper.document_type, number, &details.pan, details.gstin.as_ref())
            .map_err(|problem| Refusal::Invalid(vec![problem]))?;
        let new = papers::NewDocument {
            id: app.kit.ids.uuid(),
            document_type: paper.document_type,
            media_id: paper.media_id,
            content_sha256,
            document_number,
        };
        papers::hand_in(&mut tx, id, &new, now).await?;
    }
    let standing = Standing { kyc_status: KycStatus::Submitted, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(&mut tx, &vendor, standing, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorKycSubmitted { vendor: vendor.facts() }).await?;
    tx.commit().await?;
    Ok(vendor)
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
