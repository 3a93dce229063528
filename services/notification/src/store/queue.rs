//! `notifications` as a queue: claimed a batch at a time, and what became of a batch written down at once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use context::Context;
use domain::{CorrelationId, EventId, NotificationChannel, NotificationId, OrderId, Phone, UserId, UserStatus, UserType};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::contacts::Contact;
use super::notifications::{MessageData, Notification};
use super::{Stored, unknown_word};
use crate::domain::message::{Category, MessageStatus};

/// A message in hand, with where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) notification: Notification,
    /// None when the person is not known any more.
    pub(crate) contact: Option<Contact>,
    pub(crate) tokens: Vec<String>,
    pub(crate) context: Context,
}

struct Row {
    id: NotificationId,
    recipient_id: UserId,
    notification_type: String,
    channel: NotificationChannel,
    category: String,
    template_id: Uuid,
    cause: String,
    order_id: Option<OrderId>,
    subject: Option<String>,
    body: String,
    html_body: Option<String>,
    data: Json<MessageData>,
    attempts: i32,
    created_at: DateTime<Utc>,
    correlation_id: Option<CorrelationId>,
    causation_id: Option<EventId>,
    traceparent: Option<String>,
    user_type: Option<UserType>,
    user_status: Option<UserStatus>,
    phone: Option<Phone>,
    email: Option<String>,
    preferred_language: Option<String>,
    email_usable: Option<bool>,
    phone_usable: Option<bool>,
    whatsapp_off_until: Option<DateTime<Utc>>,
    tokens: Vec<String>,
}

impl TryFrom<Row> for Claimed {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Stored<Self> {
        let contact = row.user_type.zip(row.user_status).map(|(user_type, status)| Contact {
            user_id: row.recipient_id,
            user_type,
            status,
            phone: row.phone,
            email: row.email,
            preferred_language: row.preferred_language.unwrap_or_default(),
            email_usable: row.email_usable.unwrap_or_default(),
            phone_usable: row.phone_usable.unwrap_or_default(),
            whatsapp_off_until: row.whatsapp_off_until,
        });
        Ok(Self {
            notification: Notification {
                id: row.id,
                recipient_id: row.recipient_id,
                notification_type: row.notification_type,
                channel: row.channel,
                category: Category::read(&row.category).ok_or_else(|| unknown_word("category"))?,
                template_id: row.template_id,
                cause: row.cause,
                order_id: row.order_id,
                subject: row.subject,
                body: row.body,
                html_body: row.html_body,
                data: row.data.0,
                status: MessageStatus::Sending,
                attempts: row.attempts,
                sent_at: None,
                delivered_at: None,
                read_at: None,
                failed_reason: None,
                created_at: row.created_at,
            },
            contact,
            tokens: row.tokens,
            context: Context {
                correlation_id: row.correlation_id.unwrap_or_else(|| CorrelationId::new(Uuid::nil())),
                causation_id: row.causation_id,
                traceparent: row.traceparent,
            },
        })
    }
}

/// The columns of [`Row`] from `taken`, a table expression with the columns of `notifications`.
macro_rules! claim {
    ($taken:literal $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "WITH " + $taken + r#"
             SELECT taken.id AS "id: NotificationId", taken.recipient_id AS "recipient_id: UserId", notification_type,
                    channel AS "channel: NotificationChannel", category, template_id, cause, order_id AS "order_id: OrderId",
                    subject, body, html_body, data AS "data: Json<MessageData>", attempts, created_at,
                    correlation_id AS "correlation_id: CorrelationId", causation_id AS "causation_id: EventId", traceparent,
                    user_type AS "user_type?: UserType", contacts.status AS "user_status?: UserStatus",
                    phone AS "phone?: Phone", email AS "email?", preferred_language AS "preferred_language?",
                    email_usable AS "email_usable?", phone_usable AS "phone_usable?",
                    whatsapp_off_until AS "whatsapp_off_until?",
                    ARRAY(SELECT token FROM fcm_tokens
                           WHERE channel = 'push' AND fcm_tokens.user_id = taken.recipient_id AND is_active
                           ORDER BY fcm_tokens.updated_at DESC LIMIT 20) AS "tokens!: Vec<String>"
               FROM taken LEFT JOIN contacts ON contacts.user_id = taken.recipient_id"#
            $(, $bind)*
        )
    };
}

/// Takes up to `limit` messages that are due, the longest due first, and marks them as being sent; `lease` is how long that
/// may take.
pub(crate) async fn claim(conn: &mut PgConnection, limit: i64, lease: Duration, now: DateTime<Utc>) -> Stored<Vec<Claimed>> {
    let rows = claim!(
        "due AS MATERIALIZED (
             SELECT id FROM notifications WHERE status = 'pending' AND due_at <= $1
              ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE notifications
                SET status = 'sending', attempts = attempts + 1, due_at = NULL, updated_at = $1,
                    leased_until = clock_timestamp() + make_interval(secs => $3)
               FROM due WHERE notifications.id = due.id
             RETURNING notifications.*
         )",
        now,
        limit,
        lease.as_secs_f64()
    );
    rows.fetch_all(conn).await?.into_iter().map(Claimed::try_from).collect()
}

/// Takes over messages whose sender is gone: nobody knows whether they went out.
pub(crate) async fn interrupted(conn: &mut PgConnection, limit: i64, lease: Duration) -> Stored<Vec<Claimed>> {
    let rows = claim!(
        "gone AS MATERIALIZED (
             SELECT id FROM notifications WHERE status = 'sending' AND leased_until <= clock_timestamp()
              ORDER BY leased_until LIMIT $1 FOR UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE notifications SET leased_until = clock_timestamp() + make_interval(secs => $2)
               FROM gone WHERE notifications.id = gone.id
             RETURNING notifications.*
         )",
        limit,
        lease.as_secs_f64()
    );
    rows.fetch_all(conn).await?.into_iter().map(Claimed::try_from).collect()
}

/// Where a message stands after a try.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Result {
    pub(crate) id: NotificationId,
    /// `sent`, `failed`, or `pending` again.
    pub(crate) status: MessageStatus,
    pub(crate) provider: Option<&'static str>,
    pub(crate) provider_message_id: Option<String>,
    /// When it is tried again.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    /// One when nothing was tried after all.
    pub(crate) uncounted: i32,
}

/// Writes down what became of a batch; yields those that were in hand until now.
pub(crate) async fn settle(conn: &mut PgConnection, results: &[Result], now: DateTime<Utc>) -> Stored<Vec<NotificationId>> {
    sqlx::query_scalar!(
        r#"UPDATE notifications AS known
              SET status = result.status, provider = result.provider, provider_message_id = result.provider_message_id,
                  sent_at = CASE WHEN result.status = 'sent' THEN $2::timestamptz END, due_at = result.due_at,
                  failed_at = CASE WHEN result.status = 'failed' THEN $2::timestamptz END,
                  failed_reason = CASE WHEN result.status = 'failed' THEN result.reason END,
                  attempts = known.attempts - result.uncounted, leased_until = NULL, updated_at = $2
             FROM jsonb_to_recordset($1) AS result (id uuid, status text, provider text, provider_message_id text,
                                                    due_at timestamptz, reason text, uncounted integer)
            WHERE known.id = result.id AND known.status = 'sending'
            RETURNING known.id AS "id: NotificationId""#,
        Json(results) as _,
        now
    )
    .fetch_all(conn)
    .await
}
