//! Files that people attach.

use clients::ServiceError;
use domain::{Actor, MediaId};
use futures::future::try_join_all;

use super::Refusal;
use crate::App;

/// Says whether all of these are files that this person stored.
pub(crate) async fn check_own(app: &App, actor: &Actor, field: &'static str, ids: &[MediaId]) -> Result<(), Refusal> {
    let asked = ids.iter().map(|id| async move { Ok::<_, ServiceError>((*id, app.neighbours.integration.media(*id).await?)) });
    for (index, (_, facts)) in try_join_all(asked).await?.into_iter().enumerate() {
        if facts.is_none_or(|facts| Some(facts.uploaded_by) != actor.user_id) {
            return Err(Refusal::Invalid {
                field: format!("{field}[{index}]"),
                message: "is no file that you stored".to_owned(),
            });
        }
    }
    Ok(())
}
