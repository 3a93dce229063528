//! Disputes.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{ActorKind, DisputeId, DisputeNumber, MediaId, Money, OrderId, UserId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::http::{Allowed, Body, Caller, Created, Data, Page, PageParams, PageRequest, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::reading::reader_of;
use super::shapes::INR;
use super::ticket_shapes::some_words;
use crate::App;
use crate::domain::dispute::Dispute;
use crate::domain::words::{DisputeResolution, DisputeStatus, DisputeType};
use crate::store::disputes::{DisputeFilter, DisputePosition, DisputeReader};
use crate::usecases::disputes::{self, Decision, NewDispute};

policy!(
    /// Who may dispute an order.
    pub(crate) DisputeParties: buyer, vendor
);
policy!(
    /// Who may read disputes: the parties theirs, staff all.
    pub(crate) DisputeReaders: buyer, vendor, admin[Support, Operations]
);
policy!(
    /// Who decides.
    pub(crate) DisputeJudges: admin[Support, Operations]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(raise, list_of_order))
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(resolve))
}

/// A dispute to raise.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseDisputeIn {
    /// What about.
    #[garde(skip)]
    dispute_type: DisputeType,
    /// In words.
    #[garde(length(min = 3, max = 5000), custom(some_words))]
    description: String,
    /// Media ids of files that the caller stored, ten at most.
    #[garde(length(max = 10))]
    #[serde(default)]
    evidence_media_ids: Vec<MediaId>,
}

/// A decision.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveDisputeIn {
    /// What follows.
    #[garde(skip)]
    resolution: DisputeResolution,
    /// What goes back; with `refund_partial`, and only with it.
    #[garde(skip)]
    #[serde(default)]
    amount: Option<Money>,
    /// In words, for both parties.
    #[garde(inner(length(min = 3, max = 5000), custom(some_words)))]
    #[serde(default)]
    notes: Option<String>,
}

/// Which disputes.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DisputeListParams {
    /// Only these; may be repeated.
    #[garde(length(max = 4))]
    #[serde(default)]
    status: Vec<DisputeStatus>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

impl DisputeListParams {
    fn read(self) -> Result<(PageRequest<DisputePosition>, DisputeFilter), ApiError> {
        let page = PageParams { cursor: self.cursor, limit: self.limit }.request::<DisputePosition>()?;
        let filter = DisputeFilter { statuses: self.status, after: page.after, fetch: page.fetch() };
        Ok((page, filter))
    }
}

/// A dispute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeOut {
    /// The dispute.
    id: DisputeId,
    /// Its number.
    dispute_number: DisputeNumber,
    /// The order.
    order_id: OrderId,
    /// Who raised it.
    raised_by: UserId,
    /// As what.
    raised_by_kind: ActorKind,
    /// The other party.
    raised_against: UserId,
    /// What about.
    dispute_type: DisputeType,
    /// In words.
    description: String,
    /// Media ids.
    #[schema(value_type = Vec<MediaId>)]
    evidence_media_ids: Vec<Uuid>,
    /// Where it stands.
    status: DisputeStatus,
    /// How it was decided.
    resolution: Option<DisputeResolution>,
    /// In words.
    resolution_notes: Option<String>,
    /// What goes back.
    refund_amount: Option<Money>,
    /// `INR`.
    currency: &'static str,
    /// Who decided.
    resolved_by: Option<UserId>,
    /// When.
    resolved_at: Option<DateTime<Utc>>,
    /// When it was raised.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<Dispute> for DisputeOut {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id,
            dispute_number: dispute.dispute_number,
            order_id: dispute.order_id,
            raised_by: dispute.raised_by,
            raised_by_kind: dispute.raised_by_kind,
            raised_against: dispute.raised_against,
            dispute_type: dispute.dispute_type,
            description: dispute.description,
            evidence_media_ids: dispute.evidence_media_ids,
            status: dispute.status,
            resolution: dispute.resolution,
            resolution_notes: dispute.resolution_notes,
            refund_amount: dispute.refund_amount,
            currency: INR,
            resolved_by: dispute.resolved_by,
            resolved_at: dispute.resolved_at,
            created_at: dispute.created_at,
            updated_at: dispute.updated_at,
        }
    }
}

fn dispute_reader(caller: &Caller) -> Result<DisputeReader, ApiError> {
    match caller {
        Caller::Admin { .. } => Ok(DisputeReader::Staff),
        other => other.user_id().map(DisputeReader::Party).ok_or_else(|| ApiError::not_found("dispute")),
    }
}

