//! `users`.

use chrono::{DateTime, Utc};
use domain::{BuyerId, Phone, UserId, UserStatus, UserType, VendorId, VendorStatus};
use pg_kit::DbError;
use sqlx::PgConnection;

use crate::domain::User;

/// Selects whole users; what follows says which.
macro_rules! users {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            $crate::domain::User,
            r#"SELECT u.id as "id: ::domain::UserId", u.firebase_uid, u.phone as "phone: ::domain::Phone", u.email, u.full_name,
                      u.user_type as "user_type: ::domain::UserType", u.status as "status: ::domain::UserStatus", u.profile_photo_url,
                      u.preferred_language, b.id as "buyer_id?: ::domain::BuyerId", u.vendor_id as "vendor_id: ::domain::VendorId",
                      u.vendor_status as "vendor_status: ::domain::VendorStatus", a.role as "admin_role?: ::domain::AdminRole",
                      u.tokens_valid_since, u.sync_revision, u.synced_revision, u.created_at, u.updated_at,
                      u.last_login_at
                 FROM users u
                 LEFT JOIN buyer_profiles b ON b.user_id = u.id
                 LEFT JOIN admin_profiles a ON a.user_id = u.id "# + $rest
            $(, $arg)*
        )
    };
}
pub(super) use users;

/// A user to add.
#[derive(Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) firebase_uid: &'a str,
    pub(crate) phone: Option<&'a Phone>,
    pub(crate) email: Option<&'a str>,
    pub(crate) full_name: &'a str,
    pub(crate) user_type: UserType,
    pub(crate) preferred_language: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Adds a user; false when the sign-in has one already.
pub(crate) async fn insert(conn: &mut PgConnection, user: &NewUser<'_>) -> Result<bool, DbError> {
    let added = sqlx::query!(
        "INSERT INTO users (id, firebase_uid, phone, email, full_name, user_type, preferred_language, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (firebase_uid) DO NOTHING",
        user.id as UserId,
        user.firebase_uid,
        user.phone.map(Phone::as_str),
        user.email,
        user.full_name,
        user.user_type.as_str(),
        user.preferred_language,
        user.now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(added == 1)
}

pub(crate) async fn by_id(conn: &mut PgConnection, id: UserId) -> Result<Option<User>, DbError> {
    Ok(users!("WHERE u.id = $1", id as UserId).fetch_optional(conn).await?)
}

/// The user, held until the end of the transaction.
pub(crate) async fn lock(conn: &mut PgConnection, id: UserId) -> Result<Option<User>, DbError> {
    Ok(users!("WHERE u.id = $1 FOR UPDATE OF u", id as UserId).fetch_optional(conn).await?)
}

pub(crate) async fn by_uid(conn: &mut PgConnection, uid: &str) -> Result<Option<User>, DbError> {
    Ok(users!("WHERE u.firebase_uid = $1", uid).fetch_optional(conn).await?)
}

pub(crate) async fn by_phone(conn: &mut PgConnection, phone: &Phone) -> Result<Option<User>, DbError> {
    Ok(users!("WHERE u.phone = $1", phone.as_str()).fetch_optional(conn).await?)
}

pub(crate) async fn by_buyer(conn: &mut PgConnection, id: BuyerId) -> Result<Option<User>, DbError> {
    Ok(users!("WHERE b.id = $1", id as BuyerId).fetch_optional(conn).await?)
}

pub(crate) async fn by_vendor_or_id(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    user_id: UserId,
) -> Result<Option<User>, DbError> {
    Ok(users!(
        "WHERE u.vendor_id = $1 OR u.id = $2 ORDER BY u.vendor_id = $1 DESC LIMIT 1 FOR UPDATE OF u",
        vendor_id as VendorId,
        user_id as UserId
    )
    .fetch_optional(conn)
    .await?)
}

pub(crate) async fn by_ids(conn: &mut PgConnection, ids: &[UserId]) -> Result<Vec<User>, DbError> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(UserId::as_uuid).collect();
    Ok(users!("WHERE u.id = ANY($1) ORDER BY u.id", &ids).fetch_all(conn).await?)
}

pub(crate) async fn by_buyers(conn: &mut PgConnection, ids: &[BuyerId]) -> Result<Vec<User>, DbError> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(BuyerId::as_uuid).collect();
    Ok(users!("WHERE b.id = ANY($1) ORDER BY b.id", &ids).fetch_all(conn).await?)
}

