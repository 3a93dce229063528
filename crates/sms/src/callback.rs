//! Twilio's word on what became of a message: a signed form.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// What Twilio says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Twilio's id of the message.
    pub message_sid: String,
    /// To which number.
    pub to: String,
    /// What became of it.
    pub status: CallbackStatus,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackStatus {
    /// Nothing that the answer to the send did not say.
    OnItsWay,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
    /// It will not arrive.
    Failed {
        /// Twilio's code.
        code: i32,
        /// The number is none, or does not want to hear from us.
        number_is_none: bool,
    },
}

/// Codes of numbers that are none, cannot get SMS, or said STOP. A phone that is off (30003) is not among them.
#[must_use]
pub fn number_is_none(code: i32) -> bool {
    matches!(code, 21_211 | 21_214 | 21_217 | 21_610 | 21_614 | 30_005 | 30_006)
}

/// Whether Twilio signed this form for this address; the address as Twilio knows it, with or without the usual port.
#[must_use]
pub fn signed(auth_token: &SecretString, url: &str, form: &BTreeMap<String, String>, signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature.trim()) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.expose_secret().as_bytes());
    let fields: String = form.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let with_port = url.strip_prefix("https://").and_then(|rest| {
        let (host, path) = rest.split_once('/')?;
        (!host.contains(':')).then(|| format!("https://{host}:443/{path}"))
    });
    let without_port = url.starts_with("https://").then(|| url.replacen(":443/", "/", 1));
    [Some(url.to_owned()), with_port, without_port]
        .into_iter()
        .flatten()
        .any(|url| hmac::verify(&key, format!("{url}{fields}").as_bytes(), &signature).is_ok())
}

/// Reads a form; none when it is not about a message.
#[must_use]
pub fn read(form: &BTreeMap<String, String>) -> Option<Callback> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let status = field("MessageStatus").or_else(|| field("SmsStatus"))?;
    let code = field("ErrorCode").and_then(|code| code.parse().ok()).unwrap_or_default();
    let status = match status.as_str() {
        "delivered" | "partially_delivered" => CallbackStatus::Delivered,
        "read" => CallbackStatus::Read,
        "failed" | "undelivered" | "canceled" => CallbackStatus::Failed { code, number_is_none: number_is_none(code) },
        _ => CallbackStatus::OnItsWay,
    };
    let message_sid = field("MessageSid").or_else(|| field("SmsSid"))?.clone();
    Some(Callback { message_sid, to: field("To").cloned().unwrap_or_default(), status })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_signatures_of_twilios_own_examples_hold_and_changed_ones_do_not() {
        let published = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(signed(&"12345".to_owned().into(), url, &published, signature));
        assert!(!signed(&"12346".to_owned().into(), url, &published, signature));
        assert!(!signed(&"12345".to_owned().into(), "https://mycompany.com/myapp.php", &published, signature));
        assert!(!signed(&"12345".to_owned().into(), url, &published, "nonsense"));
        assert!(!signed(&"12345".to_owned().into(), url, &published, ""));

        let ours = form(&[
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("From", "+15005550006"),
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("MessageStatus", "delivered"),
            ("To", "+919876543210"),
        ]);
        let token: SecretString = "rs_test_twilio_auth_token".to_owned().into();
        let url = "https://api.realserv.test/v1/webhooks/twilio/sms-status";
        assert!(signed(&token, url, &ours, "Tsn99RdExzWDeQI2tK1RMIG/QaE="));
        // Signed for the address without the port; ours is configured with it.
        let with_port = "https://api.realserv.test:443/v1/webhooks/twilio/sms-status";
        assert!(signed(&token, with_port, &ours, "Tsn99RdExzWDeQI2tK1RMIG/QaE="));
        let mut forged = ours.clone();
        forged.insert("MessageStatus".into(), "failed".into());
        assert!(!signed(&token, url, &forged, "Tsn99RdExzWDeQI2tK1RMIG/QaE="));
        assert_eq!(read(&ours).unwrap().status, CallbackStatus::Delivered);
    }

    #[test]
    fn a_number_that_is_none_is_told_from_a_phone_that_is_off() {
        let said = |code: &str| {
            let form =
                form(&[("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", code), ("To", "+919876543210")]);
            read(&form).unwrap().status
        };
        assert_eq!(said("30005"), CallbackStatus::Failed { code: 30_005, number_is_none: true });
        assert_eq!(said("30003"), CallbackStatus::Failed { code: 30_003, number_is_none: false });
        assert_eq!(read(&form(&[("MessageSid", "SM1"), ("MessageStatus", "queued")])).unwrap().status, CallbackStatus::OnItsWay);
        assert_eq!(read(&form(&[("MessageStatus", "delivered")])), None);
        assert_eq!(read(&form(&[("MessageSid", "SM1")])), None);
    }
}
