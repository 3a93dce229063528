//! Files: fetched in two steps, and only from where they should be.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use outbound::Reply;
use reqwest::Url;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::WhatsappError;

/// What WhatsApp knows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaInfo {
    /// Where it is for the next minutes.
    pub url: String,
    /// Its type.
    pub mime_type: String,
    /// SHA-256, in hex or base64.
    pub sha256: String,
    /// Its size; sent as a number or as text.
    #[serde(default, deserialize_with = "size")]
    pub file_size: Option<u64>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it holds.
    pub content: Bytes,
    /// Its type, as announced.
    pub mime_type: String,
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_u64()),
        Some(Value::String(text)) => Ok(text.parse().ok()),
        Some(_) => Err(D::Error::custom("a size is a number")),
    }
}

/// A media id goes into the path.
pub(crate) fn checked_id(id: &str) -> Result<&str, WhatsappError> {
    let valid =
        !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if valid { Ok(id) } else { Err(WhatsappError::permanent("not a media id")) }
}

/// The address, if it is at the API's own origin or at one of the known media hosts.
pub(crate) fn trusted_url(url: &str, base_url: &str, hosts: &[String]) -> Result<Url, WhatsappError> {
    let refused = || WhatsappError::permanent("the file is at a host we do not trust");
    let url: Url = url.parse().map_err(|_| refused())?;
    let base: Url = base_url.parse().map_err(|_| refused())?;
    let known_host = url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| hosts.iter().any(|known| known.trim() == host));
    let plain = url.username().is_empty() && url.password().is_none();
    if plain && (url.origin() == base.origin() || known_host) { Ok(url) } else { Err(refused()) }
}

/// The file, if it is the announced one.
pub(crate) fn checked(info: MediaInfo, reply: Reply) -> Result<Media, WhatsappError> {
    let broken = |reason: &str| WhatsappError::Retry { reason: reason.to_owned(), after: None };
    let length = u64::try_from(reply.body.len()).unwrap_or(u64::MAX);
    if info.file_size.is_some_and(|announced| announced != length) {
        return Err(broken("the file has another size than announced"));
    }
    let hash = digest(&SHA256, &reply.body);
    let announced = info.sha256.trim();
    let matches = announced.eq_ignore_ascii_case(&hex::encode(hash.as_ref()))
        || STANDARD.decode(announced).is_ok_and(|bytes| bytes == hash.as_ref());
    if !matches {
        return Err(broken("the file has another hash than announced"));
    }
    Ok(Media { content: reply.body, mime_type: info.mime_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_token_goes_to_known_hosts_only() {
        let hosts = ["lookaside.fbsbx.com".to_owned()];
        let base = "https://graph.facebook.com/v26.0";
        let trusted = |url: &str| trusted_url(url, base, &hosts).is_ok();
        assert!(trusted("https://lookaside.fbsbx.com/whatsapp/1?x=2"));
        assert!(trusted("https://graph.facebook.com/x"));
        for bad in [
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com.evil.test/x",
            "https://evil.test/x",
            "https://lookaside.fbsbx.com@evil.test/x",
            "https://user:pw@lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(!trusted(bad), "{bad}");
        }
    }
}
