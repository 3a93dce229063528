//! Proof that a webhook is Meta's.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use secrecy::{ExposeSecret, SecretString};

/// Header with the signature of the raw body.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// Whether the bytes, exactly as they came, carry Meta's signature (`sha256=…`).
pub fn verify_signature(raw: &[u8], header: &str, app_secret: &SecretString) -> bool {
    // An empty secret would let anyone sign.
    if app_secret.expose_secret().is_empty() {
        return false;
    }
    let Some(tag) = header.trim().strip_prefix("sha256=").and_then(|text| hex::decode(text).ok()) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.expose_secret().as_bytes());
    hmac::verify(&key, raw, &tag).is_ok()
}

/// Whether the setting-up call (`hub.mode`, `hub.verify_token`) is Meta's; then the challenge is
/// answered as bare text.
pub fn verify_handshake(mode: &str, token: &str, verify_token: &SecretString) -> bool {
    let expected = verify_token.expose_secret().as_bytes();
    mode == "subscribe" && !expected.is_empty() && verify_slices_are_equal(token.as_bytes(), expected).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const M1: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Ravi"},"wa_id":"919876543210"}],"messages":[{"from":"919876543210","id":"wamid.TEST0001","timestamp":"1767225600","type":"text","text":{"body":"50 bags cement"}}]},"field":"messages"}]}]}"#;
    const M1_HEADER: &str = "sha256=c752dbbb13342ad75bbfbfafe7da7570b0b111d77114a395ebca5a27f084a3e9";
    const M2: &str =
        r#"{"object":"whatsapp_business_account","entry":[],"t":"\u0938\u0940\u092e\u0947\u0902\u091f \ud83d\udc4d"}"#;
    const M2_HEADER: &str = "sha256=71196b07836448896f354bd0e065d013ccb8c581380845c319c1687530d19774";

    fn secret() -> SecretString {
        "rs_test_app_secret_fedcba98".into()
    }

    #[test]
    fn metas_signatures_are_accepted_over_the_bytes_as_they_came() {
        assert_eq!(M1.len(), 428);
        assert!(verify_signature(M1.as_bytes(), M1_HEADER, &secret()));
        assert_eq!(M2.len(), 105);
        assert!(verify_signature(M2.as_bytes(), M2_HEADER, &secret()));
        let published = "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
        assert!(verify_signature(b"test", published, &"secret".into()));
    }

    #[test]
    fn the_same_json_in_other_bytes_is_refused() {
        let decoded: serde_json::Value = serde_json::from_str(M2).unwrap();
        let raw = format!(r#"{{"object":"whatsapp_business_account","entry":[],"t":"{}"}}"#, decoded["t"].as_str().unwrap());
        assert_eq!(raw.len(), 79);
        assert!(!verify_signature(raw.as_bytes(), M2_HEADER, &secret()));
        let own = "sha256=da05b13b8d3b41746e0b8d946f21cfc04fb1cb2ec0d8e548e27e1ecbb9986ac0";
        assert!(verify_signature(raw.as_bytes(), own, &secret()));
    }

    #[test]
    fn headers_without_the_prefix_and_empty_secrets_are_refused() {
        let bare = M1_HEADER.trim_start_matches("sha256=");
        assert!(!verify_signature(M1.as_bytes(), bare, &secret()));
        assert!(!verify_signature(M1.as_bytes(), "", &secret()));
        assert!(!verify_signature(M1.as_bytes(), M1_HEADER, &"".into()));
    }

    #[test]
    fn the_handshake_wants_our_word() {
        assert!(verify_handshake("subscribe", "word", &"word".into()));
        assert!(!verify_handshake("subscribe", "other", &"word".into()));
        assert!(!verify_handshake("unsubscribe", "word", &"word".into()));
        assert!(!verify_handshake("subscribe", "", &"".into()));
    }
}
