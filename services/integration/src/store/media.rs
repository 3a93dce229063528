//! What is known of files.

use chrono::{DateTime, Utc};
use domain::{MediaId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct MediaFile {
    pub(crate) id: MediaId,
    pub(crate) file_name: String,
    pub(crate) file_type: String,
    pub(crate) file_size_bytes: i64,
    pub(crate) file_category: String,
    pub(crate) sha256: Option<String>,
    pub(crate) s3_bucket: String,
    pub(crate) s3_key: String,
    pub(crate) uploaded_by: UserId,
    pub(crate) related_entity_type: Option<String>,
    pub(crate) related_entity_id: Option<Uuid>,
    pub(crate) is_pending: bool,
    pub(crate) created_at: DateTime<Utc>,
}

/// Keeps a file.
pub(crate) async fn insert(conn: &mut PgConnection, file: &MediaFile) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO media_files (id, file_name, file_type, file_size_bytes, file_category, sha256, s3_bucket, s3_key, s3_url,
                                  uploaded_by, related_entity_type, related_entity_id, is_pending, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        file.id as MediaId,
        file.file_name,
        file.file_type,
        file.file_size_bytes,
        file.file_category,
        file.sha256,
        file.s3_bucket,
        file.s3_key,
        format!("s3://{}/{}", file.s3_bucket, file.s3_key),
        file.uploaded_by as UserId,
        file.related_entity_type,
        file.related_entity_id,
        file.is_pending,
        file.created_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A file that is not deleted.
pub(crate) async fn find(conn: &mut PgConnection, id: MediaId) -> sqlx::Result<Option<MediaFile>> {
    sqlx::query_as!(
        MediaFile,
        r#"SELECT id as "id: MediaId", file_name, file_type, file_size_bytes, file_category, sha256, s3_bucket, s3_key,
                  uploaded_by as "uploaded_by: UserId", related_entity_type, related_entity_id, is_pending, created_at
             FROM media_files WHERE id = $1 AND NOT is_deleted"#,
        id as MediaId,
    )
    .fetch_optional(conn)
    .await
}

/// What was promised has come. False when somebody else saw it first.
pub(crate) async fn arrived(conn: &mut PgConnection, file: &MediaFile, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "UPDATE media_files SET is_pending = false, file_type = $2, file_size_bytes = $3, sha256 = $4, updated_at = $5
          WHERE id = $1 AND is_pending AND NOT is_deleted",
        file.id as MediaId,
        file.file_type,
        file.file_size_bytes,
        file.sha256,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Marks a file deleted; false when it was.
pub(crate) async fn delete(conn: &mut PgConnection, id: MediaId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "UPDATE media_files SET is_deleted = true, deleted_at = $2, updated_at = $2 WHERE id = $1 AND NOT is_deleted",
        id as MediaId,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() > 0)
}
