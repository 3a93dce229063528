//! Secrets have no place in a log that many read and nobody can change.

use serde_json::Value;

/// Parts of names whose values are secrets or say too much of a person. Whoever tells of a deed leaves them out; this
/// is for the day somebody forgets.
const SECRET: &[&str] =
    &["password", "secret", "token", "otp", "cvv", "aadhaar", "account_number", "card_number", "api_key", "private_key"];

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// The same value with secrets hidden, however deep they are.
#[must_use]
pub fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let kept = if is_secret(&name) && !value.is_null() { HIDDEN.into() } else { without_secrets(value) };
                    (name, kept)
                })
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(without_secrets).collect()),
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_however_deep_and_the_rest_stays() {
        let said = json!({
            "price": "380.00", "bank": {"bank_account_number": "1234567890", "ifsc": "HDFC0000001"},
            "list": [{"Delivery-OTP": "123456"}], "aadhaar": null,
        });
        let kept = json!({
            "price": "380.00", "bank": {"bank_account_number": "***", "ifsc": "HDFC0000001"},
            "list": [{"Delivery-OTP": "***"}], "aadhaar": null,
        });
        assert_eq!(without_secrets(said), kept);
    }
}
