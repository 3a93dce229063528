//! Looking at invoices.

use ::domain::{BuyerId, GstScheme, Money, OrderId, OrderNumber, Quantity, Rate, RefundId, StateCode, Unit, VendorId};
use ::http::header;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use paper::words::amount_in_words;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Caller, Data, Params, PathId, Problems};
use service_kit::policy;
use uuid::Uuid;

use crate::App;
use crate::domain::invoice::{Document, DocumentKind, DocumentLine, Party, uqc};
use crate::domain::online::CURRENCY;
use crate::usecases::{invoice_pdf, read_invoices};

policy!(pub(crate) InvoiceReaders: buyer, vendor, admin[Finance]);

/// A line of an invoice or credit note.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InvoiceLineOut {
    /// Which line of the invoice.
    line_no: i16,
    /// What it is.
    description: String,
    /// HSN of goods, SAC of services.
    tax_code: String,
    /// How much; none where a credit note gives money back without goods.
    quantity: Option<Quantity>,
    /// Of which unit.
    unit: Option<Unit>,
    /// The unit by its code in GST returns.
    uqc: Option<&'static str>,
    /// Price of one unit before tax.
    unit_price: Option<Money>,
    /// Its part of the discount.
    discount: Money,
    /// What tax is taken of.
    taxable: Money,
    /// Full GST rate.
    gst_rate: Rate,
    /// Central tax.
    cgst: Money,
    /// Tax of the state.
    sgst: Money,
    /// Tax between states.
    igst: Money,
    /// With its tax.
    total: Money,
}

/// The invoice that a credit note corrects.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CorrectsOut {
    /// The invoice.
    invoice_id: Uuid,
    /// Its number.
    invoice_number: String,
    /// Its date.
    invoice_issued_at: DateTime<Utc>,
    /// The refund that made the credit note.
    refund_id: RefundId,
    /// Why money went back.
    reason: String,
}

/// An invoice or credit note as issued.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InvoiceOut {
    /// The document.
    id: Uuid,
    /// `invoice` or `credit_note`.
    kind: &'static str,
    /// `Tax invoice`; `Bill of supply` under composition; `Invoice` of an unregistered supplier; `Credit note`.
    title: &'static str,
    /// Consecutive in its financial year, at most sixteen characters.
    #[schema(example = "RS/26-27/0000001", max_length = 16)]
    number: String,
    /// April to March, in India.
    #[schema(example = "26-27")]
    financial_year: String,
    /// When.
    issued_at: DateTime<Utc>,
    /// The order.
    order_id: OrderId,
    /// Its number.
    order_number: OrderNumber,
    /// Who bought.
    buyer_id: BuyerId,
    /// Who supplied.
    vendor_id: VendorId,
    /// Of a credit note: what it corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<CorrectsOut>,
    /// Who supplied.
    supplier: Party,
    /// Who bought.
    recipient: Party,
    /// Who received it, and where.
    deliver_to: Party,
    /// State of the place of supply by GST code.
    place_of_supply: StateCode,
    /// The same by name.
    place_of_supply_name: String,
    /// Whether tax is charged between states.
    interstate: bool,
    /// Whether the recipient pays the tax.
    reverse_charge: bool,
    /// How the supplier stands towards GST.
    gst_scheme: GstScheme,
    /// The lines.
    lines: Vec<InvoiceLineOut>,
    /// Taxable value.
    taxable: Money,
    /// Central tax.
    cgst: Money,
    /// Tax of the state.
    sgst: Money,
    /// Tax between states.
    igst: Money,
    /// All of it.
    total: Money,
    /// `INR`.
    currency: &'static str,
    /// The total in words.
    amount_in_words: String,
}

/// An order's invoice with its credit notes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrderInvoiceOut {
    /// The invoice.
    #[serde(flatten)]
    invoice: InvoiceOut,
    /// Its credit notes, oldest first.
    credit_notes: Vec<InvoiceOut>,
}

fn line(line: DocumentLine) -> Result<InvoiceLineOut, ApiError> {
    Ok(InvoiceLineOut {
        total: line.total()?,
        line_no: line.line_no,
        description: line.description,
        tax_code: line.tax_code,
        quantity: line.quantity,
        unit: line.unit,
        uqc: line.unit.map(uqc),
        unit_price: line.unit_price,
        discount: line.discount,
        taxable: line.taxable,
        gst_rate: line.gst_rate,
        cgst: line.cgst,
        sgst: line.sgst,
        igst: line.igst,
    })
}

