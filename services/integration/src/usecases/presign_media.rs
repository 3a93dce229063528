//! Promises a file that the client brings to S3 itself.

use domain::{MediaId, UserId};
use media_store::{SignedUrl, Upload};

use super::store_media::{MediaError, Related, bucket, key};
use crate::App;
use crate::domain::file::{self, Category, FileType};
use crate::store::media::{self, MediaFile};

/// What is promised.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) name: String,
    pub(crate) kind: FileType,
    pub(crate) size: usize,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) category: Category,
    pub(crate) related: Option<Related>,
}

/// Promises it: the row, and a URL that takes exactly that file.
pub(crate) async fn presign(app: &App, owner: UserId, promise: Promise) -> Result<(MediaFile, SignedUrl), MediaError> {
    file::check(promise.category, promise.kind, promise.size)?;
    let now = app.kit.clock.now();
    let id: MediaId = app.kit.ids.next();
    let store = bucket(app, promise.category);
    let (related_entity_type, related_entity_id) = promise.related.unzip();
    let file = MediaFile {
        id,
        file_name: file::safe_name(&promise.name, promise.kind),
        file_type: promise.kind.mime().to_owned(),
        file_size_bytes: i64::try_from(promise.size).unwrap_or(i64::MAX),
        file_category: promise.category.as_str().to_owned(),
        sha256: None,
        s3_bucket: store.bucket().to_owned(),
        s3_key: key(id, promise.category, promise.kind, now),
        uploaded_by: owner,
        related_entity_type,
        related_entity_id,
        is_pending: true,
        created_at: now,
    };
    let upload = Upload {
        content_type: file.file_type.clone(),
        size: u64::try_from(promise.size).ok(),
        sha256: promise.sha256,
        expires_in: app.config.media_url,
    };
    let url = store.presign_put(&file.s3_key, &upload).await?;
    let mut conn = app.kit.pool.acquire().await?;
    media::insert(&mut conn, &file).await?;
    Ok((file, url))
}
