//! What several handlers check or read the same way.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::{AdminRole, Channel, UserId};
use http::request::Parts;
use serde::{Deserialize, Deserializer};
use service_kit::ApiError;
use service_kit::http::rate_limit::ClientAddress;
use service_kit::http::{Caller, SignedIn};

use crate::usecases::SignIn;

/// Words of a person: something to read, and nothing that is not what it looks like.
pub(super) fn words(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be empty"));
    }
    searchable(text, &())?;
    if !domain::is_readable(text) {
        return Err(garde::Error::new("must hold letters or digits, and no characters that turn the text around"));
    }
    Ok(())
}

/// No control characters, which no name has and no database takes.
pub(super) fn searchable(text: &str, _: &()) -> garde::Result {
    if text.chars().any(char::is_control) {
        return Err(garde::Error::new("must not hold control characters"));
    }
    Ok(())
}

/// An address on the web.
pub(super) fn web_address(text: &str, _: &()) -> garde::Result {
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    match text.strip_prefix("https://") {
        Some(rest) if plain && !rest.is_empty() => Ok(()),
        _ => Err(garde::Error::new("must be an https address")),
    }
}

/// Tells a field that is null, which clears, from one that is absent, which leaves.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Trims, as people's fingers do not.
pub(super) fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

/// From where and with what a request came.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) address: Option<IpAddr>,
    pub(super) user_agent: Option<String>,
    pub(super) channel: Option<Channel>,
}

impl Device {
    /// A key for limits by address.
    pub(super) fn key(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }

    /// The sign-in behind a request.
    pub(super) fn sign_in<'a>(&'a self, signed_in: &SignedIn) -> SignIn<'a> {
        SignIn {
            at: signed_in.claims.auth_time,
            expires_at: signed_in.claims.expires_at,
            address: self.address,
            user_agent: self.user_agent.as_deref(),
            channel: self.channel,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let user_agent = text("user-agent").map(|agent| agent.chars().take(500).collect());
        let channel = text(context::CHANNEL_HEADER).and_then(|channel| channel.parse().ok());
        Ok(Self { address, user_agent, channel: channel.filter(|channel| *channel != Channel::System) })
    }
}

/// Lets a user at their own things and staff of these roles at everybody's. To everybody else the user does not exist.
pub(super) fn oneself_or(caller: &Caller, id: UserId, roles: &[AdminRole]) -> Result<(), ApiError> {
    match caller {
        Caller::Buyer { user_id, .. } | Caller::Vendor { user_id, .. } | Caller::Admin { user_id, .. } if *user_id == id => {
            Ok(())
        }
        Caller::Admin { .. } if caller.is_admin(roles) => Ok(()),
        Caller::Admin { .. } => Err(ApiError::forbidden("forbidden", "you may not do this")),
        _ => Err(ApiError::not_found("user")),
    }
}

/// The caller's role, of staff.
pub(super) fn role(caller: &Caller) -> Option<AdminRole> {
    match caller {
        Caller::Admin { role, .. } => Some(*role),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_something_without_control_characters() {
        assert!(words("Asha Rao", &()).is_ok() && words("ఆశ", &()).is_ok());
        assert!(words("  ", &()).is_err() && words("a\0b", &()).is_err());
        assert!(words("\u{202e}", &()).is_err() && words("\u{200b}\u{200d}", &()).is_err());
        assert!(searchable("", &()).is_ok());
    }

    #[test]
    fn only_https_addresses_are_web_addresses() {
        assert!(web_address("https://cdn.realserv.example/a.jpg", &()).is_ok());
        for bad in ["http://a.example/", "https://", "javascript:alert(1)", "https://a b"] {
            assert!(web_address(bad, &()).is_err(), "{bad}");
        }
    }
}