/// What a list of users is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) user_type: Option<UserType>,
    pub(crate) status: Option<UserStatus>,
    pub(crate) phone: Option<&'a Phone>,
    pub(crate) text: Option<&'a str>,
}

/// A pattern of `ILIKE` for what contains these words, whatever characters they hold.
pub(super) fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Newest first, after a place in that order.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: i64,
) -> Result<Vec<User>, DbError> {
    let (at, id) = after.unzip();
    let text = filter.text.map(containing);
    Ok(users!(
        "WHERE ($1::text IS NULL OR u.user_type = $1) AND ($2::text IS NULL OR u.status = $2)
           AND ($3::text IS NULL OR u.phone = $3)
           AND ($4::text IS NULL OR u.full_name ILIKE $4 OR u.email ILIKE $4 OR b.business_name ILIKE $4)
           AND ($5::timestamptz IS NULL OR (u.created_at, u.id) < ($5, $6::uuid))
         ORDER BY u.created_at DESC, u.id DESC LIMIT $7",
        filter.user_type.as_ref().map(UserType::as_str),
        filter.status.as_ref().map(UserStatus::as_str),
        filter.phone.map(Phone::as_str),
        text,
        at,
        id.map(uuid::Uuid::from),
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// What a person may change of themselves.
pub(crate) async fn update_profile(conn: &mut PgConnection, user: &User, now: DateTime<Utc>) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE users SET full_name = $2, email = $3, profile_photo_url = $4, preferred_language = $5, updated_at = $6
          WHERE id = $1 AND status <> 'deleted'",
        user.id as UserId,
        user.full_name,
        user.email,
        user.profile_photo_url,
        user.preferred_language,
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// From one standing to another; sign-ins so far are void and Firebase is to be told.
pub(crate) async fn set_status(
    conn: &mut PgConnection,
    id: UserId,
    from: UserStatus,
    to: UserStatus,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE users SET status = $3, tokens_valid_since = $4, sync_revision = sync_revision + 1, updated_at = $4
          WHERE id = $1 AND status = $2",
        id as UserId,
        from.as_str(),
        to.as_str(),
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// Deleted, and nothing personal is left.
pub(crate) async fn erase(conn: &mut PgConnection, id: UserId, from: UserStatus, now: DateTime<Utc>) -> Result<bool, DbError> {
    let erased = sqlx::query!(
        "UPDATE users SET status = 'deleted', deleted_at = $3, phone = NULL, email = NULL, full_name = '',
                profile_photo_url = NULL, tokens_valid_since = $3, sync_revision = sync_revision + 1, updated_at = $3
          WHERE id = $1 AND status = $2",
        id as UserId,
        from.as_str(),
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(erased == 1)
}

/// The vendor of a user that has none yet; false when it has one.
pub(crate) async fn set_vendor(
    conn: &mut PgConnection,
    id: UserId,
    vendor_id: VendorId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE users SET vendor_id = $2, sync_revision = sync_revision + 1, updated_at = $3
          WHERE id = $1 AND vendor_id IS NULL AND user_type = 'vendor'",
        id as UserId,
        vendor_id as VendorId,
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// What was last heard of the vendor; false when something newer was heard before. Another standing is told to Firebase
/// again.
pub(crate) async fn note_vendor(
    conn: &mut PgConnection,
    id: UserId,
    status: VendorStatus,
    revision: i64,
) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE users SET vendor_status = $2, vendor_revision = $3,
                sync_revision = sync_revision + (CASE WHEN vendor_status IS DISTINCT FROM $2 THEN 1 ELSE 0 END)
          WHERE id = $1 AND vendor_revision < $3 AND status <> 'deleted'",
        id as UserId,
        status.as_str(),
        revision,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// Voids refresh tokens of sign-ins so far.
pub(crate) async fn void_tokens(conn: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE users SET tokens_valid_since = GREATEST(tokens_valid_since, $2), sync_revision = sync_revision + 1 WHERE id = $1",
        id as UserId,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that somebody was seen, at most once a minute; true when it was noted.
pub(crate) async fn touch(conn: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE users SET last_login_at = $2
          WHERE id = $1 AND status <> 'deleted'
            AND (last_login_at IS NULL OR last_login_at <= $2::timestamptz - interval '1 minute')",
        id as UserId,
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}
