//! A stock list as vendors send it.

use domain::{Money, Quantity};
use http::{StatusCode, header};
use service_kit::ApiError;
use service_kit::http::RawBody;

use crate::usecases::RowError;
use crate::usecases::import_offers::ImportRow;

/// More rows than any vendor has; the body limit comes first for most files.
const MOST_ROWS: usize = 5000;
const COLUMNS: [&str; 5] = ["sku", "stock_quantity", "vendor_price", "min_order_quantity", "is_available"];

/// The rows that can be read, and what is wrong with the others.
pub(super) fn read(file: &RawBody) -> Result<(Vec<ImportRow>, Vec<RowError>), ApiError> {
    let content_type = file.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/csv") {
        let message = "send the file with Content-Type: text/csv";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
    }
    let text =
        std::str::from_utf8(&file.bytes).map_err(|_| ApiError::bad_request("invalid_csv", "the file is not UTF-8 text"))?;
    // Spreadsheets put a mark before the heading.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| ApiError::bad_request("invalid_csv", error.to_string()))?.clone();
    if let Some(unknown) = headings.iter().find(|heading| !COLUMNS.contains(heading)) {
        return Err(ApiError::invalid_field("heading", format!("{unknown:?} is no column; there are: {}", COLUMNS.join(", "))));
    }
    if !["sku", "stock_quantity"].iter().all(|needed| headings.iter().any(|heading| heading == *needed)) {
        return Err(ApiError::invalid_field("heading", "the columns sku and stock_quantity are needed"));
    }
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for record in reader.records() {
        if rows.len() + bad.len() >= MOST_ROWS {
            return Err(ApiError::invalid_field("file", format!("has more than {MOST_ROWS} rows")));
        }
        match record {
            Ok(record) => match row(&headings, &record) {
                Ok(row) => rows.push(row),
                Err(error) => bad.push(error),
            },
            Err(error) => bad.push(RowError {
                line: error.position().map_or(0, csv::Position::line),
                field: None,
                message: "has another number of fields than the heading".to_owned(),
            }),
        }
    }
    if rows.is_empty() && bad.is_empty() {
        return Err(ApiError::invalid_field("file", "has no rows"));
    }
    Ok((rows, bad))
}

fn row(headings: &csv::StringRecord, record: &csv::StringRecord) -> Result<ImportRow, RowError> {
    let line = record.position().map_or(0, csv::Position::line);
    let column = |name: &str| {
        let at = headings.iter().position(|heading| heading == name)?;
        record.get(at).filter(|value| !value.is_empty())
    };
    let wrong = |field, message: String| RowError { line, field: Some(field), message };
    let sku = column("sku").ok_or_else(|| wrong("sku", "is missing".to_owned()))?;
    if sku.contains('\0') {
        return Err(wrong("sku", "has a null character in it".to_owned()));
    }
    let stock = column("stock_quantity").ok_or_else(|| wrong("stock_quantity", "is missing".to_owned()))?;
    let is_available = match column("is_available").map(str::to_lowercase).as_deref() {
        None | Some("true" | "yes" | "1") => true,
        Some("false" | "no" | "0") => false,
        Some(_) => return Err(wrong("is_available", "must be yes or no".to_owned())),
    };
    Ok(ImportRow {
        line,
        sku: sku.to_owned(),
        stock_quantity: stock.parse::<Quantity>().map_err(|error| wrong("stock_quantity", error.to_string()))?,
        vendor_price: column("vendor_price")
            .map(|text| text.parse::<Money>().map_err(|error| wrong("vendor_price", error.to_string())))
            .transpose()?,
        min_order_quantity: column("min_order_quantity")
            .map(|text| text.parse::<Quantity>().map_err(|error| wrong("min_order_quantity", error.to_string())))
            .transpose()?,
        is_available,
    })
}
