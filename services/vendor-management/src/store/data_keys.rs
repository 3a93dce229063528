//! Data keys, wrapped; and which rows they sealed.

use chrono::{DateTime, Utc};
use domain::VendorId;
use sealing::WrappedKey;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// A data key as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct KeptKey {
    pub(crate) id: Uuid,
    pub(crate) master_key_id: String,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) active_from: DateTime<Utc>,
}

impl From<KeptKey> for WrappedKey {
    fn from(key: KeptKey) -> Self {
        Self { id: key.id, master_key_id: key.master_key_id, wrapped: key.wrapped }
    }
}

/// All of them, the newest first.
pub(crate) async fn all(conn: &mut PgConnection) -> Stored<Vec<KeptKey>> {
    sqlx::query_as!(KeptKey, "SELECT id, master_key_id, wrapped, active_from FROM data_keys ORDER BY active_from DESC, id DESC")
        .fetch_all(conn)
        .await
}

/// Keeps a new key unless one that begins later than `unless_after` is there: of two processes that make one at the same
/// time only one does.
pub(crate) async fn add(
    conn: &mut PgConnection,
    key: &WrappedKey,
    (active_from, now): (DateTime<Utc>, DateTime<Utc>),
    unless_after: Option<DateTime<Utc>>,
) -> Stored<bool> {
    sqlx::query!("LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE").execute(&mut *conn).await?;
    let done = sqlx::query!(
        "INSERT INTO data_keys (id, master_key_id, wrapped, active_from, created_at)
         SELECT $1, $2, $3, $4, $5
          WHERE NOT EXISTS (SELECT FROM data_keys WHERE $6::timestamptz IS NULL OR active_from > $6)",
        key.id,
        key.master_key_id,
        key.wrapped,
        active_from,
        now,
        unless_after
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Vendors sealed by another data key than this one; held until the transaction ends.
pub(crate) async fn sealed_otherwise(conn: &mut PgConnection, current: Uuid, limit: i64) -> Stored<Vec<VendorId>> {
    sqlx::query_scalar!(
        r#"SELECT id as "id: VendorId" FROM vendors WHERE data_key_id <> $1 AND onboarded_at IS NOT NULL ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"#,
        current,
        limit
    )
    .fetch_all(conn)
    .await
}

/// What a row from before still holds in the clear.
#[derive(Debug)]
pub(crate) struct InTheClear {
    pub(crate) id: VendorId,
    pub(crate) gstin: Option<String>,
    pub(crate) pan: Option<String>,
    pub(crate) bank_account_number: Option<String>,
}

/// Rows from before the fields were sealed; held until the transaction ends.
pub(crate) async fn in_the_clear(conn: &mut PgConnection, limit: i64) -> Stored<Vec<InTheClear>> {
    sqlx::query_as!(
        InTheClear,
        r#"SELECT id as "id: VendorId", gstin, pan, bank_account_number FROM vendors
            WHERE gstin IS NOT NULL OR pan IS NOT NULL OR bank_account_number IS NOT NULL
            ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED"#,
        limit
    )
    .fetch_all(conn)
    .await
}

/// A field sealed, and the hash to find it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedField {
    pub(crate) sealed: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

/// The sealed fields of one vendor.
#[derive(Debug)]
pub(crate) struct SealedFields {
    pub(crate) data_key_id: Uuid,
    pub(crate) gstin: Option<SealedField>,
    pub(crate) pan: Option<SealedField>,
    pub(crate) bank_account: Option<SealedField>,
}

/// Writes them, and leaves nothing in the clear.
pub(crate) async fn write(conn: &mut PgConnection, id: VendorId, fields: &SealedFields) -> Stored<()> {
    let (gstin, pan, bank) = (fields.gstin.as_ref(), fields.pan.as_ref(), fields.bank_account.as_ref());
    sqlx::query!(
        "UPDATE vendors
            SET gstin_sealed = $2, gstin_hash = $3, pan_sealed = $4, pan_hash = $5, bank_account_sealed = $6,
                bank_account_hash = $7, data_key_id = $8, gstin = NULL, pan = NULL, bank_account_number = NULL
          WHERE id = $1",
        id as VendorId,
        gstin.map(|field| &field.sealed[..]),
        gstin.map(|field| &field.hash[..]),
        pan.map(|field| &field.sealed[..]),
        pan.map(|field| &field.hash[..]),
        bank.map(|field| &field.sealed[..]),
        bank.map(|field| &field.hash[..]),
        fields.data_key_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many other vendors gave the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    pub(crate) gstin: i64,
    pub(crate) pan: i64,
    pub(crate) bank_account: i64,
}

pub(crate) async fn shared(conn: &mut PgConnection, id: VendorId) -> Stored<Shared> {
    sqlx::query_as!(
        Shared,
        r#"SELECT (SELECT count(*) FROM vendors o WHERE o.gstin_hash = v.gstin_hash AND o.id <> v.id) as "gstin!",
                  (SELECT count(*) FROM vendors o WHERE o.pan_hash = v.pan_hash AND o.id <> v.id) as "pan!",
                  (SELECT count(*) FROM vendors o WHERE o.bank_account_hash = v.bank_account_hash AND o.id <> v.id)
                      as "bank_account!"
             FROM vendors v WHERE v.id = $1"#,
        id as VendorId
    )
    .fetch_one(conn)
    .await
}
