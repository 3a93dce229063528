//! Invoices and credit notes: numbered and written in one transaction, never changed.

use ::domain::{BuyerId, GstScheme, Money, OrderId, OrderNumber, PaymentId, Quantity, Rate, RefundId, StateCode, Unit, VendorId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::Stored;
use crate::domain::invoice::{Correction, Document, DocumentKind, DocumentLine, Party, Totals};

/// The next serial of a series. Its row stays locked until the transaction ends: who rolls back leaves no gap.
pub(crate) async fn next_serial(conn: &mut PgConnection, scope: &str, kind: DocumentKind, financial_year: &str) -> Stored<i64> {
    sqlx::query_scalar!(
        "INSERT INTO invoice_series (scope, kind, financial_year, last_serial) VALUES ($1, $2, $3, 1)
         ON CONFLICT (scope, kind, financial_year) DO UPDATE SET last_serial = invoice_series.last_serial + 1
         RETURNING last_serial",
        scope,
        kind.as_str(),
        financial_year
    )
    .fetch_one(conn)
    .await
}

/// Writes a document with its lines.
pub(crate) async fn insert(conn: &mut PgConnection, scope: &str, serial: i64, document: &Document) -> Stored<()> {
    let corrects = document.corrects.as_ref();
    sqlx::query!(
        "INSERT INTO invoices (id, kind, scope, financial_year, serial, number, issued_at, order_id, order_number, payment_id,
             buyer_id, vendor_id, corrects, refund_id, reason, supplier, recipient, deliver_to, place_of_supply, gst_scheme,
             taxable, cgst, sgst, igst, total)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
             $25)",
        document.id,
        document.kind.as_str(),
        scope,
        document.financial_year,
        serial,
        document.number,
        document.issued_at,
        document.order_id as OrderId,
        document.order_number.as_str(),
        document.payment_id as PaymentId,
        document.buyer_id as BuyerId,
        document.vendor_id as VendorId,
        corrects.map(|corrects| corrects.invoice_id),
        corrects.map(|corrects| corrects.refund_id) as Option<RefundId>,
        corrects.map(|corrects| corrects.reason.as_str()),
        Json(&document.supplier) as _,
        Json(&document.recipient) as _,
        Json(&document.deliver_to) as _,
        document.place_of_supply.as_str(),
        document.gst_scheme.as_str(),
        document.totals.taxable as Money,
        document.totals.cgst as Money,
        document.totals.sgst as Money,
        document.totals.igst as Money,
        document.totals.total as Money,
    )
    .execute(&mut *conn)
    .await?;
    for line in &document.lines {
        insert_line(conn, document.id, line).await?;
    }
    Ok(())
}

async fn insert_line(conn: &mut PgConnection, document: Uuid, line: &DocumentLine) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO invoice_lines (invoice_id, line_no, description, tax_code, quantity, unit, unit_price, discount, taxable,
             gst_rate, cgst, sgst, igst)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        document,
        line.line_no,
        line.description,
        line.tax_code,
        line.quantity as Option<Quantity>,
        line.unit.map(|unit| unit.as_str()),
        line.unit_price as Option<Money>,
        line.discount as Money,
        line.taxable as Money,
        line.gst_rate as Rate,
        line.cgst as Money,
        line.sgst as Money,
        line.igst as Money,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the order has its invoice.
pub(crate) async fn is_issued(conn: &mut PgConnection, order_id: OrderId) -> Stored<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM invoices WHERE order_id = $1 AND kind = 'invoice') as "known!""#,
        order_id as OrderId
    )
    .fetch_one(conn)
    .await
}

