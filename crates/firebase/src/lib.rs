//! Firebase Authentication: Identity Toolkit, custom claims, custom tokens, and the access tokens
//! with which our service account asks Google for anything.
//!
//! Checking ID tokens is not here: the `auth` crate does that, without a call.

mod access_token;
mod account;
mod claims;
mod client;
mod error;
mod service_account;
mod settings;
mod sign_in;

pub use access_token::AccessTokens;
pub use account::{Account, AccountChange, NewAccount};
pub use claims::{CLAIMS_LIMIT, check_claims};
pub use client::Firebase;
pub use error::{FirebaseCode, FirebaseError};
pub use service_account::{AccountError, ServiceAccount};
pub use settings::{FirebaseSettings, ServiceAccountSettings};
pub use sign_in::{Refreshed, SignedIn};
