//! Access tokens of our service account: fetched once, shared, renewed before they end.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::SharedClock;
use outbound::{OutboundError, Remote, RetryPolicy, retry};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{AccountError, ServiceAccount, ServiceAccountSettings};

/// A token is renewed when it has less than this left.
const RENEW_BEFORE: Duration = Duration::minutes(5);

/// Where bearer tokens for Google come from. Clones share what was fetched.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    source: Arc<Source>,
}

#[derive(Debug)]
enum Source {
    /// The Auth emulator takes this word for the owner's token.
    Emulator,
    Google(Box<Google>),
}

#[derive(Debug)]
struct Google {
    remote: Remote,
    url: String,
    account: ServiceAccount,
    clock: SharedClock,
    /// Held while fetching: those who come meanwhile wait and share the answer.
    cached: Mutex<Option<Cached>>,
}

#[derive(Debug, Clone)]
struct Cached {
    token: SecretString,
    ends: DateTime<Utc>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    expires_in: i64,
}

impl AccessTokens {
    /// Tokens bought with the service account's signature.
    pub fn new(settings: &ServiceAccountSettings, http: reqwest::Client, clock: SharedClock) -> Result<Self, AccountError> {
        let json = settings.service_account.as_ref().ok_or(AccountError::Missing)?;
        let google = Google {
            remote: Remote::new("google_oauth", http, settings.oauth_timeout),
            url: outbound::join(&settings.oauth_url, "token"),
            account: ServiceAccount::from_json(json)?,
            clock,
            cached: Mutex::new(None),
        };
        Ok(Self { source: Arc::new(Source::Google(Box::new(google))) })
    }

    /// The emulator's word.
    pub fn emulator() -> Self {
        Self { source: Arc::new(Source::Emulator) }
    }

    /// A token that is good for five more minutes.
    pub async fn token(&self) -> Result<SecretString, OutboundError> {
        match &*self.source {
            Source::Emulator => Ok(SecretString::from("owner")),
            Source::Google(google) => google.token().await,
        }
    }

    /// Forgets a token that was refused, so that the next call fetches another. A newer one stays.
    pub async fn forget(&self, refused: &SecretString) {
        if let Source::Google(google) = &*self.source {
            let mut cached = google.cached.lock().await;
            if cached.as_ref().is_some_and(|known| known.token.expose_secret() == refused.expose_secret()) {
                *cached = None;
            }
        }
    }
}

impl Google {
    async fn token(&self) -> Result<SecretString, OutboundError> {
        let mut cached = self.cached.lock().await;
        let now = self.clock.now();
        if let Some(known) = cached.as_ref()
            && known.ends - now > RENEW_BEFORE
        {
            return Ok(known.token.clone());
        }
        match retry(RetryPolicy::default(), || self.fetch(now)).await {
            Ok(fresh) => {
                let token = fresh.token.clone();
                *cached = Some(fresh);
                Ok(token)
            }
            Err(error) => match cached.as_ref() {
                // The old one still has minutes left: better than nothing.
                Some(known) if known.ends > now && error.is_transient() => Ok(known.token.clone()),
                _ => Err(error),
            },
        }
    }

    async fn fetch(&self, now: DateTime<Utc>) -> Result<Cached, OutboundError> {
        let assertion = self.account.assertion(now).map_err(|error| OutboundError::reject(0, "signing", error.to_string()))?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.expose_secret())];
        let reply = self.remote.send(self.remote.post(&self.url).form(&form)).await?;
        if !reply.is_success() {
            let body: Value = reply.try_json().unwrap_or_default();
            let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            return Err(reply.failure(text("error"), text("error_description")));
        }
        let answer: TokenAnswer = reply.json()?;
        Ok(Cached { token: answer.access_token, ends: now + Duration::seconds(answer.expires_in.clamp(0, 86_400)) })
    }
}