/// The documents of an order: the invoice first, then its credit notes in their order.
pub(crate) async fn of_order(conn: &mut PgConnection, order_id: OrderId) -> Stored<Vec<Document>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.kind, i.number, i.financial_year, i.issued_at, i.order_id as "order_id: OrderId",
                  i.order_number as "order_number: OrderNumber", i.payment_id as "payment_id!: PaymentId",
                  i.buyer_id as "buyer_id: BuyerId", i.vendor_id as "vendor_id: VendorId", i.corrects,
                  i.refund_id as "refund_id: RefundId", i.reason, c.number as "corrects_number?",
                  c.issued_at as "corrects_issued_at?", i.supplier as "supplier: Json<Party>",
                  i.recipient as "recipient: Json<Party>", i.deliver_to as "deliver_to: Json<Party>",
                  i.place_of_supply as "place_of_supply: StateCode", i.gst_scheme as "gst_scheme: GstScheme",
                  i.taxable as "taxable: Money", i.cgst as "cgst: Money", i.sgst as "sgst: Money", i.igst as "igst: Money",
                  i.total as "total: Money"
             FROM invoices i LEFT JOIN invoices c ON c.id = i.corrects
            WHERE i.order_id = $1 ORDER BY (i.kind = 'invoice') DESC, i.issued_at, i.serial"#,
        order_id as OrderId
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines = lines_of(conn, &ids).await?;
    let documents = rows.into_iter().map(|row| {
        let corrects = (row.corrects).zip(row.corrects_number).zip(row.corrects_issued_at).zip(row.refund_id).zip(row.reason);
        Some(Document {
            id: row.id,
            kind: DocumentKind::read(&row.kind)?,
            number: row.number,
            financial_year: row.financial_year,
            issued_at: row.issued_at,
            order_id: row.order_id,
            order_number: row.order_number,
            payment_id: row.payment_id,
            buyer_id: row.buyer_id,
            vendor_id: row.vendor_id,
            corrects: corrects.map(|((((invoice_id, invoice_number), invoice_issued_at), refund_id), reason)| Correction {
                invoice_id,
                invoice_number,
                invoice_issued_at,
                refund_id,
                reason,
            }),
            supplier: row.supplier.0,
            recipient: row.recipient.0,
            deliver_to: row.deliver_to.0,
            place_of_supply: row.place_of_supply,
            gst_scheme: row.gst_scheme,
            lines: lines.extract_if(.., |(document, _)| *document == row.id).map(|(_, line)| line).collect(),
            totals: Totals { taxable: row.taxable, cgst: row.cgst, sgst: row.sgst, igst: row.igst, total: row.total },
        })
    });
    Ok(documents.flatten().collect())
}

async fn lines_of(conn: &mut PgConnection, documents: &[Uuid]) -> Stored<Vec<(Uuid, DocumentLine)>> {
    let rows = sqlx::query!(
        r#"SELECT invoice_id, line_no, description, tax_code, quantity as "quantity: Quantity", unit as "unit: Unit",
                  unit_price as "unit_price: Money", discount as "discount: Money", taxable as "taxable: Money",
                  gst_rate as "gst_rate: Rate", cgst as "cgst: Money", sgst as "sgst: Money", igst as "igst: Money"
             FROM invoice_lines WHERE invoice_id = ANY($1) ORDER BY invoice_id, line_no"#,
        documents
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let line = DocumentLine {
                line_no: row.line_no,
                description: row.description,
                tax_code: row.tax_code,
                quantity: row.quantity,
                unit: row.unit,
                unit_price: row.unit_price,
                discount: row.discount,
                taxable: row.taxable,
                gst_rate: row.gst_rate,
                cgst: row.cgst,
                sgst: row.sgst,
                igst: row.igst,
            };
            (row.invoice_id, line)
        })
        .collect())
}

/// A PDF that was stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub object_key: String,
    pub sha256: String,
}

/// Where a document's PDF lies.
pub(crate) async fn file(conn: &mut PgConnection, document: Uuid) -> Stored<Option<StoredFile>> {
    sqlx::query_as!(StoredFile, "SELECT object_key, sha256 FROM invoice_files WHERE invoice_id = $1", document)
        .fetch_optional(conn)
        .await
}

/// Remembers where a document's PDF lies.
pub(crate) async fn keep_file(conn: &mut PgConnection, document: Uuid, file: &StoredFile, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO invoice_files (invoice_id, object_key, sha256, stored_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (invoice_id) DO UPDATE SET object_key = $2, sha256 = $3, stored_at = $4",
        document,
        file.object_key,
        file.sha256,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
