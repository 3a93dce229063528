//! One call to a service of ours.

use std::time::Duration;

use auth::ServiceTokens;
use domain::{Actor, ServiceName};
use outbound::{OutboundError, Remote, RetryPolicy, join};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call to a service of ours can end in besides its answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServiceError {
    /// It refused: a stable code, a sentence, facts.
    #[error("{service} refused with {status} {code}: {message}")]
    Refused {
        /// Who.
        service: ServiceName,
        /// HTTP status.
        status: u16,
        /// Stable code.
        code: String,
        /// Sentence.
        message: String,
        /// Facts.
        details: Option<Value>,
    },
    /// It is not there; nothing was done.
    #[error("{service} is not available: {reason}")]
    Unavailable {
        /// Who.
        service: ServiceName,
        /// Why.
        reason: String,
    },
    /// It did not answer in time or answered nonsense; what was asked may have been done. Ask again with the same keys.
    #[error("{service} gave no usable answer: {reason}")]
    Unknown {
        /// Who.
        service: ServiceName,
        /// Why.
        reason: String,
    },
}

impl ServiceError {
    /// The stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { status, .. } => {
                *status == 409 && matches!(self.code(), Some("concurrent_change" | "request_in_progress"))
            }
            _ => true,
        }
    }
}

/// Calls one service.
#[derive(Debug, Clone)]
pub struct ServiceClient {
    remote: Remote,
    base_url: String,
    callee: ServiceName,
    tokens: ServiceTokens,
    on_behalf_of: Option<Actor>,
}

/// A failed GET. Only one that found nobody is worth another try within the time a caller has.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct GetFailed(#[from] ServiceError);

impl outbound::Failure for GetFailed {
    fn is_transient(&self) -> bool {
        matches!(self.0, ServiceError::Unavailable { .. })
    }

    fn after(&self) -> Option<Duration> {
        None
    }
}

/// Longer than any statement of a callee may take, shorter than the caller's own limit.
const TIMEOUT: Duration = Duration::from_secs(8);

#[derive(Deserialize)]
struct DataOf<T> {
    data: T,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    code: String,
    message: String,
    details: Option<Value>,
}

impl ServiceClient {
    /// A client of `callee` at `base_url` over the shared connections.
    #[must_use]
    pub fn new(http: reqwest::Client, tokens: ServiceTokens, callee: ServiceName, base_url: &str) -> Self {
        Self {
            remote: Remote::new(callee.as_str(), http, TIMEOUT),
            base_url: base_url.to_owned(),
            callee,
            tokens,
            on_behalf_of: None,
        }
    }

    /// The same client, saying in every call for whom we act (rule 10).
    #[must_use]
    pub fn acting_for(&self, actor: &Actor) -> Self {
        Self { on_behalf_of: Some(actor.clone()), ..self.clone() }
    }

    /// A GET whose answer is `{data}`. Tried again, shortly, while the service is not there: it may be restarting.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &(impl Serialize + Sync)) -> Result<T, ServiceError> {
        let ask = || async { Ok(self.send(self.request(Method::GET, path, None)?.query(query)).await?) };
        outbound::retry(RetryPolicy::default(), ask).await.map_err(|GetFailed(error)| error)
    }

    /// A GET whose 404 is an answer: there is no such thing.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ServiceError> {
        match self.get(path, &()).await {
            Ok(found) => Ok(Some(found)),
            Err(ServiceError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A POST whose answer is `{data}`. `on_behalf_of` says for whom we act.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
        on_behalf_of: Option<&Actor>,
    ) -> Result<T, ServiceError> {
        let request = self.request(Method::POST, path, on_behalf_of)?.json(body);
        self.send(request).await
    }

    /// A PUT whose answer is `{data}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T, ServiceError> {
        let request = self.request(Method::PUT, path, None)?.json(body);
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, on_behalf_of: Option<&Actor>) -> Result<RequestBuilder, ServiceError> {
        let token = self
            .tokens
            .mint(self.callee, on_behalf_of.or(self.on_behalf_of.as_ref()))
            .map_err(|error| ServiceError::Unavailable { service: self.callee, reason: error.to_string() })?;
        Ok(self.remote.request(method, join(&self.base_url, path)).bearer_auth(token))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ServiceError> {
        let service = self.callee;
        let reply = self.remote.send(request).await.map_err(|error| match error {
            OutboundError::Retry { reason, .. } => ServiceError::Unavailable { service, reason },
            OutboundError::Unknown { reason } => ServiceError::Unknown { service, reason },
            OutboundError::Reject { message, .. } => ServiceError::Unknown { service, reason: message },
        })?;
        if reply.is_success() {
            // The reason names the path only: serde quotes values, and values may be personal.
            return reply.json::<DataOf<T>>().map(|body| body.data).map_err(|error| match error {
                OutboundError::Unknown { reason } => ServiceError::Unknown { service, reason },
                other => ServiceError::Unknown { service, reason: other.to_string() },
            });
        }
        let status = reply.status.as_u16();
        let refusal = reply.try_json::<Refusal>().map(|refusal| refusal.error);
        let code = refusal.as_ref().map_or("", |error| error.code.as_str());
        let lost_commit = code == "database_unavailable";
        match (status, refusal) {
            // A database that goes away takes the answer to a commit with it: it may have been done.
            (503, _) if lost_commit => Err(ServiceError::Unknown { service, reason: "HTTP 503 database_unavailable".to_owned() }),
            (429 | 503, _) => Err(ServiceError::Unavailable { service, reason: format!("HTTP {status}") }),
            (400..=499, Some(RefusalBody { code, message, details })) => {
                Err(ServiceError::Refused { service, status, code, message, details })
            }
            _ => Err(ServiceError::Unknown { service, reason: format!("HTTP {status}") }),
        }
    }
}

/// Gives a client type its constructor.
macro_rules! client {
    ($(#[$meta:meta])* $name:ident of $service:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name($crate::ServiceClient);

        impl $name {
            /// A client at `base_url` over the shared connections.
            #[must_use]
            pub fn new(http: reqwest::Client, tokens: auth::ServiceTokens, base_url: &str) -> Self {
                Self($crate::ServiceClient::new(http, tokens, domain::ServiceName::$service, base_url))
            }

            /// The same client, saying in every call for whom we act (rule 10).
            #[must_use]
            pub fn acting_for(&self, actor: &domain::Actor) -> Self {
                Self(self.0.acting_for(actor))
            }
        }
    };
}
pub(crate) use client;
