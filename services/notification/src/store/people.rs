//! Somebody with all that decides how they are told, read at once.

use chrono::{DateTime, Utc};
use domain::{NotificationChannel, Phone, UserId, UserStatus, UserType, VendorId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::Stored;
use super::contacts::Contact;
use crate::domain::preferences::Preferences;

/// Somebody with all that decides how they are told.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The business they were asked for as.
    pub(crate) vendor_id: Option<VendorId>,
    /// Asked for as staff.
    pub(crate) staff: bool,
    pub(crate) contact: Contact,
    pub(crate) preferences: Preferences,
    pub(crate) tokens: Vec<String>,
}

impl Person {
    /// Whether there is an address for this channel.
    pub(crate) fn reachable(&self, channel: NotificationChannel, now: DateTime<Utc>) -> bool {
        let contact = &self.contact;
        match channel {
            NotificationChannel::InApp => true,
            NotificationChannel::Email => contact.email.is_some() && contact.email_usable,
            NotificationChannel::Sms => contact.phone.is_some() && contact.phone_usable,
            NotificationChannel::Whatsapp => {
                contact.phone.is_some() && contact.phone_usable && contact.whatsapp_off_until.is_none_or(|until| until <= now)
            }
            NotificationChannel::Push => !self.tokens.is_empty(),
        }
    }
}

/// Who is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) users: Vec<UserId>,
    pub(crate) vendors: Vec<VendorId>,
    /// Every admin who is active.
    pub(crate) staff: bool,
}

struct Row {
    vendor_id: Option<VendorId>,
    staff: bool,
    user_id: UserId,
    user_type: UserType,
    status: UserStatus,
    phone: Option<Phone>,
    email: Option<String>,
    preferred_language: String,
    email_usable: bool,
    phone_usable: bool,
    whatsapp_off_until: Option<DateTime<Utc>>,
    preferences: Option<Json<Preferences>>,
    tokens: Vec<String>,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            vendor_id: row.vendor_id,
            staff: row.staff,
            contact: Contact {
                user_id: row.user_id,
                user_type: row.user_type,
                status: row.status,
                phone: row.phone,
                email: row.email,
                preferred_language: row.preferred_language,
                email_usable: row.email_usable,
                phone_usable: row.phone_usable,
                whatsapp_off_until: row.whatsapp_off_until,
            },
            preferences: row.preferences.map(|chosen| chosen.0).unwrap_or_default(),
            tokens: row.tokens,
        }
    }
}

/// Those of them who are known, in one statement: contact, choices and devices.
pub(crate) async fn people(conn: &mut PgConnection, asked: &Asked) -> Stored<Vec<Person>> {
    let users: Vec<Uuid> = asked.users.iter().map(|id| id.as_uuid()).collect();
    let vendors: Vec<Uuid> = asked.vendors.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"WITH wanted AS (
               SELECT user_id, NULL::uuid AS vendor_id, false AS staff FROM unnest($1::uuid[]) AS user_id
               UNION ALL
               SELECT coalesce((SELECT known.user_id FROM vendor_contacts AS known WHERE known.vendor_id = business),
                               (SELECT known.user_id FROM contacts AS known WHERE known.vendor_id = business LIMIT 1)),
                      business, false
                 FROM unnest($2::uuid[]) AS business
               UNION ALL
               SELECT user_id, NULL, true FROM contacts WHERE $3 AND user_type = 'admin' AND status = 'active'
           )
           SELECT wanted.vendor_id AS "vendor_id?: VendorId", wanted.staff AS "staff!", contacts.user_id AS "user_id: UserId",
                  user_type AS "user_type: UserType", status AS "status: UserStatus", phone AS "phone: Phone", email,
                  preferred_language, email_usable, phone_usable, whatsapp_off_until,
                  to_jsonb(chosen) - 'id' - 'user_id' - 'updated_at' AS "preferences?: Json<Preferences>",
                  ARRAY(SELECT token FROM fcm_tokens
                         WHERE fcm_tokens.user_id = contacts.user_id AND is_active
                         ORDER BY fcm_tokens.updated_at DESC LIMIT 20) AS "tokens!: Vec<String>"
             FROM wanted
             JOIN contacts ON contacts.user_id = wanted.user_id
             LEFT JOIN user_notification_preferences AS chosen ON chosen.user_id = contacts.user_id
            ORDER BY contacts.user_id"#,
        &users,
        &vendors,
        asked.staff
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Person::from).collect())
}
