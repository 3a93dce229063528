//! Whether a file may serve as proof of collection.

use ::domain::{MediaId, UserId};
use clients::ServiceError;

use crate::App;

/// Why a file does not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofRefusal {
    /// There is none, or somebody else stored it.
    #[error("the file is not the caller's")]
    NotYours,
    /// The files cannot be looked at now.
    #[error(transparent)]
    Unavailable(ServiceError),
}

/// Lets only a file pass that `owner` stored; without an owner, any that there is.
pub(crate) async fn own_proof(app: &App, id: MediaId, owner: Option<UserId>) -> Result<(), ProofRefusal> {
    let found = app.files.media(id).await.map_err(ProofRefusal::Unavailable)?;
    match found {
        Some(file) if owner.is_none_or(|owner| file.uploaded_by == owner) => Ok(()),
        _ => Err(ProofRefusal::NotYours),
    }
}
