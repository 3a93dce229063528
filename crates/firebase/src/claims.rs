//! Custom claims: which names are free, and how much room there is.

use serde_json::{Map, Value};

use crate::{AccountError, FirebaseCode, FirebaseError};

/// Most characters the claims may take as JSON.
pub const CLAIMS_LIMIT: usize = 1000;

/// Names Firebase refuses.
const RESERVED: [&str; 16] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "cnf",
    "c_hash",
    "exp",
    "firebase",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "sub",
];

/// Names Firebase takes and then silently overwrites, so that nobody can rely on them.
const OVERWRITTEN: [&str; 5] = ["user_id", "phone_number", "email", "email_verified", "provider_id"];

/// Refuses claims that Firebase would refuse or overwrite, and yields their JSON.
pub fn check_claims(claims: &Map<String, Value>) -> Result<String, FirebaseError> {
    if let Some(name) = unusable(claims) {
        return Err(FirebaseError::Refused { code: FirebaseCode::ForbiddenClaim, detail: Some(name.to_owned()) });
    }
    let json = Value::Object(claims.clone()).to_string();
    if json.chars().count() > CLAIMS_LIMIT {
        return Err(FirebaseError::Refused { code: FirebaseCode::ClaimsTooLarge, detail: None });
    }
    Ok(json)
}

pub(crate) fn check_token_claims(claims: &Map<String, Value>) -> Result<(), AccountError> {
    match unusable(claims) {
        Some(name) => Err(AccountError::ReservedClaim(name.to_owned())),
        None => Ok(()),
    }
}

fn unusable(claims: &Map<String, Value>) -> Option<&str> {
    claims.keys().map(String::as_str).find(|name| RESERVED.contains(name) || OVERWRITTEN.contains(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn our_own_claims_are_fine() {
        let ours = claims(json!({"app_user_id": "u", "user_type": "buyer", "status": "active"}));
        assert!(check_claims(&ours).is_ok());
    }

    #[test]
    fn reserved_and_overwritten_names_are_refused() {
        for name in ["sub", "firebase", "user_id", "phone_number"] {
            let error = check_claims(&claims(json!({ name: "x" }))).unwrap_err();
            assert_eq!(error.code(), Some(&FirebaseCode::ForbiddenClaim), "{name}");
        }
    }

    #[test]
    fn more_than_a_thousand_characters_are_refused() {
        let error = check_claims(&claims(json!({"a": "x".repeat(1000)}))).unwrap_err();
        assert_eq!(error.code(), Some(&FirebaseCode::ClaimsTooLarge));
    }
}
