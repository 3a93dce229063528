//! Razorpay's signatures: hex HMAC-SHA256, compared in constant time.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The signature of a message, in lower-case hex.
pub fn sign(secret: &SecretString, message: &[u8]) -> String {
    hex::encode(hmac::sign(&key(secret), message))
}

/// Whether Checkout's answer is genuine. `order_id` is the one **we** stored.
pub fn verify_checkout_signature(key_secret: &SecretString, order_id: &str, payment_id: &str, signature: &str) -> bool {
    verify(key_secret, format!("{order_id}|{payment_id}").as_bytes(), signature)
}

/// Whether the redirect after a payment link is genuine.
pub fn verify_link_signature(
    key_secret: &SecretString,
    link_id: &str,
    reference_id: &str,
    status: &str,
    payment_id: &str,
    signature: &str,
) -> bool {
    let message = format!("{link_id}|{reference_id}|{status}|{payment_id}");
    verify(key_secret, message.as_bytes(), signature)
}

/// Whether a webhook's raw bytes carry a signature of any of the secrets: events are retried for a
/// day with the secret they were first signed with.
pub fn verify_webhook(raw: &[u8], signature: &str, secrets: &[SecretString]) -> bool {
    // No early end: all secrets are tried whatever the first says.
    secrets.iter().fold(false, |found, secret| verify(secret, raw, signature) | found)
}

fn verify(secret: &SecretString, message: &[u8], signature: &str) -> bool {
    // An empty secret would let anyone sign.
    if secret.expose_secret().is_empty() {
        return false;
    }
    let Ok(tag) = hex::decode(signature.trim()) else {
        return false;
    };
    hmac::verify(&key(secret), message, &tag).is_ok()
}

fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const W1: &str = r#"{"entity":"event","account_id":"acc_RSvTest0000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_RSvT00000001Cd","entity":"payment","amount":1180000,"currency":"INR","status":"captured","order_id":"order_RSvT00000001Ab","captured":true,"notes":[]}}},"created_at":1767225600}"#;
    const W1_SIGNATURE: &str = "a9bad011b83a0814dc9ce8687d64b124313910966fc9b2a10d0f39e1d02c586d";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn razorpays_own_published_signature_is_accepted() {
        assert!(verify_checkout_signature(
            &secret("EnLs21M47BllR3X8PSFtjtbd"),
            "order_IEIaMR65cu6nz3",
            "pay_IH4NVgf4Dreq1l",
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
        ));
    }

    #[test]
    fn a_checkout_signature_is_bound_to_order_and_payment_in_that_order() {
        let key = secret("rs_test_key_secret_0123456789");
        let (order, payment) = ("order_RSvT00000001Ab", "pay_RSvT00000001Cd");
        let right = "f8effac64062f9d8522a6bd9213a5e632f07c5b0556637d52e1a089a25af811c";
        let swapped = "e8d007a3e286125d6e59d989d7c0bfa868a5131b736baacee65f7289302c86ec";
        assert!(verify_checkout_signature(&key, order, payment, right));
        assert!(!verify_checkout_signature(&key, order, payment, swapped));
        assert!(!verify_checkout_signature(&key, payment, order, right));
        assert!(!verify_checkout_signature(&key, order, payment, "not hex"));
        assert!(!verify_checkout_signature(&key, order, payment, ""));
    }

    #[test]
    fn a_link_signature_is_accepted() {
        assert!(verify_link_signature(
            &secret("rs_test_key_secret_0123456789"),
            "plink_RSvT00000001Ef",
            "RS-2026-000123",
            "paid",
            "pay_RSvT00000001Cd",
            "b45f299a9386133a5f5017083c241f9b44e9d36efc293e06b4d2c5874406af25",
        ));
    }

    #[test]
    fn a_webhook_is_checked_over_its_raw_bytes() {
        let secrets = [secret("rs_test_webhook_secret_abcdef")];
        assert_eq!(W1.len(), 321);
        assert!(verify_webhook(W1.as_bytes(), W1_SIGNATURE, &secrets));
        let reserialised = W1.replace(':', ": ").replace(',', ", ");
        assert!(!verify_webhook(reserialised.as_bytes(), W1_SIGNATURE, &secrets));
        let w2 = r#"{"entity":"event","event":"refund.processed","note":"₹118.00 — सीमेंट"}"#;
        assert_eq!(w2.len(), 87);
        assert!(verify_webhook(w2.as_bytes(), "430456b5bf3b5020bfcce62f9c770d666d92789f4dd05e4bce02a5c5e274579e", &secrets));
        assert!(verify_webhook(b"", "da5b9aadaec311a277196f2020d0924df5c0430c5a809ddd047a743b5384acc6", &secrets));
    }

    #[test]
    fn an_old_secret_still_counts_and_an_empty_one_never_does() {
        let old = secret("rs_test_webhook_secret_abcdef");
        let secrets = [secret("new"), old];
        assert!(verify_webhook(W1.as_bytes(), W1_SIGNATURE, &secrets));
        let with_empty = sign(&secret(""), W1.as_bytes());
        assert!(!verify_webhook(W1.as_bytes(), &with_empty, &[secret("")]));
        assert!(!verify_webhook(W1.as_bytes(), W1_SIGNATURE, &[]));
    }
}
