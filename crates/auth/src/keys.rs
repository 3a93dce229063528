//! Google's published signing keys, fetched, cached and rotated.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::SharedClock;
use jsonwebtoken::DecodingKey;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use tokio::sync::watch;

use crate::TokenError;

/// Where Google publishes the keys that sign Firebase ID tokens.
pub const GOOGLE_JWKS_URL: &str = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

const REFRESH_INTERVAL: TimeDelta = TimeDelta::seconds(60);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
const MAX_AGE_LIMIT: i64 = 7 * 24 * 3600;

type Keys = HashMap<String, DecodingKey>;

/// The published keys by their id. Clones share one cache.
///
/// Keys are kept for the answer's `max-age`. When that is over, or a token names a key that is
/// not there, they are fetched again, at most once in 60 s whether that worked or not; a failed
/// fetch leaves the old keys in use. All callers wait for the same fetch, and no lock is held
/// while it runs.
#[derive(Clone)]
pub struct KeySource {
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    url: String,
    clock: SharedClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Option<Keys>,
    fresh_until: Option<DateTime<Utc>>,
    last_refresh: Option<DateTime<Utc>>,
    last_refresh_failed: bool,
    in_flight: Option<watch::Receiver<()>>,
}

enum Step {
    Answer(Result<DecodingKey, TokenError>),
    Wait(watch::Receiver<()>),
}

impl KeySource {
    /// Keys published as a JWKS document at `url`. Nothing is fetched before the first use.
    #[must_use]
    pub fn new(http: reqwest::Client, url: impl Into<String>, clock: SharedClock) -> Self {
        crate::install_crypto();
        let state = Mutex::new(State::default());
        Self { shared: Arc::new(Shared { http, url: url.into(), clock, state }) }
    }

    /// Fetches the keys ahead of the first token. True when there are keys to verify with.
    pub async fn warm(&self) -> bool {
        let step = {
            let now = self.shared.clock.now();
            let mut state = self.shared.lock();
            if state.is_fresh(now) { None } else { self.shared.refresh(&mut state, now, None) }
        };
        if let Some(waiting) = step {
            finished(waiting).await;
        }
        self.is_loaded()
    }

    /// True once any keys have been fetched.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.shared.lock().keys.is_some()
    }

    /// The key with this id.
    pub(crate) async fn key(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        match self.shared.step(kid) {
            Step::Answer(answer) => answer,
            Step::Wait(waiting) => {
                finished(waiting).await;
                self.shared.lock().answer(kid)
            }
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

/// The sender is dropped when the fetch is over, whichever way it ended.
async fn finished(mut waiting: watch::Receiver<()>) {
    while waiting.changed().await.is_ok() {}
}

impl State {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.keys.is_some() && self.fresh_until.is_some_and(|until| now < until)
    }

    fn may_refresh(&self, now: DateTime<Utc>) -> bool {
        // A clock that went back must not keep us from refreshing.
        self.last_refresh.is_none_or(|last| now < last || now - last >= REFRESH_INTERVAL)
    }

    fn answer(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        match &self.keys {
            None => Err(TokenError::KeysUnavailable),
            Some(keys) => match keys.get(kid) {
                Some(key) => Ok(key.clone()),
                // It may be a new key that we could not fetch: nobody should be signed out for that.
                None if self.last_refresh_failed => Err(TokenError::KeysUnavailable),
                None => Err(TokenError::UnknownKey),
            },
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(self: &Arc<Self>, kid: &str) -> Step {
        let now = self.clock.now();
        let mut state = self.lock();
        let known = state.keys.as_ref().is_some_and(|keys| keys.contains_key(kid));
        if known && state.is_fresh(now) {
            return Step::Answer(state.answer(kid));
        }
        match self.refresh(&mut state, now, Some(kid)) {
            Some(waiting) => Step::Wait(waiting),
            None => Step::Answer(state.answer(kid)),
        }
    }

    /// Joins the fetch under way or starts one; `None` when it is too soon for another.
    fn refresh(self: &Arc<Self>, state: &mut State, now: DateTime<Utc>, wanted: Option<&str>) -> Option<watch::Receiver<()>> {
        if let Some(waiting) = &state.in_flight
            && waiting.has_changed().is_ok()
        {
            return Some(waiting.clone());
        }
        if !state.may_refresh(now) {
            return None;
        }
        let (done, waiting) = watch::channel(());
        state.last_refresh = Some(now);
        state.in_flight = Some(waiting.clone());
        let shared = Arc::clone(self);
        let wanted = wanted.map(str::to_owned);
        // A task of its own: a caller that goes away must not take the fetch with it.
        tokio::spawn(async move {
            let fetched = shared.fetch().await;
            shared.take_in(fetched, wanted.as_deref());
            drop(done);
        });
        Some(waiting)
    }

    fn take_in(&self, fetched: Result<(Keys, TimeDelta), String>, wanted: Option<&str>) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.in_flight = None;
        state.last_refresh_failed = fetched.is_err();
        match fetched {
            Ok((keys, max_age)) => {
                // The first load is not a refresh: a rotation right after it is still followed.
                if state.keys.is_none() && wanted.is_none_or(|kid| keys.contains_key(kid)) {
                    state.last_refresh = None;
                }
                state.fresh_until = Some(now + max_age);
                state.keys = Some(keys);
            }
            Err(reason) => {
                tracing::warn!(url = %self.url, %reason, "could not fetch the token keys; keeping the old ones");
            }
        }
    }

    async fn fetch(&self) -> Result<(Keys, TimeDelta), String> {
        let request = self.http.get(&self.url).timeout(FETCH_TIMEOUT);
        let mut response = request.send().await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("answered {}", response.status()));
        }
        let max_age = max_age(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
            if body.len() + chunk.len() > MAX_DOCUMENT_BYTES {
                return Err("the answer is too long".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok((parse(&body)?, max_age))
    }
}

/// How long the answer may be used: `max-age` less the time it already spent in caches.
fn max_age(headers: &HeaderMap) -> TimeDelta {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or("");
    let directives = || control.split(',').map(str::trim);
    if directives().any(|d| d.eq_ignore_ascii_case("no-store") || d.eq_ignore_ascii_case("no-cache")) {
        return TimeDelta::zero();
    }
    let max_age = directives()
        .filter_map(|directive| directive.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse::<i64>().ok())
        .unwrap_or(0);
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok()).unwrap_or(0);
    TimeDelta::seconds(max_age.clamp(0, MAX_AGE_LIMIT).saturating_sub(age.max(0)).max(0))
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct PublishedKey {
    kid: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
}

/// The RSA signing keys of the document; others are passed over, none at all is an error.
fn parse(body: &[u8]) -> Result<Keys, String> {
    let document: Document = serde_json::from_slice(body).map_err(|error| format!("not a key set: {error}"))?;
    let keys: Keys = document
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<PublishedKey>(key).ok())
        .filter(|key| key.purpose.as_deref().is_none_or(|purpose| purpose == "sig"))
        .filter(|key| key.alg.as_deref().is_none_or(|alg| alg == "RS256"))
        .filter_map(|key| Some((key.kid, DecodingKey::from_rsa_components(&key.n, &key.e).ok()?)))
        .collect();
    if keys.is_empty() { Err("no usable key in the answer".to_owned()) } else { Ok(keys) }
}

#[cfg(test)]
mod tests;
