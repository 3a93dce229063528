//! Deletes a file: nobody sees it any more. The object itself goes when the law allows.

use domain::events::MediaDeleted;
use domain::{Actor, MediaId};
use pg_kit::outbox;
use serde_json::json;

use super::store_media::MediaError;
use super::{audit, open_media};
use crate::App;
use crate::domain::file::Category;
use crate::store::media;

/// Deletes it; what proves something only when staff says so.
pub(crate) async fn delete(app: &App, actor: &Actor, id: MediaId, by_staff: bool) -> Result<(), MediaError> {
    let file = open_media::find(app, id).await?;
    let owners = Category::read(&file.file_category).is_some_and(Category::is_owners_to_delete);
    if !by_staff && !owners && !file.is_pending {
        return Err(MediaError::Kept);
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !media::delete(&mut tx, id, now).await? {
        return Err(MediaError::NotFound);
    }
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &MediaDeleted { media_id: id }).await?;
    let before = json!({"category": file.file_category, "file_type": file.file_type, "uploaded_by": file.uploaded_by,
        "related_entity_type": file.related_entity_type, "related_entity_id": file.related_entity_id, "is_deleted": false});
    let deed = ("media.deleted", "media", id.as_uuid());
    audit::record(app, &mut tx, actor, deed, Some(before), json!({"is_deleted": true})).await?;
    tx.commit().await?;
    Ok(())
}
