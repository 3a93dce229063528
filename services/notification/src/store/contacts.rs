//! Who can be reached, and how.

use chrono::{DateTime, Utc};
use domain::events::{UserFacts, VendorFacts};
use domain::{BuyerId, Phone, UserId, UserStatus, UserType, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// Somebody who may be written to.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) user_id: UserId,
    pub(crate) user_type: UserType,
    pub(crate) status: UserStatus,
    pub(crate) phone: Option<Phone>,
    pub(crate) email: Option<String>,
    pub(crate) preferred_language: String,
    pub(crate) email_usable: bool,
    pub(crate) phone_usable: bool,
    pub(crate) whatsapp_off_until: Option<DateTime<Utc>>,
}

/// Keeps what is known of a user now; false when something newer is known already. A new address is usable until a
/// provider says otherwise. Of a deleted user nothing personal stays.
pub(crate) async fn keep_user(conn: &mut PgConnection, user: &UserFacts, sequence: i64, now: DateTime<Utc>) -> Stored<bool> {
    let deleted = user.status == UserStatus::Deleted;
    let language = if matches!(user.preferred_language.as_str(), "hi" | "te") { user.preferred_language.as_str() } else { "en" };
    let kept = sqlx::query!(
        "INSERT INTO contacts AS known
             (user_id, user_type, status, full_name, phone, email, preferred_language, buyer_id, vendor_id, sequence, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (user_id) DO UPDATE
            SET user_type = excluded.user_type, status = excluded.status, full_name = excluded.full_name,
                phone = excluded.phone, email = excluded.email, preferred_language = excluded.preferred_language,
                buyer_id = excluded.buyer_id, vendor_id = excluded.vendor_id, sequence = excluded.sequence,
                updated_at = excluded.updated_at,
                email_usable = known.email_usable OR known.email IS DISTINCT FROM excluded.email,
                phone_usable = known.phone_usable OR known.phone IS DISTINCT FROM excluded.phone,
                whatsapp_off_until = CASE WHEN known.phone IS DISTINCT FROM excluded.phone THEN NULL
                                          ELSE known.whatsapp_off_until END
          WHERE known.sequence < excluded.sequence",
        user.user_id as UserId,
        user.user_type.as_str(),
        user.status.as_str(),
        if deleted { "" } else { &user.full_name },
        (!deleted).then(|| user.phone.as_str()),
        user.email.as_deref().filter(|email| !deleted && !email.is_empty()),
        language,
        user.buyer_id as Option<BuyerId>,
        user.vendor_id as Option<VendorId>,
        sequence,
        now
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Keeps who is behind a business; false when something newer is known already.
pub(crate) async fn keep_vendor(conn: &mut PgConnection, vendor: &VendorFacts, now: DateTime<Utc>) -> Stored<bool> {
    let kept = sqlx::query!(
        "INSERT INTO vendor_contacts AS known (vendor_id, user_id, business_name, revision, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (vendor_id) DO UPDATE
            SET user_id = excluded.user_id, business_name = excluded.business_name, revision = excluded.revision,
                updated_at = excluded.updated_at
          WHERE known.revision < excluded.revision",
        vendor.vendor_id as VendorId,
        vendor.user_id as UserId,
        vendor.business_name,
        vendor.revision,
        now
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// These people's numbers are none: nothing is sent to them until they change.
pub(crate) async fn phones_are_none(conn: &mut PgConnection, users: &[Uuid], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE contacts SET phone_usable = false, updated_at = $2 WHERE user_id = ANY($1)", users, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// These people's mail addresses are none: nothing is sent to them until they change.
pub(crate) async fn emails_are_none(conn: &mut PgConnection, users: &[Uuid], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE contacts SET email_usable = false, updated_at = $2 WHERE user_id = ANY($1)", users, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// These people are not to be reached by WhatsApp until then.
pub(crate) async fn not_on_whatsapp(
    conn: &mut PgConnection,
    users: &[Uuid],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!("UPDATE contacts SET whatsapp_off_until = $2, updated_at = $3 WHERE user_id = ANY($1)", users, until, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// A provider gave these mail addresses up, whoever has them; yields how many people that were.
pub(crate) async fn addresses_given_up(conn: &mut PgConnection, emails: &[String], now: DateTime<Utc>) -> Stored<u64> {
    let off = sqlx::query!(
        "UPDATE contacts SET email_usable = false, updated_at = $2
          WHERE lower(email) IN (SELECT lower(address) FROM unnest($1::text[]) AS address) AND email_usable",
        emails,
        now
    )
    .execute(conn)
    .await?;
    Ok(off.rows_affected())
}

/// A provider gave this number up, whoever has it; yields how many people that were.
pub(crate) async fn number_given_up(conn: &mut PgConnection, phone: &str, now: DateTime<Utc>) -> Stored<u64> {
    let off =
        sqlx::query!("UPDATE contacts SET phone_usable = false, updated_at = $2 WHERE phone = $1 AND phone_usable", phone, now)
            .execute(conn)
            .await?;
    Ok(off.rows_affected())
}
