//! Says in plain words which field of a request is wrong, and how. The deserialisers speak to programmers.

use serde::de::DeserializeOwned;

use super::error::{ApiError, FieldError};

/// What garde found.
pub(crate) fn from_report(report: &garde::Report) -> ApiError {
    let fields = report.iter().map(|(path, error)| FieldError { field: path.to_string(), message: error.message().to_string() });
    ApiError::invalid(fields.collect())
}

/// What garde found in a query string: a parameter is known by its last name.
pub(crate) fn from_flat_report(report: &garde::Report) -> ApiError {
    let last = |path: String| path.rsplit_once('.').map_or(path.clone(), |(_, last)| last.to_owned());
    let fields =
        report.iter().map(|(path, error)| FieldError { field: last(path.to_string()), message: error.message().to_string() });
    ApiError::invalid(fields.collect())
}

/// What serde found at `path` (`.` and the empty path are the document itself).
pub(crate) fn from_serde(path: &str, message: &str) -> FieldError {
    let path = if path == "." { "" } else { path };
    let message = message.rsplit_once(" at line ").map_or(message, |(sentence, _)| sentence);
    if let Some(name) = quoted(message, "missing field ") {
        return FieldError { field: join(path, name), message: "is required".to_owned() };
    }
    if let Some(name) = quoted(message, "unknown field ") {
        let known = message.split_once("expected ").map(|(_, list)| words(list));
        let message = known.map_or("is not known".to_owned(), |known| format!("is not known; there are: {known}"));
        return FieldError { field: join(path, name), message };
    }
    if let Some(name) = quoted(message, "duplicate field ") {
        return FieldError { field: join(path, name), message: "is given twice".to_owned() };
    }
    FieldError { field: path.to_owned(), message: plain(message) }
}

/// PostgreSQL keeps no NUL character, so that text with one would fail only at the very end, as a fault of ours.
pub(crate) fn has_nul_escape(json: &[u8]) -> bool {
    let escape = br"\u0000";
    json.windows(escape.len()).enumerate().any(|(at, window)| {
        // The backslash counts unless it is escaped itself.
        window == escape && json[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// The refusal of text with a NUL character.
pub(crate) fn nul_refused() -> ApiError {
    ApiError::invalid_field("", "text must not hold the NUL character")
}

/// Reads a query string's rejection, which names the field before a colon.
pub(crate) fn from_query(text: &str) -> FieldError {
    let text = text.split_once("query string: ").map_or(text, |(_, rest)| rest);
    match text.split_once(": ") {
        // A flattened parameter names itself, because its path is lost; one that is not is then named twice.
        Some((path, message)) if !path.contains(' ') => {
            from_serde(path, message.strip_prefix(path).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message))
        }
        _ => from_serde("", text),
    }
}

/// Reads JSON; the refusal names the field.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner());
        if inner.classify() == serde_json::error::Category::Data {
            return ApiError::invalid(vec![from_serde(&path, &inner.to_string())]);
        }
        ApiError::bad_request("invalid_json", format!("the body is not valid JSON: {inner}"))
    })?;
    reader.end().map_err(|_| ApiError::bad_request("invalid_json", "there is something after the end of the JSON document"))?;
    Ok(value)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.strip_prefix('`')?.split('`').next()
}

fn join(path: &str, name: &str) -> String {
    let there = path == name || path.ends_with(&format!(".{name}"));
    match path {
        "" => name.to_owned(),
        _ if there => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

fn words(list: &str) -> String {
    list.trim_start_matches("one of ").replace(" or ", ", ").replace('`', "")
}

fn plain(message: &str) -> String {
    if let Some((_, wanted)) = message.split_once(", expected ") {
        if message.starts_with("unknown variant ") {
            return format!("must be one of: {}", words(wanted));
        }
        if message.starts_with("invalid ") {
            return format!("must be {}", kind(wanted));
        }
    }
    if message.starts_with("invalid digit ") || message.starts_with("number too ") {
        return "must be a whole number within range".to_owned();
    }
    if message.starts_with("UUID parsing failed") {
        return "must be a UUID".to_owned();
    }
    let of_chrono = ["premature end of input", "trailing input", "input ", "no possible date"];
    if of_chrono.iter().any(|start| message.starts_with(start)) {
        return "must be a date such as 2026-11-20 or a time such as 2026-11-20T04:30:00Z".to_owned();
    }
    message.to_owned()
}

fn kind(wanted: &str) -> String {
    let plain = match wanted {
        "a string" | "a borrowed string" => "text",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, not below zero",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        other if other.starts_with("struct ") || other == "a map" => "an object",
        other => other,
    };
    plain.to_owned()
}
