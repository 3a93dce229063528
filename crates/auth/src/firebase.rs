//! Verification of Firebase ID tokens (rule 7).

use domain::SharedClock;
use jsonwebtoken::Algorithm;

use crate::claims::RawClaims;
use crate::token::{Parts, required};
use crate::{FirebaseClaims, KeySource, SettingsError, TokenError};

const CUSTOM_TOKEN_AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
const MAX_UID_CHARS: usize = 128;

/// How far the issuer's clock may be ahead of ours. The end of a token gets no such grace.
const LEEWAY_SECONDS: i64 = 60;

/// Which project's tokens are accepted, and whether unsigned ones are.
#[derive(Debug, Clone, Default)]
pub struct FirebaseSettings {
    /// `FIREBASE_PROJECT_ID`.
    pub project_id: String,
    /// `FIREBASE_AUTH_EMULATOR_HOST`; set (and not empty) it turns on emulator mode.
    pub emulator_host: Option<String>,
    /// Whether `REALSERV_ENV` is `production`.
    pub production: bool,
}

/// Says whether a Firebase ID token is genuine, meant for us and still valid.
///
/// It cannot see that somebody was suspended since: ask [`crate::AccessList`] next.
#[derive(Debug, Clone)]
pub struct FirebaseVerifier {
    project_id: String,
    issuer: String,
    emulator: bool,
    keys: KeySource,
    clock: SharedClock,
}

impl FirebaseVerifier {
    /// A verifier for one project.
    ///
    /// # Errors
    /// Refuses emulator mode in production and an empty project id: the service must not start.
    pub fn new(settings: FirebaseSettings, keys: KeySource, clock: SharedClock) -> Result<Self, SettingsError> {
        crate::install_crypto();
        let emulator = settings.emulator_host.is_some_and(|host| !host.trim().is_empty());
        if emulator && settings.production {
            return Err(SettingsError::EmulatorInProduction);
        }
        if settings.project_id.trim().is_empty() {
            return Err(SettingsError::Missing("FIREBASE_PROJECT_ID"));
        }
        let issuer = format!("https://securetoken.google.com/{}", settings.project_id);
        Ok(Self { project_id: settings.project_id, issuer, emulator, keys, clock })
    }

    /// Where the keys come from, to fetch them ahead and to tell readiness.
    #[must_use]
    pub fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// Checks a token and gives its content.
    ///
    /// # Errors
    /// Why it was refused; [`TokenError::KeysUnavailable`] when it could not be checked.
    pub async fn verify(&self, token: &str) -> Result<FirebaseClaims, TokenError> {
        let parts = Parts::of(token)?;
        let unsigned = self.is_acceptably_unsigned(&parts)?;
        let claims: RawClaims = parts.unverified_claims()?;
        // Content first: a token that is refused anyway need not make us fetch keys.
        self.check(&claims)?;
        if !unsigned {
            self.check_signature(&parts).await?;
        }
        claims.into_claims()
    }

    fn is_acceptably_unsigned(&self, parts: &Parts<'_>) -> Result<bool, TokenError> {
        match parts.header.alg.as_str() {
            "RS256" => Ok(false),
            "none" if !self.emulator => Err(TokenError::Unsigned),
            "none" if parts.signature.is_empty() => Ok(true),
            "none" => Err(TokenError::Malformed),
            _ => Err(TokenError::WrongAlgorithm),
        }
    }

    fn check(&self, claims: &RawClaims) -> Result<(), TokenError> {
        let audience = required(claims.aud.as_deref(), "aud")?;
        if audience == CUSTOM_TOKEN_AUDIENCE {
            return Err(TokenError::CustomToken);
        }
        if audience != self.project_id {
            return Err(TokenError::WrongAudience);
        }
        if required(claims.iss.as_deref(), "iss")? != self.issuer {
            return Err(TokenError::WrongIssuer);
        }
        let subject = required(claims.sub.as_deref(), "sub")?;
        if subject.trim().is_empty() || subject.chars().count() > MAX_UID_CHARS {
            return Err(TokenError::BadClaim("sub"));
        }
        let now = self.clock.now().timestamp();
        if required(claims.exp, "exp")? <= now {
            return Err(TokenError::Expired);
        }
        if required(claims.iat, "iat")? > now + LEEWAY_SECONDS {
            return Err(TokenError::IssuedInFuture);
        }
        if required(claims.auth_time, "auth_time")? > now + LEEWAY_SECONDS {
            return Err(TokenError::SignedInInFuture);
        }
        Ok(())
    }

    async fn check_signature(&self, parts: &Parts<'_>) -> Result<(), TokenError> {
        let kid = parts.header.kid.as_deref().filter(|kid| !kid.is_empty());
        let key = self.keys.key(kid.ok_or(TokenError::MissingKeyId)?).await?;
        let message = parts.message.as_bytes();
        // An error is a signature that is not base64 or does not fit the key: as bad as a wrong one.
        match jsonwebtoken::crypto::verify(parts.signature, message, &key, Algorithm::RS256) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenError::BadSignature),
        }
    }
}

#[cfg(test)]
mod tests;
