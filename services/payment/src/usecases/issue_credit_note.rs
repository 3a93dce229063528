//! Issuing the credit note of a refund.

use ::domain::{RefundId, RefundStatus};
use chrono::{DateTime, Utc};
use pg_kit::jobs::{self, NewJob};
use serde_json::json;
use sqlx::PgConnection;

use super::PaymentError;
use super::issue_invoice::write;
use crate::App;
use crate::domain::invoice::{Correction, Document, DocumentKind, DocumentLine, Totals, credit};
use crate::jobs::ISSUE_CREDIT_NOTE;
use crate::store::refunds::RefundRow;
use crate::store::{invoices, payments, refunds};

/// Lets the job issue it.
pub(super) async fn enqueue_credit_note(
    app: &App,
    conn: &mut PgConnection,
    id: RefundId,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let job = NewJob {
        id: app.kit.ids.uuid(),
        kind: ISSUE_CREDIT_NOTE,
        payload: json!({"refund_id": id}),
        run_at: now,
        dedupe_key: Some(format!("{ISSUE_CREDIT_NOTE}:{id}")),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

/// Issues the credit note of a processed refund, once. Without an invoice there is nothing to correct.
pub(crate) async fn issue_credit_note(app: &App, id: RefundId) -> Result<(), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let refund = refunds::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    // One credit note of a payment at a time: each takes its share of what the others left.
    let payment = payments::lock(&mut tx, refund.payment_id).await?.ok_or(PaymentError::NotFound)?;
    let mut documents = invoices::of_order(&mut tx, payment.order_id).await?.into_iter();
    let Some(invoice) = documents.next().filter(|first| first.kind == DocumentKind::Invoice) else { return Ok(()) };
    let notes: Vec<Document> = documents.collect();
    let is_issued = notes.iter().any(|note| note.corrects.as_ref().is_some_and(|corrects| corrects.refund_id == id));
    if is_issued || refund.status != RefundStatus::Processed {
        return Ok(());
    }
    let credited: Vec<DocumentLine> = notes.into_iter().flat_map(|note| note.lines).collect();
    let lines = credit(&invoice.lines, &credited, refund.amount)?;
    write(app, &mut tx, note(app, invoice, lines, &refund, now)?).await?;
    tx.commit().await?;
    Ok(())
}

fn note(
    app: &App,
    invoice: Document,
    lines: Vec<DocumentLine>,
    refund: &RefundRow,
    now: DateTime<Utc>,
) -> Result<Document, PaymentError> {
    Ok(Document {
        id: app.kit.ids.uuid(),
        kind: DocumentKind::CreditNote,
        issued_at: now,
        corrects: Some(Correction {
            invoice_id: invoice.id,
            invoice_number: invoice.number.clone(),
            invoice_issued_at: invoice.issued_at,
            refund_id: refund.id,
            reason: refund.reason.clone(),
        }),
        totals: Totals::of(&lines)?,
        lines,
        ..invoice
    })
}
