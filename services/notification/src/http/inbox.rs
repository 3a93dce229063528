//! What was sent to somebody.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::{AdminRole, NotificationChannel, NotificationId, OrderId, UserId};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::envelope::PageInfo;
use service_kit::http::{Caller, Data, PageParams, Params, PathId, Problems, RegisteredCaller};

use crate::App;
use crate::domain::message::{Category, MessageStatus};
use crate::store::notifications::{self, Notification, Wanted};
use crate::usecases::read_notification::read_notification;

/// A message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NotificationOut {
    /// The message.
    id: NotificationId,
    /// To whom.
    user_id: UserId,
    /// The template it was made from.
    notification_type: String,
    /// How.
    channel: NotificationChannel,
    /// About what kind of thing.
    category: Category,
    /// About which order.
    order_id: Option<OrderId>,
    /// The title.
    subject: Option<String>,
    /// The text. A code is not kept.
    body: String,
    /// Where it stands.
    status: MessageStatus,
    /// How often it was tried.
    attempts: i32,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When its provider took it.
    sent_at: Option<DateTime<Utc>>,
    /// When it arrived.
    delivered_at: Option<DateTime<Utc>>,
    /// When it was read.
    read_at: Option<DateTime<Utc>>,
    /// Why it will not arrive; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_reason: Option<String>,
}

impl NotificationOut {
    fn new(of: Notification, staff: bool) -> Self {
        Self {
            id: of.id,
            user_id: of.recipient_id,
            notification_type: of.notification_type,
            channel: of.channel,
            category: of.category,
            order_id: of.order_id,
            subject: of.subject,
            body: of.body,
            status: of.status,
            attempts: of.attempts,
            created_at: of.created_at,
            sent_at: of.sent_at,
            delivered_at: of.delivered_at,
            read_at: of.read_at,
            failed_reason: of.failed_reason.filter(|_| staff),
        }
    }
}

/// A page of somebody's messages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Inbox {
    /// These.
    data: Vec<NotificationOut>,
    /// Where they stand among the others.
    page: PageInfo,
    /// How many lie unread in the inbox of the app.
    unread_count: i64,
}

impl IntoResponse for Inbox {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

/// Which messages.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxParams {
    /// `next_cursor` of the page before.
    #[garde(inner(length(max = 400)))]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Only of this channel; `in_app` is the inbox.
    #[garde(skip)]
    channel: Option<NotificationChannel>,
    /// Only what lies unread in the inbox.
    #[garde(skip)]
    #[serde(default)]
    unread: bool,
}

/// Somebody else's is not there, but for support.
fn may_see(caller: &Caller, owner: UserId) -> Result<bool, ApiError> {
    let staff = caller.is_admin(&[AdminRole::Support]);
    if staff || caller.user_id() == Some(owner) { Ok(staff) } else { Err(ApiError::not_found("the message was")) }
}

/// Somebody's messages, the newest first.
#[utoipa::path(get, path = "/api/v1/notifications/user/{userId}", tag = "inbox", operation_id = "list_inbox",
               params(("userId" = UserId, Path, description = "Whose"), InboxParams),
               responses((status = 200, description = "A page of messages", body = Inbox), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(user_id): PathId<UserId>,
    Params(params): Params<InboxParams>,
) -> Result<Inbox, ApiError> {
    let staff = may_see(&caller.caller, user_id)?;
    let request = PageParams { cursor: params.cursor, limit: params.limit }.request::<(DateTime<Utc>, NotificationId)>()?;
    let wanted = Wanted {
        recipient_id: user_id,
        channel: params.channel,
        unread: params.unread,
        after: request.after,
        fetch: request.fetch(),
    };
    let mut conn = app.kit.pool.acquire().await?;
    let rows = notifications::page(&mut conn, &wanted).await?;
    let unread_count = notifications::unread(&mut conn, user_id).await?;
    let page = request.page(rows, |row| (row.created_at, row.id), |row| NotificationOut::new(row, staff));
    Ok(Inbox { data: page.data, page: page.page, unread_count })
}

/// One message.
#[utoipa::path(get, path = "/api/v1/notifications/{id}", tag = "inbox", operation_id = "get_notification",
               params(("id" = NotificationId, Path, description = "Which")),
               responses((status = 200, description = "The message", body = Data<NotificationOut>), Problems))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(id): PathId<NotificationId>,
) -> Result<Data<NotificationOut>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let found = notifications::find(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("the message was"))?;
    let staff = may_see(&caller.caller, found.recipient_id)?;
    Ok(Data::new(NotificationOut::new(found, staff)))
}

/// Marks a message in one's inbox as read. Again changes nothing.
#[utoipa::path(put, path = "/api/v1/notifications/{id}/read", tag = "inbox", operation_id = "read_notification",
               params(("id" = NotificationId, Path, description = "Which")),
               responses((status = 200, description = "The message", body = Data<NotificationOut>), Problems))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(id): PathId<NotificationId>,
) -> Result<Data<NotificationOut>, ApiError> {
    let reader = caller.caller.user_id().ok_or_else(|| ApiError::not_found("the message was"))?;
    let read = read_notification(&app, reader, id).await?;
    Ok(Data::new(NotificationOut::new(read, false)))
}
