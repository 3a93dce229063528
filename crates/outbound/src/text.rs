//! Text as it comes from outside.

use serde_json::Value;

/// Takes NUL out of every text of a document: what people type outside may hold one, Postgres keeps none, and a message
/// that could never be kept would be brought again and again with everything beside it.
pub fn strip_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|letter| letter != '\0'),
        Value::Array(items) => items.iter_mut().for_each(strip_nul),
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains('\0'));
            fields.values_mut().for_each(strip_nul);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_from_outside_holds_no_nul_however_deep() {
        let mut document = json!({"a\0": 1, "text": "he\0lp", "list": [{"title": "\0"}, "x\0", 2, null, true]});
        strip_nul(&mut document);
        assert_eq!(document, json!({"text": "help", "list": [{"title": ""}, "x", 2, null, true]}));
    }
}
