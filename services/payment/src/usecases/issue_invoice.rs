//! Issuing the invoice of a delivered order.

use ::domain::events::AddressSnapshot;
use ::domain::{OrderId, RefundStatus, StateCode, business_time};
use chrono::{DateTime, Utc};
use clients::ServiceError;
use clients::order::{InvoiceFacts, InvoiceLineFacts};
use clients::vendor::SupplierFacts;
use pg_kit::jobs::{self, NewJob};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::PaymentError;
use super::issue_credit_note::enqueue_credit_note;
use crate::App;
use crate::config::InvoiceSeries;
use crate::domain::invoice::{Document, DocumentKind, DocumentLine, Party, Totals};
use crate::jobs::{ISSUE_INVOICE, STORE_INVOICE_PDF};
use crate::store::payments::{self, PaymentRow};
use crate::store::{invoices, refunds};

/// Lets the job issue it.
pub(crate) async fn enqueue_invoice(
    app: &App,
    conn: &mut PgConnection,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    enqueue_for_order(app, conn, ISSUE_INVOICE, order_id, now).await
}

async fn enqueue_for_order(
    app: &App,
    conn: &mut PgConnection,
    kind: &'static str,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let payload = json!({"order_id": order_id});
    let dedupe_key = Some(format!("{kind}:{order_id}"));
    jobs::enqueue(conn, &NewJob { id: app.kit.ids.uuid(), kind, payload, run_at: now, dedupe_key }).await?;
    Ok(())
}

/// Issues the invoice, once. Its number and its rows are one transaction.
pub(crate) async fn issue_invoice(app: &App, order_id: OrderId) -> Result<(), PaymentError> {
    let facts = app.orders.invoice_facts(order_id).await.map_err(unavailable)?.ok_or(PaymentError::NotFound)?;
    let (supplier, buyer) = tokio::join!(app.vendors.supplier(facts.order.vendor_id), app.users.user(facts.order.buyer_user_id));
    let supplier = supplier.map_err(unavailable)?.ok_or(PaymentError::NotFound)?;
    let buyer = buyer.map_err(unavailable)?.map(|user| user.full_name).filter(|name| !name.trim().is_empty());

    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    // Refunds hold the same lock: each of them either sees the invoice or is seen here.
    let payment = payments::lock_of_order(&mut tx, order_id).await?.ok_or(PaymentError::NotFound)?;
    if invoices::is_issued(&mut tx, order_id).await? {
        return Ok(());
    }
    let document = invoice(app.kit.ids.uuid(), &facts, &supplier, buyer, &payment, now)?;
    write(app, &mut tx, document).await?;
    for refund in refunds::of_payment(&mut tx, payment.id).await? {
        if refund.status == RefundStatus::Processed && !refund.is_of_stray() {
            enqueue_credit_note(app, &mut tx, refund.id, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Gives a document its number and writes it. The series' row is the last lock taken.
pub(super) async fn write(app: &App, conn: &mut PgConnection, mut document: Document) -> Result<(), PaymentError> {
    let scope = match app.config.invoice_series {
        InvoiceSeries::Platform => "platform".to_owned(),
        InvoiceSeries::Supplier => document.vendor_id.to_string(),
    };
    let now = document.issued_at;
    enqueue_for_order(app, conn, STORE_INVOICE_PDF, document.order_id, now).await?;
    document.financial_year = business_time::financial_year(now);
    let serial = invoices::next_serial(conn, &scope, document.kind, &document.financial_year).await?;
    let number = document.kind.number(&document.financial_year, serial);
    document.number = number.ok_or(PaymentError::Broken("a series of invoice numbers is full"))?;
    invoices::insert(conn, &scope, serial, &document).await?;
    Ok(())
}

fn unavailable(error: ServiceError) -> PaymentError {
    PaymentError::InvoiceFactsUnavailable(error.to_string())
}

fn invoice(
    id: Uuid,
    facts: &InvoiceFacts,
    supplier: &SupplierFacts,
    buyer: Option<String>,
    payment: &PaymentRow,
    now: DateTime<Utc>,
) -> Result<Document, PaymentError> {
    let lines: Vec<DocumentLine> = facts.lines.iter().zip(1..).map(|(facts, line_no)| line(facts, line_no)).collect();
    let totals = Totals::of(&lines)?;
    if totals.total != payment.amount {
        return Err(PaymentError::Broken("the lines of an order do not add up to what was paid for it"));
    }
    let deliver_to = place(&facts.delivery_address);
    Ok(Document {
        id,
        kind: DocumentKind::Invoice,
        number: String::new(),
        financial_year: String::new(),
        issued_at: now,
        order_id: facts.order.order_id,
        order_number: facts.order.order_number.clone(),
        payment_id: payment.id,
        buyer_id: facts.order.buyer_id,
        vendor_id: facts.order.vendor_id,
        corrects: None,
        supplier: supplied_by(supplier, &facts.supplier_state),
        recipient: Party { name: buyer.unwrap_or_else(|| deliver_to.name.clone()), ..deliver_to.clone() },
        deliver_to,
        place_of_supply: facts.delivery_address.state_code.clone(),
        gst_scheme: facts.gst_scheme,
        lines,
        totals,
    })
}

/// The supplier in the state that the order was taxed by.
fn supplied_by(supplier: &SupplierFacts, state: &StateCode) -> Party {
    Party {
        name: supplier.business_name.clone(),
        address: supplier.address.clone(),
        state: state.name(),
        state_code: state.clone(),
        pincode: None,
        gstin: supplier.gstin.clone(),
        phone: Some(supplier.phone.clone()),
    }
}

fn place(address: &AddressSnapshot) -> Party {
    let parts = [Some(&address.address_line1), address.address_line2.as_ref(), address.landmark.as_ref(), Some(&address.city)];
    let words: Vec<&str> = parts.into_iter().flatten().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    Party {
        name: address.contact_name.clone(),
        address: words.join(", "),
        state: address.state.clone(),
        state_code: address.state_code.clone(),
        pincode: Some(address.pincode.clone()),
        gstin: None,
        phone: Some(address.contact_phone.clone()),
    }
}

fn line(facts: &InvoiceLineFacts, line_no: i16) -> DocumentLine {
    DocumentLine {
        line_no,
        description: facts.description.clone(),
        tax_code: facts.tax_code.clone(),
        quantity: Some(facts.quantity),
        unit: facts.unit,
        unit_price: Some(facts.unit_price),
        discount: facts.discount,
        taxable: facts.taxable,
        gst_rate: facts.gst_rate,
        cgst: facts.cgst,
        sgst: facts.sgst,
        igst: facts.igst,
    }
}
