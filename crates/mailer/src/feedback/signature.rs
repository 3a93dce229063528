//! Signatures of SNS: RSA over the fields in their order, with SHA-1 (version 1) or SHA-256 (version 2).

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use webpki::EndEntityCert;

use super::Envelope;

/// A certificate that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read")]
pub struct CertificateError;

/// The public key in a certificate, as DER.
pub(super) fn public_key(pem: &[u8]) -> Result<Vec<u8>, CertificateError> {
    let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError)?;
    let certificate = EndEntityCert::try_from(&certificate).map_err(|_| CertificateError)?;
    Ok(certificate.subject_public_key_info().to_vec())
}

/// Whether Amazon signed it.
pub(super) fn verify(envelope: &Envelope, key: &[u8]) -> Result<(), &'static str> {
    let algorithm: &'static RsaParameters = match envelope.signature_version.as_str() {
        "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "2" => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err("an unknown version"),
    };
    let signature = STANDARD.decode(envelope.signature.as_bytes()).map_err(|_| "not base64")?;
    let text = signed_text(envelope)?;
    UnparsedPublicKey::new(algorithm, key).verify(text.as_bytes(), &signature).map_err(|_| "not Amazon's")
}

/// The fields that are signed, by name, in the order of their names.
fn signed_text(envelope: &Envelope) -> Result<String, &'static str> {
    let mut fields = vec![("Message", envelope.message.as_str()), ("MessageId", envelope.message_id.as_str())];
    match envelope.r#type.as_str() {
        "Notification" => fields.extend(envelope.subject.as_deref().map(|subject| ("Subject", subject))),
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
            fields.push(("SubscribeURL", envelope.subscribe_url.as_deref().ok_or("no address to confirm at")?));
        }
        _ => return Err("an unknown type"),
    }
    fields.push(("Timestamp", &envelope.timestamp));
    if envelope.r#type != "Notification" {
        fields.push(("Token", envelope.token.as_deref().ok_or("no token")?));
    }
    fields.push(("TopicArn", &envelope.topic_arn));
    fields.push(("Type", &envelope.r#type));
    Ok(fields.into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect())
}