fn paged(page: &PageRequest<DisputePosition>, disputes: Vec<Dispute>) -> Page<DisputeOut> {
    page.page(disputes, |dispute| DisputePosition { at: dispute.created_at, id: dispute.id }, DisputeOut::from)
}

/// Dispute an order that was delivered. Its settlement waits until the dispute is decided; one open dispute an order.
#[utoipa::path(post, path = "/api/v1/orders/{id}/disputes", operation_id = "raiseDispute", tag = "disputes",
    params(("id" = OrderId, Path, description = "The order")), request_body = RaiseDisputeIn,
    responses((status = 201, description = "Raised", body = Data<DisputeOut>), Problems))]
async fn raise(
    State(app): State<App>,
    allowed: Allowed<DisputeParties>,
    PathId(id): PathId<OrderId>,
    Body(body): Body<RaiseDisputeIn>,
) -> Result<Created<DisputeOut>, ApiError> {
    let new = NewDispute {
        dispute_type: body.dispute_type,
        description: body.description.trim().to_owned(),
        evidence: body.evidence_media_ids,
    };
    let dispute = disputes::raise_dispute(&app, &allowed.actor, reader_of(&allowed.caller)?, id, new).await?;
    Ok(Created(dispute.into()))
}

/// The disputes about an order, newest first.
#[utoipa::path(get, path = "/api/v1/orders/{id}/disputes", operation_id = "listOrderDisputes", tag = "disputes",
    params(("id" = OrderId, Path, description = "The order"), DisputeListParams),
    responses((status = 200, description = "Disputes", body = Page<DisputeOut>), Problems))]
async fn list_of_order(
    State(app): State<App>,
    allowed: Allowed<DisputeReaders>,
    PathId(id): PathId<OrderId>,
    Params(params): Params<DisputeListParams>,
) -> Result<Page<DisputeOut>, ApiError> {
    let (page, filter) = params.read()?;
    Ok(paged(&page, disputes::disputes_of_order(&app, reader_of(&allowed.caller)?, id, &filter).await?))
}

/// Disputes, newest first: the caller's own; staff sees all.
#[utoipa::path(get, path = "/api/v1/disputes", operation_id = "listDisputes", tag = "disputes", params(DisputeListParams),
    responses((status = 200, description = "Disputes", body = Page<DisputeOut>), Problems))]
async fn list(
    State(app): State<App>,
    allowed: Allowed<DisputeReaders>,
    Params(params): Params<DisputeListParams>,
) -> Result<Page<DisputeOut>, ApiError> {
    let (page, filter) = params.read()?;
    Ok(paged(&page, disputes::list_disputes(&app, dispute_reader(&allowed.caller)?, &filter).await?))
}

/// A dispute.
#[utoipa::path(get, path = "/api/v1/disputes/{disputeId}", operation_id = "readDispute", tag = "disputes",
    params(("disputeId" = DisputeId, Path, description = "The dispute")),
    responses((status = 200, description = "The dispute", body = Data<DisputeOut>), Problems))]
async fn read(
    State(app): State<App>,
    allowed: Allowed<DisputeReaders>,
    PathId(id): PathId<DisputeId>,
) -> Result<Data<DisputeOut>, ApiError> {
    let dispute = disputes::read_dispute(&app, dispute_reader(&allowed.caller)?, id).await?;
    Ok(Data::new(dispute.into()))
}

/// Decide a dispute. What goes back is refunded by itself, and the order's settlement goes on. Decided so already: 200
/// with the dispute.
#[utoipa::path(put, path = "/api/v1/disputes/{disputeId}/resolve", operation_id = "resolveDispute", tag = "disputes",
    params(("disputeId" = DisputeId, Path, description = "The dispute")), request_body = ResolveDisputeIn,
    responses((status = 200, description = "Decided", body = Data<DisputeOut>), Problems))]
async fn resolve(
    State(app): State<App>,
    allowed: Allowed<DisputeJudges>,
    PathId(id): PathId<DisputeId>,
    Body(body): Body<ResolveDisputeIn>,
) -> Result<Data<DisputeOut>, ApiError> {
    let decision = Decision { resolution: body.resolution, amount: body.amount, notes: body.notes };
    let dispute = disputes::resolve_dispute(&app, &allowed.actor, id, decision).await?;
    Ok(Data::new(dispute.into()))
}
