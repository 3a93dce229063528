//! The tokens with which our services call each other (rule 10).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Actor, ServiceName, SharedClock, SharedIds};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::token::{Parts, required};
use crate::{SettingsError, TokenError};

const LIFETIME_SECONDS: i64 = 60;
const REUSE_SECONDS: i64 = 30;
/// How far the caller's clock may be ahead of ours. The end of a token gets no such grace.
const LEEWAY_SECONDS: i64 = 60;
const ED25519_PUBLIC_KEY_BYTES: usize = 32;
const PRIVATE_KEY: &str = "SERVICE_TOKEN_PRIVATE_KEY";
const PUBLIC_KEYS: &str = "SERVICE_TOKEN_PUBLIC_KEYS";

/// Who we are among the services, and how the others are recognised.
#[derive(Debug, Clone)]
pub struct ServiceTokenSettings {
    /// This service.
    pub service: ServiceName,
    /// `SERVICE_TOKEN_PRIVATE_KEY`: Ed25519, PKCS#8, base64.
    pub private_key: SecretString,
    /// `SERVICE_TOKEN_PUBLIC_KEYS`: JSON, service name to base64 of the raw 32-byte public key.
    pub public_keys: String,
}

/// A service that calls us, and the person it acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCaller {
    /// Which service.
    pub service: ServiceName,
    /// For whom, where it acts for somebody.
    pub on_behalf_of: Option<Actor>,
}

/// The signing library refused to sign; the key was checked at start, so this is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not sign a service token")]
pub struct SigningFailed;

/// Makes tokens for the services we call and verifies those of services that call us.
#[derive(Clone)]
pub struct ServiceTokens {
    shared: Arc<Shared>,
}

struct Shared {
    service: ServiceName,
    signing: EncodingKey,
    verifying: HashMap<ServiceName, DecodingKey>,
    clock: SharedClock,
    ids: SharedIds,
    minted: Mutex<HashMap<ServiceName, Minted>>,
}

struct Minted {
    at: i64,
    token: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    iat: Option<i64>,
    exp: Option<i64>,
    jti: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
}

impl ServiceTokens {
    /// Reads the keys.
    ///
    /// # Errors
    /// A key that cannot be used, an unknown service name, or a public key of our own that does
    /// not belong to our private one: the service must not start.
    pub fn new(settings: &ServiceTokenSettings, clock: SharedClock, ids: SharedIds) -> Result<Self, SettingsError> {
        crate::install_crypto();
        let (signing, own_public_key) = private_key(settings.private_key.expose_secret())?;
        let public_keys = public_keys(&settings.public_keys)?;
        if public_keys.get(&settings.service).is_some_and(|listed| *listed != own_public_key) {
            let why = "it does not belong to this service's public key".to_owned();
            return Err(SettingsError::Unusable(PRIVATE_KEY, why));
        }
        let verifying = public_keys.into_iter().map(|(name, key)| (name, DecodingKey::from_ed_der(&key)));
        let shared =
            Shared { service: settings.service, signing, verifying: verifying.collect(), clock, ids, minted: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A token for calling `callee`, good for 60 s. Without a person it is reused for 30 s.
    ///
    /// # Errors
    /// When signing fails, which the check at start makes next to impossible.
    pub fn mint(&self, callee: ServiceName, on_behalf_of: Option<&Actor>) -> Result<String, SigningFailed> {
        let now = self.shared.clock.now().timestamp();
        if on_behalf_of.is_some() {
            return self.sign(callee, on_behalf_of, now);
        }
        // Signing takes microseconds, so the lock may be held over it.
        let mut minted = self.shared.minted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = minted.get(&callee)
            && (held.at..held.at + REUSE_SECONDS).contains(&now)
        {
            return Ok(held.token.clone());
        }
        let token = self.sign(callee, None, now)?;
        minted.insert(callee, Minted { at: now, token: token.clone() });
        Ok(token)
    }

    fn sign(&self, callee: ServiceName, act: Option<&Actor>, now: i64) -> Result<String, SigningFailed> {
        let claims = Claims {
            iss: Some(self.shared.service.as_str().to_owned()),
            aud: Some(callee.as_str().to_owned()),
            iat: Some(now),
            exp: Some(now + LIFETIME_SECONDS),
            jti: Some(self.shared.ids.uuid().to_string()),
            act: act.cloned(),
        };
        encode(&Header::new(Algorithm::EdDSA), &claims, &self.shared.signing).map_err(|_| SigningFailed)
    }

    /// Says which service is calling, and for whom.
    ///
    /// # Errors
    /// Why the token was refused.
    pub fn verify(&self, token: &str) -> Result<ServiceCaller, TokenError> {
        let parts = Parts::of(token)?;
        match parts.header.alg.as_str() {
            "EdDSA" => {}
            "none" => return Err(TokenError::Unsigned),
            _ => return Err(TokenError::WrongAlgorithm),
        }
        let claims: Claims = parts.unverified_claims()?;
        let issuer = required(claims.iss.as_deref(), "iss")?;
        let service: ServiceName = issuer.parse().map_err(|_| TokenError::WrongIssuer)?;
        // The key is the one of the service that it claims to be, whatever else the token says.
        let key = self.shared.verifying.get(&service).ok_or(TokenError::WrongIssuer)?;
        let message = parts.message.as_bytes();
        match jsonwebtoken::crypto::verify(parts.signature, message, key, Algorithm::EdDSA) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::BadSignature),
        }
        if required(claims.aud.as_deref(), "aud")? != self.shared.service.as_str() {
            return Err(TokenError::WrongAudience);
        }
        self.check_times(&claims)?;
        required(claims.jti, "jti")?;
        Ok(ServiceCaller { service, on_behalf_of: claims.act })
    }

