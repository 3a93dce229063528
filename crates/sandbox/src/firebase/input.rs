//! Reading what callers send.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::error::IdentityError;
use crate::state::App;

/// A JSON body; names may be in camel or snake case, as with Google.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, IdentityError> {
    let invalid = || IdentityError::bad("Invalid JSON payload received.");
    let text = if body.is_empty() { b"{}" } else { body };
    let fields: Map<String, Value> = serde_json::from_slice(text).map_err(|_| invalid())?;
    let camel: Map<String, Value> = fields.into_iter().map(|(name, value)| (camel_case(&name), value)).collect();
    serde_json::from_value(Value::Object(camel)).map_err(|_| invalid())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
}

/// The `?key=` of a client call.
#[derive(Deserialize)]
pub(crate) struct ApiKey {
    key: Option<String>,
}

impl ApiKey {
    /// Refuses a missing or wrong web API key.
    pub(super) fn check(&self, app: &App) -> Result<(), IdentityError> {
        let key = self.key.as_deref().unwrap_or_default();
        if key.is_empty() {
            return Err(IdentityError::forbidden("The request is missing a valid API key."));
        }
        match &app.settings.firebase_api_key {
            Some(expected) if expected != key => Err(IdentityError::bad("API key not valid. Please pass a valid API key.")),
            _ => Ok(()),
        }
    }
}

/// E.164 as Firebase takes it: a plus and eight to fifteen digits, for India a mobile number.
pub(super) fn phone_number(text: &str) -> Result<String, IdentityError> {
    let compact: String = text.chars().filter(|character| !matches!(character, ' ' | '-' | '(' | ')')).collect();
    let Some(digits) = compact.strip_prefix('+') else {
        return Err(IdentityError::bad("INVALID_PHONE_NUMBER : Invalid format."));
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdentityError::bad("INVALID_PHONE_NUMBER : Invalid format."));
    }
    let (shortest, longest) = if digits.starts_with("91") { (12, 12) } else { (8, 15) };
    if digits.len() < shortest {
        return Err(IdentityError::bad("INVALID_PHONE_NUMBER : TOO_SHORT"));
    }
    if digits.len() > longest {
        return Err(IdentityError::bad("INVALID_PHONE_NUMBER : TOO_LONG"));
    }
    Ok(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_come_in_snake_case() {
        assert_eq!(camel_case("return_secure_token"), "returnSecureToken");
        assert_eq!(camel_case("localId"), "localId");
    }

    #[test]
    fn an_indian_number_has_ten_digits() {
        assert_eq!(phone_number("+91 98765-43210").unwrap(), "+919876543210");
        assert!(phone_number("9876543210").is_err());
        assert!(phone_number("+91987654321").is_err());
    }
}
