//! Who has which phone, from the user service's events.

use chrono::{DateTime, Utc};
use domain::events::UserFacts;
use domain::{Phone, UserId, UserStatus, UserType, VendorId};
use sqlx::PgConnection;

/// Somebody with a phone.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) user_id: UserId,
    pub(crate) firebase_uid: String,
    pub(crate) user_type: UserType,
    pub(crate) status: UserStatus,
    pub(crate) vendor_id: Option<VendorId>,
    pub(crate) full_name: String,
}

impl From<UserFacts> for Contact {
    fn from(user: UserFacts) -> Self {
        Self {
            user_id: user.user_id,
            firebase_uid: user.firebase_uid,
            user_type: user.user_type,
            status: user.status,
            vendor_id: user.vendor_id,
            full_name: user.full_name,
        }
    }
}

/// Keeps what a user's event says unless a newer one was seen; false when one was.
pub(crate) async fn keep(conn: &mut PgConnection, user: &UserFacts, sequence: i64, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        "INSERT INTO user_contacts AS known
                (user_id, firebase_uid, phone, user_type, status, vendor_id, full_name, language, sequence, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (user_id) DO UPDATE SET firebase_uid = $2, phone = $3, user_type = $4, status = $5,
                vendor_id = coalesce($6, known.vendor_id), full_name = $7, language = $8, sequence = $9, updated_at = $10
          WHERE known.sequence < $9",
        user.user_id as UserId,
        user.firebase_uid,
        user.phone.as_str(),
        user.user_type.as_str(),
        user.status.as_str(),
        user.vendor_id as Option<VendorId>,
        user.full_name,
        user.preferred_language,
        sequence,
        now,
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Who has the phone now; somebody who left last.
pub(crate) async fn by_phone(conn: &mut PgConnection, phone: &Phone) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        r#"SELECT user_id as "user_id: UserId", firebase_uid, user_type as "user_type: UserType",
                  status as "status: UserStatus", vendor_id as "vendor_id: VendorId", full_name
             FROM user_contacts WHERE phone = $1 ORDER BY status = 'deleted', updated_at DESC LIMIT 1"#,
        phone.as_str(),
    )
    .fetch_optional(conn)
    .await
}

/// The phone of a user.
pub(crate) async fn phone_of(conn: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<Phone>> {
    sqlx::query_scalar!(
        r#"SELECT phone as "phone: Phone" FROM user_contacts WHERE user_id = $1 AND status <> 'deleted'"#,
        user_id as UserId,
    )
    .fetch_optional(conn)
    .await
}
