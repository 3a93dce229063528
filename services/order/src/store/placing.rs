//! A new order with all that belongs to it, in one statement: its key, its row and number, lines, history, saga, event,
//! story and time-out (rules 19 and 20).

use chrono::{DateTime, Utc};
use domain::{OrderNumber, ServiceName};
use pg_kit::idempotency::{Claim, KEPT};
use pg_kit::jobs::NewJob;
use pg_kit::{DbError, errors};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::changes::jobs;
use super::history::Changed;
use super::items::pack;
use super::said::Said;
use crate::domain::{Line, Order};

/// An order about to be written down. Its number is given by the statement: the one in `order` and `said` is replaced.
#[derive(Debug)]
pub(crate) struct NewOrder<'a> {
    pub(crate) claim: Claim<'a>,
    pub(crate) order: &'a Order,
    pub(crate) lines: &'a [Line],
    pub(crate) history: Changed<'a>,
    pub(crate) said: Said<'a>,
    pub(crate) saga_deadline: DateTime<Utc>,
    pub(crate) lease_seconds: f64,
    pub(crate) start: Vec<NewJob>,
}

/// Writes it down and answers its number; `None` when the key is known, and nothing is written. A key that is older than
/// a day is free again. Whoever comes with the same key at the same moment waits for this statement alone.
pub(crate) async fn place(conn: &mut PgConnection, new: &NewOrder<'_>) -> Result<Option<OrderNumber>, DbError> {
    let NewOrder { claim, order, lines, history, said, saga_deadline, lease_seconds, start } = new;
    let placed = sqlx::query!(
        r#"WITH claim AS (
             INSERT INTO idempotency_keys AS known (caller, operation, key, body_hash, created_at, resource_id)
             VALUES ($1, $2, $3, $4, $5, $7)
             ON CONFLICT ON CONSTRAINT idempotency_keys_once DO UPDATE
                SET id = excluded.id, body_hash = excluded.body_hash, created_at = excluded.created_at,
                    resource_id = excluded.resource_id, status = NULL, body = NULL, completed_at = NULL
              WHERE known.created_at <= $6
             RETURNING nextval('order_numbers')::text AS number
         ), placed AS (
             INSERT INTO orders (id, order_number, buyer_id, buyer_user_id, vendor_id, vendor_user_id, order_type,
                 delivery_address_id, delivery_address, delivery_date, delivery_slot, distance_metres, subtotal,
                 delivery_charge, delivery_tax_code, delivery_gst_rate, delivery_cgst, delivery_sgst, delivery_igst, tax,
                 discount, total, supplier_state, gst_scheme, commission_rate, payment_method, payment_status, status,
                 buyer_notes, created_at, updated_at, revision)
             SELECT $7, 'ORD' || lpad(number, greatest(6, length(number)), '0'), $8, $9, $10, $11, $12, $13, $14, $15, $16,
                    $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $5, $5, $35
               FROM claim
             RETURNING id, order_number
         ), lines AS (
             INSERT INTO order_items (id, order_id, line_no, item_type, item_id, inventory_id, item_name, item_description,
                 quantity, unit, unit_price, total_price, discount, taxable, tax_code, gst_rate, cgst, sgst, igst,
                 item_snapshot, created_at)
             SELECT line.id, placed.id, line_no, item_type, item_id, inventory_id, item_name, item_description, quantity, unit,
                    unit_price, total_price, discount, taxable, tax_code, gst_rate, cgst, sgst, igst, item_snapshot, $5
               FROM placed, jsonb_to_recordset($36::jsonb) AS line(id uuid, line_no smallint, item_type text, item_id uuid,
                    inventory_id uuid, item_name text, item_description text, quantity numeric, unit text,
                    unit_price numeric, total_price numeric, discount numeric, taxable numeric, tax_code text,
                    gst_rate numeric, cgst numeric, sgst numeric, igst numeric, item_snapshot jsonb)
         ), noted AS (
             INSERT INTO order_status_history (id, order_id, new_status, changed_by, changed_by_kind, changed_via, created_at)
             SELECT $37, id, $33, $38, $39, $40, $5 FROM placed
         ), saga AS (
             INSERT INTO order_sagas (order_id, step, deadline, leased_until, correlation_id, created_at, updated_at)
             SELECT id, 'placed', $41, clock_timestamp() + make_interval(secs => $42), $43, $5, $5 FROM placed
         ), counter AS (
             INSERT INTO aggregate_sequences (aggregate_id, last_sequence) SELECT id, 1 FROM placed
         ), said AS (
             INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id, sequence, correlation_id,
                                 causation_id, traceparent, actor, data)
             SELECT $44, $45, $46, $5, id, 1, $43, $47, $48, $49,
                    jsonb_set($50::jsonb, '{order_number}', to_jsonb(order_number))
               FROM placed
         ), told AS (
             INSERT INTO order_timeline (event_id, order_id, occurred_at, source, event_type, summary, actor_kind, actor_id,
                                         channel)
             SELECT $44, id, $5, $51, $45, 'Order ' || order_number || ' was placed', $39, $38, $40 FROM placed
         ), started AS (
             INSERT INTO jobs (id, kind, payload, dedupe_key, run_at, correlation_id, causation_id, traceparent)
             SELECT job.id, job.kind, job.payload, job.dedupe_key, job.run_at, $43, $47, $48
               FROM placed, jsonb_to_recordset($52::jsonb)
                    AS job(id uuid, kind text, payload jsonb, dedupe_key text, run_at timestamptz)
             ON CONFLICT (dedupe_key) WHERE state = 'pending' DO NOTHING
         )
         SELECT order_number AS "order_number!: OrderNumber", pg_notify('outbox', '')::text AS notified FROM placed"#,
        claim.caller,
        claim.operation,
        claim.key,
        claim.body_hash.as_slice(),
        claim.now,
        claim.now - KEPT,
        order.id.as_uuid(),
        order.buyer_id.as_uuid(),
        order.buyer_user_id.as_uuid(),
        order.vendor_id.as_uuid(),
        order.vendor_user_id.as_uuid(),
        order.order_type.as_str(),
        order.delivery_address_id.as_uuid(),
        Json(&order.delivery_address) as _,
        order.delivery_date,
        order.delivery_slot.map(|slot| slot.as_str()),
        order.distance_metres,
        order.subtotal as _,
        order.delivery_charge as _,
        order.delivery_tax_code,
        order.delivery_gst_rate as _,
        order.delivery_tax.cgst as _,
        order.delivery_tax.sgst as _,
        order.delivery_tax.igst as _,
        order.tax as _,
        order.discount as _,
        order.total as _,
        order.supplier_state.as_str(),
        order.gst_scheme.as_str(),
        order.commission_rate as _,
        order.payment_method.as_str(),
        order.payment_status.as_str(),
        order.status.as_str(),
        order.buyer_notes,
        order.revision,
        pack(lines)?,
        history.id,
        history.by.user_uuid(),
        history.by.kind.as_str(),
        history.by.channel.as_str(),
        *saga_deadline,
        *lease_seconds,
        said.context.correlation_id.as_uuid(),
        said.event_id.as_uuid(),
        said.event_type,
        said.version,
        said.context.causation_id.map(|id| id.as_uuid()),
        said.context.traceparent,
        said.by_json,
        said.data,
        ServiceName::Order.as_str(),
        jobs(start)?,
    )
    .fetch_optional(conn)
    .await;
    match placed {
        Ok(placed) => Ok(placed.map(|placed| placed.order_number)),
        // The one with the same key is still at it: the key is known.
        Err(error) if errors::is_lock_timeout(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
