//! Disputes.

use chrono::{DateTime, Utc};
use domain::{ActorKind, DisputeId, DisputeNumber, Money, OrderId, UserId};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::dispute::Dispute;
use crate::domain::words::{DisputeResolution, DisputeStatus, DisputeType};

/// The index that allows one open dispute an order.
const ONE_OPEN: &str = "disputes_one_open_an_order";

/// Selects whole disputes: the columns are said once.
macro_rules! select_disputes {
    ($tail:tt $(, $($args:tt)*)?) => {
        sqlx::query_as!(
            Dispute,
            r#"SELECT id AS "id: DisputeId", dispute_number AS "dispute_number: DisputeNumber", order_id AS "order_id: OrderId",
                      raised_by AS "raised_by: UserId", raised_by_kind AS "raised_by_kind: ActorKind",
                      raised_against AS "raised_against: UserId", dispute_type AS "dispute_type: DisputeType", description,
                      evidence_media_ids, status AS "status: DisputeStatus", resolved_by AS "resolved_by: UserId",
                      resolution AS "resolution: DisputeResolution", resolution_notes,
                      refund_amount AS "refund_amount: Money", resolved_at, created_at, updated_at
                 FROM disputes "# + $tail
            $(, $($args)*)?
        )
    };
}

/// For whom a dispute is looked up: who is not a party of it does not find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisputeReader {
    Party(UserId),
    Staff,
}

impl DisputeReader {
    fn party(self) -> Option<Uuid> {
        if let Self::Party(id) = self { Some(id.into()) } else { None }
    }
}

/// Where a dispute stands in a list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct DisputePosition {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: DisputeId,
}

/// What of a list is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct DisputeFilter {
    pub(crate) statuses: Vec<DisputeStatus>,
    pub(crate) after: Option<DisputePosition>,
    pub(crate) fetch: i64,
}

fn bounds(filter: &DisputeFilter) -> (Vec<String>, DateTime<Utc>, Uuid) {
    let end = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(365 * 1000);
    let (at, id) = filter.after.map_or((end, Uuid::max()), |p| (p.at, p.id.as_uuid()));
    (filter.statuses.iter().map(|status| status.as_str().to_owned()).collect(), at, id)
}

/// The next human number.
pub(crate) async fn next_number(conn: &mut PgConnection) -> Result<DisputeNumber, DbError> {
    let number = sqlx::query_scalar!(r#"SELECT nextval('dispute_numbers') AS "number!""#).fetch_one(conn).await?;
    Ok(DisputeNumber::from_sequence(number.unsigned_abs()))
}

/// Writes a new dispute; false when the order has an open one.
pub(crate) async fn insert(conn: &mut PgConnection, dispute: &Dispute) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO disputes (id, dispute_number, order_id, raised_by, raised_by_kind, raised_against, dispute_type,
             description, evidence_media_ids, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        dispute.id.as_uuid(),
        dispute.dispute_number.as_str(),
        dispute.order_id.as_uuid(),
        dispute.raised_by.as_uuid(),
        dispute.raised_by_kind.as_str(),
        dispute.raised_against.as_uuid(),
        dispute.dispute_type.as_str(),
        dispute.description,
        &dispute.evidence_media_ids,
        dispute.status.as_str(),
        dispute.created_at,
    )
    .execute(conn)
    .await;
    match written {
        Ok(_) => Ok(true),
        Err(error) => {
            let error = DbError::from(error);
            if error.is_unique_violation(ONE_OPEN) { Ok(false) } else { Err(error) }
        }
    }
}

/// Writes a decision, if it was still open.
pub(crate) async fn resolve(conn: &mut PgConnection, dispute: &Dispute) -> Result<(), DbError> {
    let written = sqlx::query!(
        "UPDATE disputes SET status = $2, resolved_by = $3, resolution = $4, resolution_notes = $5, refund_amount = $6,
                resolved_at = $7, updated_at = $7
          WHERE id = $1 AND status IN ('open', 'under_review')",
        dispute.id.as_uuid(),
        dispute.status.as_str(),
        dispute.resolved_by.map(|id| id.as_uuid()),
        dispute.resolution.map(|resolution| resolution.as_str()),
        dispute.resolution_notes,
        dispute.refund_amount as _,
        dispute.resolved_at,
    )
    .execute(conn)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(DbError::State("a dispute changed between reading and writing it")) }
}

/// A dispute of this reader's.
pub(crate) async fn find(conn: &mut PgConnection, id: DisputeId, reader: DisputeReader) -> Result<Option<Dispute>, DbError> {
    let dispute = select_disputes!(
        "WHERE id = $1 AND ($2::uuid IS NULL OR raised_by = $2 OR raised_against = $2)",
        id.as_uuid(),
        reader.party()
    )
    .fetch_optional(conn)
    .await?;
    Ok(dispute)
}

/// A dispute, kept from others until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: DisputeId) -> Result<Option<Dispute>, DbError> {
    Ok(select_disputes!("WHERE id = $1 FOR UPDATE", id.as_uuid()).fetch_optional(conn).await?)
}

/// The disputes about an order, newest first.
pub(crate) async fn of_order(conn: &mut PgConnection, id: OrderId, filter: &DisputeFilter) -> Result<Vec<Dispute>, DbError> {
    let (statuses, at, after_id) = bounds(filter);
    let disputes = select_disputes!(
        "WHERE order_id = $1 AND ($2::text[] = '{}' OR status = ANY($2)) AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC LIMIT $5",
        id.as_uuid(),
        &statuses,
        at,
        after_id,
        filter.fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(disputes)
}

/// Everybody's disputes, newest first.
pub(crate) async fn of_all(conn: &mut PgConnection, filter: &DisputeFilter) -> Result<Vec<Dispute>, DbError> {
    let (statuses, at, after_id) = bounds(filter);
    let disputes = select_disputes!(
        "WHERE ($1::text[] = '{}' OR status = ANY($1)) AND (created_at, id) < ($2, $3)
         ORDER BY created_at DESC, id DESC LIMIT $4",
        &statuses,
        at,
        after_id,
        filter.fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(disputes)
}

/// The disputes a person raised or has to answer to, newest first. Each side has its index.
pub(crate) async fn of_party(conn: &mut PgConnection, user: UserId, filter: &DisputeFilter) -> Result<Vec<Dispute>, DbError> {
    let (statuses, at, after_id) = bounds(filter);
    let disputes = select_disputes!(
        "WHERE id IN (
             (SELECT id FROM disputes WHERE raised_by = $1 AND ($2::text[] = '{}' OR status = ANY($2))
                 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5)
             UNION ALL
             (SELECT id FROM disputes WHERE raised_against = $1 AND ($2::text[] = '{}' OR status = ANY($2))
                 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        user.as_uuid(),
        &statuses,
        at,
        after_id,
        filter.fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(disputes)
}
