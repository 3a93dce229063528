//! Edits of items under way: the same rows as [`super::sagas`], with what the edit wants.

use chrono::{DateTime, Utc};
use domain::{Actor, Money, OrderId, OrderType};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::items::Packed;
use super::sagas::step;
use crate::domain::pricing::LineTax;
use crate::domain::{Edit, SagaStep};

/// What an edit wants, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    lines: Vec<Packed>,
    order_type: OrderType,
    subtotal: Money,
    delivery_charge: Money,
    delivery_cgst: Money,
    delivery_sgst: Money,
    delivery_igst: Money,
    tax: Money,
    discount: Money,
    total: Money,
    by: Actor,
}

/// An edit under way.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) step: SagaStep,
    pub(crate) deadline: DateTime<Utc>,
    /// The revision by which catalog and payment know what the order is in the end; what the edit wants is one less.
    pub(crate) revision: i64,
    /// What it wants, until it is decided, and who wants it.
    pub(crate) wants: Option<(Edit, Actor)>,
}

/// Begins one, leased to whoever writes it, if nothing else is under way with the order and it still is what was read. The
/// order is locked for it: of a confirmation at the same moment, one sees the other.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    order_id: OrderId,
    order_revision: i64,
    edit: &Edit,
    by: &Actor,
    times: (DateTime<Utc>, DateTime<Utc>, f64),
) -> Result<bool, DbError> {
    let (now, deadline, lease_seconds) = times;
    let stored = Stored {
        lines: edit.lines.iter().map(Packed::from).collect(),
        order_type: edit.order_type,
        subtotal: edit.subtotal,
        delivery_charge: edit.delivery_charge,
        delivery_cgst: edit.delivery_tax.cgst,
        delivery_sgst: edit.delivery_tax.sgst,
        delivery_igst: edit.delivery_tax.igst,
        tax: edit.tax,
        discount: edit.discount,
        total: edit.total,
        by: by.clone(),
    };
    let begun = sqlx::query!(
        "UPDATE order_sagas SET step = 'editing', edit = $3, items_revision = items_revision + 2, attempts = 1,
                last_error = NULL, deadline = $5, leased_until = clock_timestamp() + make_interval(secs => $6),
                correlation_id = $7, updated_at = $4
          WHERE order_id = $1 AND step = 'done'
            AND EXISTS (SELECT FROM orders WHERE id = $1 AND revision = $2 AND status = 'pending' FOR SHARE)",
        order_id.as_uuid(),
        order_revision,
        Json(stored) as _,
        now,
        deadline,
        lease_seconds,
        context::current().correlation_id.as_uuid(),
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(begun == 1)
}

/// The edit of an order, kept from others until the transaction ends. Lock the order first.
pub(crate) async fn lock(conn: &mut PgConnection, order_id: OrderId) -> Result<Open, DbError> {
    let row = sqlx::query!(
        r#"SELECT step, deadline, items_revision, edit AS "edit: Json<Stored>" FROM order_sagas WHERE order_id = $1 FOR UPDATE"#,
        order_id.as_uuid()
    )
    .fetch_optional(conn)
    .await?
    .ok_or(DbError::State("an order without a saga"))?;
    let wants = row.edit.map(|Json(stored)| open(order_id, stored));
    Ok(Open { step: step(&row.step)?, deadline: row.deadline, revision: row.items_revision, wants })
}

/// Decides an edit: nothing more is wanted, and the stock is to be what the order says.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    order_id: OrderId,
    from: SagaStep,
    lease_seconds: f64,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "UPDATE order_sagas SET step = 'edit_settling', edit = NULL, updated_at = $3,
                leased_until = clock_timestamp() + make_interval(secs => $4)
          WHERE order_id = $1 AND step = $2",
        order_id.as_uuid(),
        from.as_str(),
        now,
        lease_seconds,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(moved == 1)
}

fn open(order_id: OrderId, stored: Stored) -> (Edit, Actor) {
    let edit = Edit {
        lines: stored.lines.into_iter().map(|line| line.unpack(order_id)).collect(),
        order_type: stored.order_type,
        subtotal: stored.subtotal,
        delivery_charge: stored.delivery_charge,
        delivery_tax: LineTax { cgst: stored.delivery_cgst, sgst: stored.delivery_sgst, igst: stored.delivery_igst },
        tax: stored.tax,
        discount: stored.discount,
        total: stored.total,
    };
    (edit, stored.by)
}
