//! Reading requests, and collections.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::RazorpayError;

/// The smallest amount, in paise.
const LEAST: i64 = 100;

/// A JSON object with none but the named fields.
pub(super) fn object(body: &[u8], allowed: &[&str]) -> Result<Map<String, Value>, RazorpayError> {
    let text = if body.is_empty() { b"{}" } else { body };
    let fields: Map<String, Value> =
        serde_json::from_slice(text).map_err(|_| RazorpayError::bad("The request body is not valid JSON."))?;
    let unknown: Vec<&str> = fields.keys().map(String::as_str).filter(|name| !allowed.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(fields);
    }
    Err(RazorpayError::bad(format!("{} is/are not required and should not be sent", unknown.join(", "))))
}

/// An amount in paise, of at least one rupee.
pub(super) fn amount(fields: &Map<String, Value>) -> Result<Option<i64>, RazorpayError> {
    let Some(value) = fields.get("amount").filter(|value| !value.is_null()) else { return Ok(None) };
    let paise = value.as_i64().ok_or_else(|| RazorpayError::field("amount", "The amount must be an integer."))?;
    if paise < LEAST {
        return Err(RazorpayError::field("amount", "The amount must be atleast INR 1.00"));
    }
    Ok(Some(paise))
}

/// The amount, which must be there.
pub(super) fn required_amount(fields: &Map<String, Value>) -> Result<i64, RazorpayError> {
    amount(fields)?.ok_or_else(|| RazorpayError::field("amount", "The amount field is required."))
}

/// The currency, which must be there and ours.
pub(super) fn currency(fields: &Map<String, Value>) -> Result<String, RazorpayError> {
    match fields.get("currency").and_then(Value::as_str) {
        Some("INR") => Ok("INR".into()),
        Some(_) => Err(RazorpayError::field("currency", "The currency is not supported.")),
        None => Err(RazorpayError::field("currency", "The currency field is required.")),
    }
}

/// A text field of limited length.
pub(super) fn text(fields: &Map<String, Value>, name: &str, longest: usize) -> Result<Option<String>, RazorpayError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text.clone())),
        Some(Value::String(_)) => {
            Err(RazorpayError::field(name, format!("The {name} may not be greater than {longest} characters.")))
        }
        Some(_) => Err(RazorpayError::field(name, format!("The {name} must be a string."))),
    }
}

/// At most fifteen notes of at most 256 characters.
pub(super) fn notes(fields: &Map<String, Value>) -> Result<Map<String, Value>, RazorpayError> {
    let notes = match fields.get("notes") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Array(none)) if none.is_empty() => return Ok(Map::new()),
        Some(Value::Object(notes)) => notes,
        Some(_) => return Err(RazorpayError::field("notes", "The notes must be an object.")),
    };
    if notes.len() > 15 {
        return Err(RazorpayError::field("notes", "The notes may not have more than 15 items."));
    }
    for value in notes.values() {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if shown.chars().count() > 256 {
            return Err(RazorpayError::field("notes", "A note may not be greater than 256 characters."));
        }
    }
    Ok(notes.clone())
}

/// Only notes may be changed afterwards.
pub(super) fn changed_notes(body: &[u8]) -> Result<Map<String, Value>, RazorpayError> {
    let fields = object(body, &["notes"])?;
    if !fields.contains_key("notes") {
        return Err(RazorpayError::field("notes", "The notes field is required."));
    }
    notes(&fields)
}

/// Refuses an id that cannot be one.
pub(super) fn check_id(id: &str, prefix: &str) -> Result<(), RazorpayError> {
    let well_formed =
        id.strip_prefix(prefix).is_some_and(|rest| rest.len() == 14 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if well_formed { Ok(()) } else { Err(RazorpayError::bad(format!("{id} is not a valid id"))) }
}

/// The query of a list.
#[derive(Default, Deserialize)]
pub(super) struct ListQuery {
    pub(super) receipt: Option<String>,
    pub(super) authorized: Option<u8>,
    pub(super) reference_id: Option<String>,
    pub(super) payment_id: Option<String>,
    count: Option<usize>,
    skip: Option<usize>,
    from: Option<i64>,
    to: Option<i64>,
    #[serde(rename = "expand[]")]
    pub(super) expand: Option<String>,
}

impl ListQuery {
    /// The page of rows asked for, each with its time.
    pub(super) fn page(&self, rows: impl Iterator<Item = (i64, Value)>) -> Result<Vec<Value>, RazorpayError> {
        let count = self.count.unwrap_or(10);
        if count > 100 {
            return Err(RazorpayError::field("count", "The count may not be greater than 100."));
        }
        let in_time = |at: &i64| self.from.is_none_or(|from| *at >= from) && self.to.is_none_or(|to| *at <= to);
        Ok(rows.filter(|(at, _)| in_time(at)).map(|(_, row)| row).skip(self.skip.unwrap_or(0)).take(count).collect())
    }
}

/// Razorpay's list.
pub(super) fn collection(items: Vec<Value>) -> Value {
    json!({"entity": "collection", "count": items.len(), "items": items})
}
