//! `user_notification_preferences`.

use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::preferences::Preferences;

/// A user's choices; the defaults when there are none.
pub(crate) async fn of(conn: &mut PgConnection, user_id: UserId) -> Stored<Preferences> {
    let chosen = sqlx::query_as!(
        Preferences,
        "SELECT email_enabled, email_order_updates, email_payment_updates, email_promotions, whatsapp_enabled,
                whatsapp_order_updates, whatsapp_payment_updates, whatsapp_promotions, sms_enabled, sms_order_updates,
                sms_payment_updates, sms_promotions, push_enabled, push_order_updates, push_payment_updates, push_promotions
           FROM user_notification_preferences WHERE user_id = $1",
        user_id as UserId
    )
    .fetch_optional(conn)
    .await?;
    Ok(chosen.unwrap_or_default())
}

/// Keeps a user's choices.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: UserId,
    chosen: &Preferences,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO user_notification_preferences
             (id, user_id, email_enabled, email_order_updates, email_payment_updates, email_promotions, whatsapp_enabled,
              whatsapp_order_updates, whatsapp_payment_updates, whatsapp_promotions, sms_enabled, sms_order_updates,
              sms_payment_updates, sms_promotions, push_enabled, push_order_updates, push_payment_updates, push_promotions,
              updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (user_id) DO UPDATE
            SET email_enabled = excluded.email_enabled, email_order_updates = excluded.email_order_updates,
                email_payment_updates = excluded.email_payment_updates, email_promotions = excluded.email_promotions,
                whatsapp_enabled = excluded.whatsapp_enabled, whatsapp_order_updates = excluded.whatsapp_order_updates,
                whatsapp_payment_updates = excluded.whatsapp_payment_updates,
                whatsapp_promotions = excluded.whatsapp_promotions, sms_enabled = excluded.sms_enabled,
                sms_order_updates = excluded.sms_order_updates, sms_payment_updates = excluded.sms_payment_updates,
                sms_promotions = excluded.sms_promotions, push_enabled = excluded.push_enabled,
                push_order_updates = excluded.push_order_updates, push_payment_updates = excluded.push_payment_updates,
                push_promotions = excluded.push_promotions, updated_at = excluded.updated_at",
        id,
        user_id as UserId,
        chosen.email_enabled,
        chosen.email_order_updates,
        chosen.email_payment_updates,
        chosen.email_promotions,
        chosen.whatsapp_enabled,
        chosen.whatsapp_order_updates,
        chosen.whatsapp_payment_updates,
        chosen.whatsapp_promotions,
        chosen.sms_enabled,
        chosen.sms_order_updates,
        chosen.sms_payment_updates,
        chosen.sms_promotions,
        chosen.push_enabled,
        chosen.push_order_updates,
        chosen.push_payment_updates,
        chosen.push_promotions,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
