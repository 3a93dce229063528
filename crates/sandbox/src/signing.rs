//! The signatures the outside systems put on what they send.

use aws_lc_rs::hmac;

fn hmac_hex(secret: &str, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, message))
}

/// What Razorpay's Checkout hands to the app with a payment.
#[must_use]
pub fn razorpay_checkout(key_secret: &str, order_id: &str, payment_id: &str) -> String {
    hmac_hex(key_secret, format!("{order_id}|{payment_id}").as_bytes())
}

/// What a paid payment link's redirect carries.
#[must_use]
pub fn razorpay_payment_link(key_secret: &str, link_id: &str, reference_id: &str, status: &str, payment_id: &str) -> String {
    hmac_hex(key_secret, format!("{link_id}|{reference_id}|{status}|{payment_id}").as_bytes())
}

/// `X-Razorpay-Signature` of a webhook's bytes.
#[must_use]
pub fn razorpay_webhook(webhook_secret: &str, body: &[u8]) -> String {
    hmac_hex(webhook_secret, body)
}

/// `X-Hub-Signature-256` of a WhatsApp webhook's bytes.
#[must_use]
pub fn meta(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hmac_hex(app_secret, body))
}

/// JSON text with everything beyond ASCII as `\uXXXX`, the form in which Meta sends and signs it.
#[must_use]
pub fn escape_unicode(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    let mut units = [0_u16; 2];
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_SECRET: &str = "rs_test_key_secret_0123456789";
    const WEBHOOK_SECRET: &str = "rs_test_webhook_secret_abcdef";
    const APP_SECRET: &str = "rs_test_app_secret_fedcba98";
    const W1: &str = r#"{"entity":"event","account_id":"acc_RSvTest0000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_RSvT00000001Cd","entity":"payment","amount":1180000,"currency":"INR","status":"captured","order_id":"order_RSvT00000001Ab","captured":true,"notes":[]}}},"created_at":1767225600}"#;
    const W2: &str = r#"{"entity":"event","event":"refund.processed","note":"₹118.00 — सीमेंट"}"#;
    const M1: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Ravi"},"wa_id":"919876543210"}],"messages":[{"from":"919876543210","id":"wamid.TEST0001","timestamp":"1767225600","type":"text","text":{"body":"50 bags cement"}}]},"field":"messages"}]}]}"#;
    const M2: &str =
        r#"{"object":"whatsapp_business_account","entry":[],"t":"\u0938\u0940\u092e\u0947\u0902\u091f \ud83d\udc4d"}"#;

    #[test]
    fn the_checkout_signature_is_the_one_razorpay_publishes() {
        assert_eq!(
            razorpay_checkout("EnLs21M47BllR3X8PSFtjtbd", "order_IEIaMR65cu6nz3", "pay_IH4NVgf4Dreq1l"),
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f"
        );
    }

    #[test]
    fn the_checkout_signature_depends_on_the_order_of_its_parts() {
        assert_eq!(
            razorpay_checkout(KEY_SECRET, "order_RSvT00000001Ab", "pay_RSvT00000001Cd"),
            "f8effac64062f9d8522a6bd9213a5e632f07c5b0556637d52e1a089a25af811c"
        );
        assert_eq!(
            razorpay_checkout(KEY_SECRET, "pay_RSvT00000001Cd", "order_RSvT00000001Ab"),
            "e8d007a3e286125d6e59d989d7c0bfa868a5131b736baacee65f7289302c86ec"
        );
    }

    #[test]
    fn the_payment_link_signature_joins_its_four_parts() {
        assert_eq!(
            razorpay_payment_link(KEY_SECRET, "plink_RSvT00000001Ef", "RS-2026-000123", "paid", "pay_RSvT00000001Cd"),
            "b45f299a9386133a5f5017083c241f9b44e9d36efc293e06b4d2c5874406af25"
        );
    }

    #[test]
    fn webhook_signatures_cover_the_exact_bytes() {
        assert_eq!(W1.len(), 321);
        assert_eq!(W2.len(), 87);
        for (body, signature) in [
            (W1, "a9bad011b83a0814dc9ce8687d64b124313910966fc9b2a10d0f39e1d02c586d"),
            (W2, "430456b5bf3b5020bfcce62f9c770d666d92789f4dd05e4bce02a5c5e274579e"),
            ("", "da5b9aadaec311a277196f2020d0924df5c0430c5a809ddd047a743b5384acc6"),
        ] {
            assert_eq!(razorpay_webhook(WEBHOOK_SECRET, body.as_bytes()), signature);
        }
    }

    #[test]
    fn meta_signs_the_escaped_bytes() {
        assert_eq!(M1.len(), 428);
        assert_eq!(M2.len(), 105);
        assert_eq!(meta(APP_SECRET, M1.as_bytes()), "sha256=c752dbbb13342ad75bbfbfafe7da7570b0b111d77114a395ebca5a27f084a3e9");
        assert_eq!(meta(APP_SECRET, M2.as_bytes()), "sha256=71196b07836448896f354bd0e065d013ccb8c581380845c319c1687530d19774");
        assert_eq!(meta("secret", b"test"), "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914");
    }

    #[test]
    fn escaping_turns_the_plain_text_into_what_meta_sends() {
        let plain = "{\"object\":\"whatsapp_business_account\",\"entry\":[],\"t\":\"सीमेंट 👍\"}";
        assert_eq!(plain.len(), 79);
        assert_eq!(escape_unicode(plain), M2);
        assert_eq!(meta(APP_SECRET, plain.as_bytes()), "sha256=da05b13b8d3b41746e0b8d946f21cfc04fb1cb2ec0d8e548e27e1ecbb9986ac0");
    }
}
