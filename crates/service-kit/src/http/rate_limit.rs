//! Limits for one route, by whatever names the caller: an address, a phone.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use governor::clock::{Clock as _, DefaultClock};
use governor::{Quota, RateLimiter};
use http::StatusCode;
use http::request::Parts;

use super::error::ApiError;

/// Keys that have recovered are forgotten after so many calls: often enough that they cannot pile up, seldom enough
/// that a flood of keys does not make each call walk over all of them.
const TIDY_EVERY: u32 = 4096;

/// So many calls in a while for each key.
#[derive(Clone)]
pub struct RateLimit {
    limiter: Arc<governor::DefaultKeyedRateLimiter<String>>,
    calls: Arc<AtomicU32>,
}

impl std::fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimit").field("keys", &self.limiter.len()).finish()
    }
}

impl RateLimit {
    /// `burst` calls at once, and one more each time `every` has passed.
    #[must_use]
    pub fn new(burst: NonZeroU32, every: Duration) -> Self {
        let quota = Quota::with_period(every).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst);
        Self { limiter: Arc::new(RateLimiter::keyed(quota)), calls: Arc::default() }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// 429 with `Retry-After` when there were too many.
    pub fn check(&self, key: &str) -> Result<(), ApiError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&key.to_owned()).map_err(|denied| {
            let seconds = denied.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests; wait a little")
                .with_retry_after(seconds)
        })
    }
}

/// The address a request came from: as the gateway wrote it, over whatever the client sent; the peer's otherwise.
///
/// `X-Forwarded-For` will not do: how many of its entries are our own depends on what stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let told = parts.headers.get(context::CLIENT_ADDRESS_HEADER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(told.or(peer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_burst_and_is_then_told_when_to_come_again() {
        let limit = RateLimit::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(30));
        assert!(limit.check("a").is_ok() && limit.check("a").is_ok());
        let refused = limit.check("a").unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (429, "rate_limited"));
        assert!(limit.clone().check("b").is_ok());
        assert!(limit.clone().check("a").is_err(), "clones count together");
    }

    #[test]
    fn keys_that_have_recovered_do_not_pile_up() {
        let limit = RateLimit::new(NonZeroU32::new(1).unwrap(), Duration::from_nanos(1));
        for key in 0..TIDY_EVERY * 3 {
            limit.check(&key.to_string()).unwrap();
        }
        assert!(limit.limiter.len() <= TIDY_EVERY as usize, "{limit:?}");
    }

    #[tokio::test]
    async fn an_address_that_the_client_made_up_is_not_believed() {
        for (header, value, expected) in [
            (context::CLIENT_ADDRESS_HEADER, "203.0.113.9", "203.0.113.9"),
            (context::CLIENT_ADDRESS_HEADER, "2001:db8::1", "2001:db8::1"),
            (context::CLIENT_ADDRESS_HEADER, "nowhere", "10.0.0.7"),
            ("x-forwarded-for", "203.0.113.9", "10.0.0.7"),
        ] {
            let peer = ConnectInfo(SocketAddr::from(([10, 0, 0, 7], 1)));
            let request = http::Request::builder().extension(peer).header(header, value);
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let Ok(ClientAddress(found)) = ClientAddress::from_request_parts(&mut parts, &()).await;
            assert_eq!(found, Some(expected.parse().unwrap()), "{header}: {value}");
        }
    }
}