fn out(document: Document) -> Result<InvoiceOut, ApiError> {
    Ok(InvoiceOut {
        kind: document.kind.as_str(),
        title: document.title(),
        interstate: document.is_interstate(),
        id: document.id,
        number: document.number,
        financial_year: document.financial_year,
        issued_at: document.issued_at,
        order_id: document.order_id,
        order_number: document.order_number,
        buyer_id: document.buyer_id,
        vendor_id: document.vendor_id,
        corrects: document.corrects.map(|corrects| CorrectsOut {
            invoice_id: corrects.invoice_id,
            invoice_number: corrects.invoice_number,
            invoice_issued_at: corrects.invoice_issued_at,
            refund_id: corrects.refund_id,
            reason: corrects.reason,
        }),
        supplier: document.supplier,
        recipient: document.recipient,
        deliver_to: document.deliver_to,
        place_of_supply_name: document.place_of_supply.name(),
        place_of_supply: document.place_of_supply,
        reverse_charge: false,
        gst_scheme: document.gst_scheme,
        lines: document.lines.into_iter().map(line).collect::<Result<_, _>>()?,
        taxable: document.totals.taxable,
        cgst: document.totals.cgst,
        sgst: document.totals.sgst,
        igst: document.totals.igst,
        total: document.totals.total,
        currency: CURRENCY,
        amount_in_words: amount_in_words(document.totals.total),
    })
}

/// The order's documents, when it is one of the caller's.
async fn own(app: &App, caller: &Caller, order_id: OrderId) -> Result<Vec<Document>, ApiError> {
    let documents = read_invoices::documents(app, order_id).await?;
    let is_own = |document: &Document| match caller {
        Caller::Buyer { .. } => caller.is_buyer(document.buyer_id),
        Caller::Vendor { .. } => caller.is_vendor(document.vendor_id),
        Caller::Admin { .. } => true,
        Caller::Service { .. } | Caller::Unregistered { .. } => false,
    };
    let is_there = documents.first().is_some_and(|first| first.kind == DocumentKind::Invoice && is_own(first));
    if is_there { Ok(documents) } else { Err(ApiError::not_found("invoice")) }
}

/// The invoice of an order with its credit notes. It is issued a moment after delivery; 404 before.
#[utoipa::path(get, path = "/api/v1/invoices/order/{orderId}", operation_id = "get_invoice_of_order", tag = "invoices",
    params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The invoice", body = Data<OrderInvoiceOut>), Problems))]
pub(crate) async fn of_order(
    State(app): State<App>,
    who: Allowed<InvoiceReaders>,
    PathId(order_id): PathId<OrderId>,
) -> Result<Data<OrderInvoiceOut>, ApiError> {
    let mut documents = own(&app, &who.caller, order_id).await?.into_iter().map(out);
    let invoice = documents.next().ok_or_else(|| ApiError::not_found("invoice"))??;
    Ok(Data::new(OrderInvoiceOut { invoice, credit_notes: documents.collect::<Result<_, _>>()? }))
}

/// Which document is wanted.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PdfParams {
    /// Number of one of the order's credit notes; the invoice when left out.
    #[garde(length(max = 16))]
    #[serde(default)]
    number: Option<String>,
}

/// The invoice of an order, or one of its credit notes, as PDF. The bytes come from here and not by a redirect to S3: a
/// browser would send its token along, and a signed URL with a token is refused.
#[utoipa::path(get, path = "/api/v1/invoices/order/{orderId}/pdf", operation_id = "get_invoice_pdf_of_order", tag = "invoices",
    params(("orderId" = OrderId, Path, description = "The order"), PdfParams),
    responses((status = 200, description = "The document", body = Vec<u8>, content_type = "application/pdf"), Problems))]
pub(crate) async fn pdf(
    State(app): State<App>,
    who: Allowed<InvoiceReaders>,
    PathId(order_id): PathId<OrderId>,
    Params(asked): Params<PdfParams>,
) -> Result<Response, ApiError> {
    let documents = own(&app, &who.caller, order_id).await?;
    let mut wanted = documents.iter().filter(|document| asked.number.as_ref().is_none_or(|number| *number == document.number));
    let document = wanted.next().ok_or_else(|| ApiError::not_found("document"))?;
    let content = invoice_pdf::pdf_of(&app, document).await?;
    let name = document.number.replace('/', "-");
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, content).into_response())
}
