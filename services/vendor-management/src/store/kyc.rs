//! Papers.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{MediaId, UserId, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::kyc::{DocumentType, VerificationStatus};

/// A paper as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) id: Uuid,
    pub(crate) document_type: DocumentType,
    pub(crate) media_id: MediaId,
    pub(crate) document_number: Option<String>,
    pub(crate) verification_status: VerificationStatus,
    pub(crate) verified_by: Option<UserId>,
    pub(crate) verified_at: Option<DateTime<Utc>>,
    pub(crate) expires_on: Option<NaiveDate>,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) uploaded_at: DateTime<Utc>,
}

/// A paper that is handed in.
#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(crate) id: Uuid,
    pub(crate) document_type: DocumentType,
    pub(crate) media_id: MediaId,
    pub(crate) content_sha256: String,
    pub(crate) document_number: Option<String>,
    pub(crate) expires_on: Option<NaiveDate>,
}

/// The papers that count now, in the order of their types.
pub(crate) async fn current(conn: &mut PgConnection, vendor_id: VendorId) -> Stored<Vec<Document>> {
    sqlx::query_as!(
        Document,
        r#"SELECT id, document_type as "document_type: DocumentType", media_id as "media_id: MediaId", document_number,
                  verification_status as "verification_status: VerificationStatus", verified_by as "verified_by: UserId", verified_at,
                  expires_on, rejection_reason, uploaded_at
             FROM vendor_kyc_documents WHERE vendor_id = $1 AND superseded_at IS NULL ORDER BY document_type"#,
        vendor_id as VendorId
    )
    .fetch_all(conn)
    .await
}

/// Takes a paper in; an earlier one of its type counts no more.
pub(crate) async fn hand_in(conn: &mut PgConnection, vendor_id: VendorId, new: &NewDocument, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE vendor_kyc_documents SET superseded_at = $3
          WHERE vendor_id = $1 AND document_type = $2 AND superseded_at IS NULL",
        vendor_id as VendorId,
        new.document_type.as_str(),
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO vendor_kyc_documents (id, vendor_id, document_type, media_id, content_sha256, document_number, uploaded_at, expires_on)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        vendor_id as VendorId,
        new.document_type.as_str(),
        new.media_id as MediaId,
        new.content_sha256,
        new.document_number,
        now,
        new.expires_on
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks every paper that waits as in order.
pub(crate) async fn verify_all(conn: &mut PgConnection, vendor_id: VendorId, by: UserId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE vendor_kyc_documents SET verification_status = 'verified', verified_by = $2, verified_at = $3
          WHERE vendor_id = $1 AND superseded_at IS NULL AND verification_status = 'pending'",
        vendor_id as VendorId,
        by as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks a paper whose last day is before `today` as expired, when it still counts; answers its type then.
pub(crate) async fn expire(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    id: Uuid,
    today: NaiveDate,
) -> Stored<Option<DocumentType>> {
    sqlx::query_scalar!(
        r#"UPDATE vendor_kyc_documents SET verification_status = 'expired'
            WHERE vendor_id = $1 AND id = $2 AND superseded_at IS NULL AND expires_on < $3
              AND verification_status IN ('pending', 'verified')
        RETURNING document_type as "document_type: DocumentType""#,
        vendor_id as VendorId,
        id,
        today
    )
    .fetch_optional(conn)
    .await
}

/// Marks one paper as not in order; false when the vendor has no such paper that counts.
pub(crate) async fn reject(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    id: Uuid,
    reason: &str,
    by: UserId,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE vendor_kyc_documents
            SET verification_status = 'rejected', rejection_reason = $3, verified_by = $4, verified_at = $5
          WHERE vendor_id = $1 AND id = $2 AND superseded_at IS NULL AND verification_status <> 'expired'",
        vendor_id as VendorId,
        id,
        reason,
        by as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