    fn check_times(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = self.shared.clock.now().timestamp();
        let issued = required(claims.iat, "iat")?;
        let ends = required(claims.exp, "exp")?;
        if ends <= now {
            return Err(TokenError::Expired);
        }
        if issued > now + LEEWAY_SECONDS {
            return Err(TokenError::IssuedInFuture);
        }
        // A caller must not give itself longer than the rule allows.
        if ends.saturating_sub(issued) > LIFETIME_SECONDS {
            return Err(TokenError::BadClaim("exp"));
        }
        Ok(())
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens").field("service", &self.shared.service).finish_non_exhaustive()
    }
}

/// A fresh key pair in the form of the two variables, for tests and the local fleet.
#[derive(Debug, Clone)]
pub struct ServiceKeyPair {
    /// For `SERVICE_TOKEN_PRIVATE_KEY`.
    pub private_key: SecretString,
    /// For the service's entry in `SERVICE_TOKEN_PUBLIC_KEYS`.
    pub public_key: String,
}

impl ServiceKeyPair {
    /// Makes a pair.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn generate() -> Result<Self, SigningFailed> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningFailed)?;
        let private_key = pair.to_pkcs8().map_err(|_| SigningFailed)?;
        Ok(Self {
            private_key: STANDARD.encode(private_key.as_ref()).into(),
            public_key: STANDARD.encode(pair.public_key().as_ref()),
        })
    }
}

fn private_key(text: &str) -> Result<(EncodingKey, Vec<u8>), SettingsError> {
    if text.trim().is_empty() {
        return Err(SettingsError::Missing(PRIVATE_KEY));
    }
    let unusable = |why: &str| SettingsError::Unusable(PRIVATE_KEY, why.to_owned());
    let der = STANDARD.decode(text.trim()).map_err(|_| unusable("not base64"))?;
    let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| unusable("not an Ed25519 key in PKCS#8"))?;
    Ok((EncodingKey::from_ed_der(&der), pair.public_key().as_ref().to_vec()))
}

fn public_keys(text: &str) -> Result<HashMap<ServiceName, Vec<u8>>, SettingsError> {
    if text.trim().is_empty() {
        return Err(SettingsError::Missing(PUBLIC_KEYS));
    }
    let unusable = |why: String| SettingsError::Unusable(PUBLIC_KEYS, why);
    let listed: HashMap<ServiceName, String> = serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
    listed
        .into_iter()
        .map(|(name, text)| match STANDARD.decode(text.trim()) {
            Ok(key) if key.len() == ED25519_PUBLIC_KEY_BYTES => Ok((name, key)),
            _ => Err(unusable(format!("the key of {name} is not 32 bytes in base64"))),
        })
        .collect()
}

#[cfg(test)]
mod tests;
