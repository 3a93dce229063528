//! `notifications`.

use chrono::{DateTime, Utc};
use domain::{NotificationChannel, NotificationId, OrderId, UserId, UserType};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Stored, unknown_word};
use crate::domain::facts::Variables;
use crate::domain::message::{Category, MessageStatus};

/// What is kept beside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct MessageData {
    /// What the template was filled with.
    #[serde(default)]
    pub(crate) variables: Variables,
}

/// A message to be kept.
#[derive(Debug)]
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
    pub(crate) fallback_of: Option<NotificationId>,
}

/// Keeps it, unless the same message is there already.
pub(crate) async fn insert(conn: &mut PgConnection, new: &NewNotification, now: DateTime<Utc>) -> Stored<bool> {
    let arrived = (new.status == MessageStatus::Delivered).then_some(now);
    let attempts = i32::from(new.status == MessageStatus::Sending);
    let added = sqlx::query!(
        "INSERT INTO notifications
             (id, recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key, cause, order_id,
              subject, body, html_body, data, status, attempts, sent_at, delivered_at, fallback_of, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18, $19, $19)
         ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING",
        new.id as NotificationId,
        new.recipient_id as UserId,
        new.recipient_type.as_str(),
        new.notification_type,
        new.channel.as_str(),
        new.category.as_str(),
        new.template_id,
        new.dedupe_key,
        new.cause,
        new.order_id as Option<OrderId>,
        new.subject,
        new.body,
        new.html_body,
        Json(&new.data) as _,
        new.status.as_str(),
        attempts,
        arrived,
        new.fallback_of as Option<NotificationId>,
        now
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The message that is there already.
pub(crate) async fn by_dedupe_key(conn: &mut PgConnection, key: &str) -> Stored<Option<NotificationId>> {
    sqlx::query_scalar!(r#"SELECT id AS "id: NotificationId" FROM notifications WHERE dedupe_key = $1"#, key)
        .fetch_optional(conn)
        .await
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

/// Takes a message in hand; false when it does not wait.
pub(crate) async fn begin_sending(conn: &mut PgConnection, id: NotificationId, now: DateTime<Utc>) -> Stored<bool> {
    let taken = sqlx::query!(
        "UPDATE notifications SET status = 'sending', attempts = attempts + 1, updated_at = $2
          WHERE id = $1 AND status = 'pending'",
        id as NotificationId,
        now
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// The provider took it.
pub(crate) async fn sent(
    conn: &mut PgConnection,
    id: NotificationId,
    provider: &str,
    provider_message_id: &str,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'sent', sent_at = $4, provider = $2, provider_message_id = $3, updated_at = $4
          WHERE id = $1 AND status = 'sending'",
        id as NotificationId,
        provider,
        provider_message_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It waits for another try.
pub(crate) async fn wait_again(conn: &mut PgConnection, id: NotificationId, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'pending', updated_at = $2 WHERE id = $1 AND status = 'sending'",
        id as NotificationId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It will not arrive; false when it has, or when that was known.
pub(crate) async fn failed(conn: &mut PgConnection, id: NotificationId, reason: &str, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'failed', failed_at = $3, failed_reason = $2, updated_at = $3
          WHERE id = $1 AND status IN ('pending', 'sending', 'sent')",
        id as NotificationId,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It arrived.
pub(crate) async fn delivered(
    conn: &mut PgConnection,
    id: NotificationId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE notifications SET status = 'delivered', delivered_at = $2, updated_at = $3 WHERE id = $1 AND status = 'sent'",
        id as NotificationId,
        at,
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
