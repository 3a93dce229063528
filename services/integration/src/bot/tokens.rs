//! ID tokens of vendors who write, got as the vendor and kept until shortly before they end (rule 11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::SharedClock;
use firebase::{Firebase, FirebaseCode, FirebaseError};
use secrecy::SecretString;
use serde_json::Map;

use super::market::Trouble;

/// A token is replaced so long before it ends.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);

/// Tokens by Firebase uid.
#[derive(Debug, Clone)]
pub(crate) struct VendorTokens {
    firebase: Firebase,
    clock: SharedClock,
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

#[derive(Debug, Clone)]
struct Kept {
    token: SecretString,
    ends: DateTime<Utc>,
}

impl VendorTokens {
    pub(crate) fn new(firebase: Firebase, clock: SharedClock) -> Self {
        Self { firebase, clock, kept: Arc::default() }
    }

    /// A token of this person that is good for some minutes.
    pub(crate) async fn of(&self, uid: &str) -> Result<SecretString, Trouble> {
        let now = self.clock.now();
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|_, known| known.ends - now > RENEW_BEFORE);
            if let Some(known) = kept.get(uid) {
                return Ok(known.token.clone());
            }
        }
        let custom = self.firebase.mint_custom_token(uid, &Map::new()).map_err(|error| Trouble::Later(error.to_string()))?;
        let signed_in = self.firebase.sign_in_with_custom_token(&custom).await.map_err(refused)?;
        let ends = now + TimeDelta::from_std(signed_in.expires_in).unwrap_or(TimeDelta::hours(1));
        let fresh = Kept { token: signed_in.id_token.clone(), ends };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), fresh);
        Ok(signed_in.id_token)
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget(&self, uid: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

fn refused(error: FirebaseError) -> Trouble {
    match error.code() {
        Some(FirebaseCode::UserDisabled | FirebaseCode::UserNotFound) => Trouble::ShutOut,
        _ => Trouble::Later(error.to_string()),
    }
}
