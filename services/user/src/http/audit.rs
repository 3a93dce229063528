//! `GET /api/v1/admin/audit-log`.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{ActorKind, Channel, EventId, ServiceName, UserId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Page, PageParams, Params, Problems};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::admins::SuperAdmins;
use super::checks::searchable;
use crate::App;
use crate::store::audit;

/// One line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineOut {
    /// The event that told it.
    id: EventId,
    /// When it was done.
    occurred_at: DateTime<Utc>,
    /// Which service says so.
    service: ServiceName,
    /// What was done, such as `user.status_changed`.
    action: String,
    /// The kind of thing.
    entity_type: String,
    /// The thing.
    entity_id: Uuid,
    /// Who did it: what kind.
    actor_kind: ActorKind,
    /// Who did it, when it was a person.
    actor_user_id: Option<UserId>,
    /// Through which channel.
    channel: Channel,
    /// How it was.
    #[schema(value_type = Option<Object>)]
    before: Option<serde_json::Value>,
    /// How it became.
    #[schema(value_type = Option<Object>)]
    after: Option<serde_json::Value>,
    /// From which address.
    ip_address: Option<String>,
    /// The request it belongs to.
    correlation_id: Uuid,
}

impl From<audit::Line> for LineOut {
    fn from(line: audit::Line) -> Self {
        Self {
            id: line.event_id,
            occurred_at: line.occurred_at,
            service: line.service,
            action: line.action,
            entity_type: line.entity_type,
            entity_id: line.entity_id,
            actor_kind: line.actor_kind,
            actor_user_id: line.actor_user_id,
            channel: line.channel,
            before: line.before,
            after: line.after,
            ip_address: line.ip_address,
            correlation_id: line.correlation_id,
        }
    }
}

/// What a reading is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Said by this service.
    #[garde(skip)]
    #[param(inline)]
    service: Option<ServiceName>,
    /// This was done.
    #[garde(inner(length(max = 100), custom(searchable)))]
    action: Option<String>,
    /// To things of this kind.
    #[garde(inner(length(max = 100), custom(searchable)))]
    entity_type: Option<String>,
    /// To this thing.
    #[garde(skip)]
    entity_id: Option<Uuid>,
    /// By this user.
    #[garde(skip)]
    actor_user_id: Option<UserId>,
    /// Belonging to this request.
    #[garde(skip)]
    correlation_id: Option<Uuid>,
    /// Part of the action, the kind of thing, the address, or of what it was or became.
    #[garde(inner(length(chars, max = 100), custom(searchable)))]
    text: Option<String>,
    /// From then on.
    #[garde(skip)]
    from: Option<DateTime<Utc>>,
    /// Before then.
    #[garde(skip)]
    to: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct After {
    at: DateTime<Utc>,
    id: EventId,
}

/// Who did what to which thing, in every service; newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit-log", tag = "admin", operation_id = "audit_log",
    params(AuditFilter, PageParams), security(("firebase" = [])),
    responses((status = 200, description = "Lines of the log", body = Page<LineOut>), Problems))]
pub(super) async fn list(
    State(app): State<App>,
    _who: Allowed<SuperAdmins>,
    Params(filter): Params<AuditFilter>,
    Params(page): Params<PageParams>,
) -> Result<Page<LineOut>, ApiError> {
    let page = page.request::<After>()?;
    // A month is dropped as a whole; what is older than the log is kept is not shown before that either.
    let oldest = app.kit.clock.now() - TimeDelta::days(app.config.audit_log_days.into());
    let wanted = audit::Filter {
        service: filter.service,
        action: filter.action.as_deref(),
        entity_type: filter.entity_type.as_deref(),
        entity_id: filter.entity_id,
        actor_user_id: filter.actor_user_id,
        correlation_id: filter.correlation_id,
        text: filter.text.as_deref().filter(|text| !text.is_empty()),
        from: Some(filter.from.unwrap_or(oldest).max(oldest)),
        to: filter.to,
    };
    let after = page.after.as_ref().map(|after| (after.at, after.id));
    let mut conn = app.kit.pool.acquire().await?;
    let lines = audit::list(&mut conn, &wanted, after, page.fetch()).await?;
    Ok(page.page(lines, |line| After { at: line.occurred_at, id: line.event_id }, LineOut::from))
}
