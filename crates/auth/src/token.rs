//! The outer shape of a JWT, read without believing it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::TokenError;

/// Longer than any token with Firebase's 1000 characters of custom claims.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What a bearer token claims to be, judged by its unverified header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A Firebase ID token: RS256, or unsigned from the emulator.
    Firebase,
    /// A token of one of our services: EdDSA.
    Service,
    /// Neither.
    Unknown,
}

/// Tells Firebase tokens from service tokens, cheaply. It decides only which verifier to ask.
#[must_use]
pub fn token_kind(token: &str) -> TokenKind {
    match Parts::of(token) {
        Ok(parts) => match parts.header.alg.as_str() {
            "RS256" | "none" => TokenKind::Firebase,
            "EdDSA" => TokenKind::Service,
            _ => TokenKind::Unknown,
        },
        Err(_) => TokenKind::Unknown,
    }
}

/// The two header fields that matter.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
}

/// A token cut at its dots.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) header: Header,
    /// What the signature covers: header and payload as they came.
    pub(crate) message: &'a str,
    payload: &'a str,
    pub(crate) signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        Ok(Self { header: json(header)?, message, payload, signature })
    }

    /// The content, not yet verified.
    pub(crate) fn unverified_claims<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        json(self.payload)
    }
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

/// Required claims are optional while parsing, so that the refusal can name the missing one.
pub(crate) fn required<T>(claim: Option<T>, name: &'static str) -> Result<T, TokenError> {
    claim.ok_or(TokenError::MissingClaim(name))
}
