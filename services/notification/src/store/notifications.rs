//! `notifications`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{CorrelationId, EventId, NotificationChannel, NotificationId, OrderId, UserId, UserType};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Stored, unknown_word};
use crate::domain::message::{Category, MessageStatus};
use crate::domain::wording::Variables;

/// What is kept beside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct MessageData {
    /// What the template was filled with.
    #[serde(default)]
    pub(crate) variables: Variables,
}

/// A message to be kept.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct NewNotification {
    pub(crate) id: NotificationId,
    pub(crate) recipient_id: UserId,
    pub(crate) recipient_type: UserType,
    pub(crate) notification_type: String,
    pub(crate) channel: NotificationChannel,
    pub(crate) category: Category,
    pub(crate) template_id: Uuid,
    pub(crate) dedupe_key: String,
    pub(crate) cause: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) subject: Option<String>,
    pub(crate) body: String,
    pub(crate) html_body: Option<String>,
    pub(crate) data: MessageData,
    pub(crate) status: MessageStatus,
    /// When it goes out, if it waits.
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) fallback_of: Option<NotificationId>,
}

/// Keeps all of them in one statement, as part of the piece of work that is being done, and yields those that were not there
/// already. `lease` is for those that are being sent at this moment.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &[NewNotification],
    lease: Duration,
    now: DateTime<Utc>,
) -> Stored<Vec<NotificationId>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let context = context::current();
    sqlx::query_scalar!(
        r#"INSERT INTO notifications
               (id, recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key, cause, order_id,
                subject, body, html_body, data, status, attempts, sent_at, delivered_at, due_at, leased_until, fallback_of,
                correlation_id, causation_id, traceparent, created_at, updated_at)
           SELECT id, recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key, cause, order_id,
                  subject, body, html_body, data, status, CASE status WHEN 'sending' THEN 1 ELSE 0 END,
                  CASE status WHEN 'delivered' THEN $2::timestamptz END, CASE status WHEN 'delivered' THEN $2::timestamptz END,
                  due_at, CASE status WHEN 'sending' THEN clock_timestamp() + make_interval(secs => $3) END, fallback_of,
                  $4, $5, $6, $2, $2
             FROM jsonb_to_recordset($1) AS new (id uuid, recipient_id uuid, recipient_type text, notification_type text,
                      channel text, category text, template_id uuid, dedupe_key text, cause text, order_id uuid, subject text,
                      body text, html_body text, data jsonb, status text, due_at timestamptz, fallback_of uuid)
            ORDER BY dedupe_key
           ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING
           RETURNING id AS "id: NotificationId""#,
        Json(new) as _,
        now,
        lease.as_secs_f64(),
        context.correlation_id as CorrelationId,
        context.causation_id as Option<EventId>,
        context.traceparent
    )
    .fetch_all(conn)
    .await
}

/// The messages among these that are there already, with what makes each the same.
pub(crate) async fn by_dedupe_keys(conn: &mut PgConnection, keys: &[String]) -> Stored<Vec<(String, NotificationId)>> {
    let rows =
        sqlx::query!(r#"SELECT dedupe_key, id AS "id: NotificationId" FROM notifications WHERE dedupe_key = ANY($1)"#, keys)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.dedupe_key, row.id)).collect())
}

/// A message in whole.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub(crate) id: NotificationId,
    pub(crate) recipient_id: UserId,
    pub(crate) notification_type: String,
    pub(crate) channel: NotificationChannel,
    pub(crate) category: Category,
    pub(crate) template_id: Uuid,
    pub(crate) cause: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) subject: Option<String>,
    pub(crate) body: String,
    pub(crate) html_body: Option<String>,
    pub(crate) data: MessageData,
    pub(crate) status: MessageStatus,
    pub(crate) attempts: i32,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) read_at: Option<DateTime<Utc>>,
    pub(crate) failed_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Notification {
    /// A new one that is being sent for the first time.
    pub(crate) fn of(new: &NewNotification, now: DateTime<Utc>) -> Self {
        Self {
            id: new.id,
            recipient_id: new.recipient_id,
            notification_type: new.notification_type.clone(),
            channel: new.channel,
            category: new.category,
            template_id: new.template_id,
            cause: new.cause.clone(),
            order_id: new.order_id,
            subject: new.subject.clone(),
            body: new.body.clone(),
            html_body: new.html_body.clone(),
            data: new.data.clone(),
            status: new.status,
            attempts: 1,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_reason: None,
            created_at: now,
        }
    }
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
    status: String,
    attempts: i32,
    sent_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
    failed_reason: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Notification {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Stored<Self> {
        Ok(Self {
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
            status: MessageStatus::read(&row.status).ok_or_else(|| unknown_word("status"))?,
            attempts: row.attempts,
            sent_at: row.sent_at,
            delivered_at: row.delivered_at,
            read_at: row.read_at,
            failed_reason: row.failed_reason,
            created_at: row.created_at,
        })
    }
}

macro_rules! select {
    ($tail:literal $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: NotificationId", recipient_id AS "recipient_id: UserId", notification_type,
                      channel AS "channel: NotificationChannel", category, template_id, cause,
                      order_id AS "order_id: OrderId", subject, body, html_body, data AS "data: Json<MessageData>", status,
                      attempts, sent_at, delivered_at, read_at, failed_reason, created_at
                 FROM notifications "# + $tail
            $(, $bind)*
        )
    };
}

