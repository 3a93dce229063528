//! Who a caller is: Firebase ID tokens, service tokens and the access list.
//!
//! Three questions, three types. [`FirebaseVerifier`] says whether a person's token is
//! genuine, [`AccessList`] whether that person has lost access since signing in, and
//! [`ServiceTokens`] which of our own services is calling. [`Principal`] is what the rest of
//! the code works with afterwards. Nothing here knows HTTP servers.

mod access;
mod claims;
mod error;
mod firebase;
mod keys;
mod principal;
mod service;
#[cfg(test)]
mod testing;
mod token;

pub use access::{AccessChange, AccessDenied, AccessList};
pub use claims::FirebaseClaims;
pub use error::{SettingsError, TokenError};
pub use firebase::{FirebaseSettings, FirebaseVerifier};
pub use keys::{GOOGLE_JWKS_URL, KeySource};
pub use principal::Principal;
pub use service::{ServiceCaller, ServiceKeyPair, ServiceTokenSettings, ServiceTokens, SigningFailed};
pub use token::{TokenKind, token_kind};

/// Chooses the cryptography of `jsonwebtoken` for this process.
///
/// The crate picks a provider by its features and panics on first use when another
/// dependency turns on a second one; naming it here takes that chance away. Called by every
/// constructor of this crate, so calling it by hand is only needed when `jsonwebtoken` is used
/// directly. Calling it again does nothing.
pub fn install_crypto() {
    // An error only means that a provider is there already.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
