//! Stores a file: first in S3, then in the table with its event. What S3 has and no row names is an orphan.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Utc};
use domain::events::MediaUploaded;
use domain::{Actor, MediaId, UserId};
use media_store::{MediaStore, StoreError};
use pg_kit::{DbError, outbox};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::App;
use crate::domain::file::{self, Category, FileError, FileType};
use crate::store::media::{self, MediaFile};

/// Why a file is not stored, found or deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    #[error("no such file")]
    NotFound,
    #[error("the file has not been uploaded yet")]
    NotUploaded,
    #[error("this proves something and is kept")]
    Kept,
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<sqlx::Error> for MediaError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What a file belongs to: a kind of thing and its id.
pub(crate) type Related = (String, Uuid);

/// A file as it came.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) name: String,
    pub(crate) content: Bytes,
    pub(crate) category: Category,
    pub(crate) related: Option<Related>,
}

/// Stores it.
pub(crate) async fn store(app: &App, owner: UserId, actor: &Actor, new: NewFile) -> Result<MediaFile, MediaError> {
    let kind = file::inspect(new.category, &new.content)?;
    let now = app.kit.clock.now();
    let id: MediaId = app.kit.ids.next();
    let bucket = bucket(app, new.category);
    let (related_entity_type, related_entity_id) = new.related.unzip();
    let file = MediaFile {
        id,
        file_name: file::safe_name(&new.name, kind),
        file_type: kind.mime().to_owned(),
        file_size_bytes: i64::try_from(new.content.len()).unwrap_or(i64::MAX),
        file_category: new.category.as_str().to_owned(),
        sha256: Some(sha256(&new.content)),
        s3_bucket: bucket.bucket().to_owned(),
        s3_key: key(id, new.category, kind, now),
        uploaded_by: owner,
        related_entity_type,
        related_entity_id,
        is_pending: false,
        created_at: now,
    };
    bucket.put(&file.s3_key, new.content, kind.mime()).await?;
    let mut tx = app.kit.pool.begin().await?;
    media::insert(&mut tx, &file).await?;
    tell(&mut tx, app, actor, &file).await?;
    tx.commit().await?;
    Ok(file)
}

/// Says that a file is there.
pub(crate) async fn tell(conn: &mut PgConnection, app: &App, actor: &Actor, file: &MediaFile) -> Result<(), DbError> {
    let event = MediaUploaded {
        media_id: file.id,
        category: file.file_category.clone(),
        file_type: file.file_type.clone(),
        uploaded_by: file.uploaded_by,
        related_entity_type: file.related_entity_type.clone(),
        related_entity_id: file.related_entity_id,
    };
    outbox::append(conn, app.kit.clock.now(), &*app.kit.ids, actor, &event).await?;
    Ok(())
}

/// Where files of a category are kept.
pub(crate) fn bucket(app: &App, category: Category) -> &MediaStore {
    if category.is_kyc() { &app.kyc } else { &app.media }
}

/// Where a file is kept in its bucket.
pub(crate) fn key(id: MediaId, category: Category, kind: FileType, now: DateTime<Utc>) -> String {
    format!("{}/{:04}/{:02}/{id}.{}", category.as_str(), now.year(), now.month(), kind.extension())
}

/// SHA-256 in hex.
pub(crate) fn sha256(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content).as_ref())
}
