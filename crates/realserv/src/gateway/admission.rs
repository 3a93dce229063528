//! What a request must pass before it is forwarded: rate, token, size.

use super::{
    refusal::Refusal,
    table::{Authorization, Route, Throttle},
};
use auth::{FirebaseVerifier, TokenError};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use http::{HeaderMap, header};
use std::num::NonZeroU32;

/// The door of one route.
pub(super) struct Door {
    pub(super) route: Route,
    limiter: Option<DefaultDirectRateLimiter>,
}

impl Door {
    /// A door with its limit; none to let everything through.
    pub(super) fn new(route: Route, throttle: Option<Throttle>) -> Self {
        let limiter = throttle.and_then(|throttle| {
            let rate = NonZeroU32::new(throttle.rate_per_second)?;
            let burst = NonZeroU32::new(throttle.burst)?;
            Some(RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)))
        });
        Self { route, limiter }
    }

    /// Lets the request in or says why not.
    pub(super) async fn admit(&self, verifier: &FirebaseVerifier, body_limit: u64, headers: &HeaderMap) -> Result<(), Refusal> {
        self.throttle()?;
        if self.route.auth == Authorization::Jwt {
            authorize(verifier, headers).await?;
        }
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > body_limit) {
            return Err(Refusal::TooLarge(body_limit));
        }
        Ok(())
    }

    fn throttle(&self) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Refusal::TooMany { retry_after: wait.as_secs().saturating_add(1) }
        })
    }
}

async fn authorize(verifier: &FirebaseVerifier, headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Refusal::NoToken)?;
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Refusal::NoToken)?;
    match verifier.verify(token).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_unavailable() => Err(Refusal::KeysUnavailable),
        Err(TokenError::Expired) => Err(Refusal::TokenExpired),
        Err(error) => Err(Refusal::BadToken(error.to_string())),
    }
}