/// A message, locked until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: NotificationId) -> Stored<Option<Notification>> {
    select!("WHERE id = $1 FOR UPDATE", id as NotificationId).fetch_optional(conn).await?.map(Notification::try_from).transpose()
}

/// A message.
pub(crate) async fn find(conn: &mut PgConnection, id: NotificationId) -> Stored<Option<Notification>> {
    select!("WHERE id = $1", id as NotificationId).fetch_optional(conn).await?.map(Notification::try_from).transpose()
}

/// The message that a provider knows by this id, locked until the transaction ends.
pub(crate) async fn lock_by_provider_id(conn: &mut PgConnection, provider_message_id: &str) -> Stored<Option<Notification>> {
    select!("WHERE provider_message_id = $1 LIMIT 1 FOR UPDATE", provider_message_id)
        .fetch_optional(conn)
        .await?
        .map(Notification::try_from)
        .transpose()
}

/// Which messages of a person are asked for, and where their page begins.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) recipient_id: UserId,
    pub(crate) channel: Option<NotificationChannel>,
    pub(crate) unread: bool,
    pub(crate) after: Option<(DateTime<Utc>, NotificationId)>,
    pub(crate) fetch: i64,
}

/// A page of them, the newest first.
pub(crate) async fn page(conn: &mut PgConnection, wanted: &Wanted) -> Stored<Vec<Notification>> {
    let (before, before_id) = wanted.after.unzip();
    let rows = select!(
        "WHERE recipient_id = $1 AND ($2::text IS NULL OR channel = $2)
           AND (NOT $3 OR (channel = 'in_app' AND read_at IS NULL))
           AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5))
         ORDER BY created_at DESC, id DESC LIMIT $6",
        wanted.recipient_id as UserId,
        wanted.channel.map(|channel| channel.as_str()),
        wanted.unread,
        before,
        before_id as Option<NotificationId>,
        wanted.fetch
    );
    rows.fetch_all(conn).await?.into_iter().map(Notification::try_from).collect()
}

/// How many lie unread in a person's inbox.
pub(crate) async fn unread(conn: &mut PgConnection, recipient_id: UserId) -> Stored<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM notifications WHERE recipient_id = $1 AND channel = 'in_app' AND read_at IS NULL"#,
        recipient_id as UserId
    )
    .fetch_one(conn)
    .await
}

/// It will not arrive; false when it has, or when that was known.
pub(crate) async fn failed(conn: &mut PgConnection, id: NotificationId, reason: &str, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'failed', failed_at = $3, failed_reason = $2, due_at = NULL, leased_until = NULL, updated_at = $3
          WHERE id = $1 AND status IN ('pending', 'sending', 'sent')",
        id as NotificationId,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It was read.
pub(crate) async fn read(conn: &mut PgConnection, id: NotificationId, at: DateTime<Utc>, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'read', read_at = $2, delivered_at = coalesce(delivered_at, $2), updated_at = $3
          WHERE id = $1 AND status IN ('sent', 'delivered')",
        id as NotificationId,
        at,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
