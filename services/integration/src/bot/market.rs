//! The public API as the bot uses it: the same calls as any client's, and only what it needs of the answers.

use std::time::Duration;

use domain::{DeliveryId, DeliveryStatus, Money, OrderId, OrderNumber, OrderStatus, PaymentMethod, VendorId};
use outbound::{OutboundError, Remote, join};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Why a call did not give what was wanted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Trouble {
    /// Refused, with a code and a sentence.
    #[error("refused with {status} {code}: {message}")]
    Refused { status: u16, code: String, message: String, details: Value },
    /// It may work later.
    #[error("later: {0}")]
    Later(String),
    /// The account is suspended or gone.
    #[error("the account is suspended or gone")]
    ShutOut,
}

impl Trouble {
    fn status(&self) -> u16 {
        match self {
            Self::Refused { status, .. } => *status,
            _ => 0,
        }
    }
}

/// What a refusal or "there is none" is worth: an answer.
pub(crate) fn found<T>(result: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match result {
        Ok(value) => Ok(Some(value)),
        // Somebody else's is not there for us.
        Err(trouble) if matches!(trouble.status(), 403 | 404) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct OrderView {
    #[serde(alias = "order_id")]
    pub(crate) id: OrderId,
    pub(crate) order_number: OrderNumber,
    #[serde(default)]
    pub(crate) vendor_id: Option<VendorId>,
    pub(crate) status: OrderStatus,
    pub(crate) payment_method: PaymentMethod,
    pub(crate) total: Money,
    #[serde(default)]
    pub(crate) items: Vec<ItemView>,
}

impl OrderView {
    /// Waits for the vendor's word.
    pub(crate) fn waits(&self) -> bool {
        match self.status {
            OrderStatus::Paid => true,
            OrderStatus::Pending => self.payment_method == PaymentMethod::Cod,
            _ => false,
        }
    }

    /// The vendor has something to do with it.
    pub(crate) fn is_open(&self) -> bool {
        self.waits() || matches!(self.status, OrderStatus::Confirmed | OrderStatus::Preparing | OrderStatus::InTransit)
    }

    /// Cash to be collected at the door.
    pub(crate) fn cash(&self) -> Option<Money> {
        (self.payment_method == PaymentMethod::Cod).then_some(self.total)
    }
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ItemView {
    #[serde(default, alias = "item_name")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) quantity: Value,
    #[serde(default)]
    pub(crate) unit: String,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct DeliveryView {
    #[serde(alias = "delivery_id")]
    pub(crate) id: DeliveryId,
    pub(crate) status: DeliveryStatus,
}

/// One or several, the newest counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Newest<T>(pub(crate) Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Newest<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match Value::deserialize(deserializer)? {
            Value::Array(mut several) if several.is_empty() => {
                several.clear();
                return Ok(Self(None));
            }
            Value::Array(several) => several.into_iter().next().unwrap_or_default(),
            one => one,
        };
        T::deserialize(value).map(|one| Self(Some(one))).map_err(serde::de::Error::custom)
    }
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct PaymentView {
    #[serde(alias = "payment_id")]
    pub(crate) id: domain::PaymentId,
    pub(crate) status: domain::PaymentState,
    pub(crate) amount: Money,
}

/// What a vendor earned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct EarningsView {
    pub(crate) gross: Money,
    pub(crate) commission: Money,
    pub(crate) cod_in_hand: Money,
    pub(crate) paid_out: Money,
    pub(crate) due: Money,
    #[serde(default = "nothing")]
    pub(crate) on_hold: Money,
}

const fn nothing() -> Money {
    Money::ZERO
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct MediaView {
    #[serde(alias = "id")]
    pub(crate) media_id: domain::MediaId,
}

/// Calls the public API.
#[derive(Debug, Clone)]
pub(crate) struct Marketplace {
    remote: Remote,
    files: Remote,
    base_url: String,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a Value>,
    /// The same key for the same wish, however often it is tried.
    pub(crate) key: Option<&'a str>,
}

#[derive(Deserialize)]
struct DataOf {
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize, Default)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize, Default)]
struct RefusalBody {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Value,
}

impl Marketplace {
    pub(crate) fn new(http: reqwest::Client, base_url: &str) -> Self {
        Self {
            remote: Remote::new("public_api", http.clone(), Duration::from_secs(10)),
            files: Remote::new("public_api_files", http, Duration::from_secs(30)),
            base_url: base_url.to_owned(),
        }
    }

    /// Calls and reads `data`.
    pub(crate) async fn call(&self, token: &SecretString, call: &Call<'_>) -> Result<Value, Trouble> {
        let mut request = self.remote.request(call.method.clone(), join(&self.base_url, call.path));
        if let Some(body) = call.body {
            request = request.json(body);
        }
        send(&self.remote, as_vendor(request, token, call.key)).await
    }

    /// Uploads a form and reads `data`.
    pub(crate) async fn upload(&self, token: &SecretString, path: &str, form: Form, key: &str) -> Result<Value, Trouble> {
        let request = self.files.post(join(&self.base_url, path)).multipart(form);
        send(&self.files, as_vendor(request, token, Some(key))).await
    }
}

fn as_vendor(request: RequestBuilder, token: &SecretString, key: Option<&str>) -> RequestBuilder {
    let request = request.bearer_auth(token.expose_secret()).header(context::CHANNEL_HEADER, domain::Channel::Whatsapp.as_str());
    match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    }
}

async fn send(remote: &Remote, request: RequestBuilder) -> Result<Value, Trouble> {
    let reply = remote.send(request).await.map_err(|error| match error {
        OutboundError::Reject { message, .. } => Trouble::Later(message),
        other => Trouble::Later(other.to_string()),
    })?;
    let status = reply.status.as_u16();
    if reply.is_success() {
        return if reply.body.is_empty() {
            Ok(Value::Null)
        } else {
            reply.json::<DataOf>().map(|body| body.data).map_err(|error| Trouble::Later(error.to_string()))
        };
    }
    let RefusalBody { code, message, details } = reply.try_json::<Refusal>().unwrap_or_default().error;
    // Three codes an hour is an answer for the vendor; any other "too many" passes by itself.
    if status >= 500 || (status == 429 && code != "otp_limit_reached") {
        return Err(Trouble::Later(format!("HTTP {status} {code}")));
    }
    match code.as_str() {
        "account_suspended" | "account_deleted" | "token_revoked" => Err(Trouble::ShutOut),
        "concurrent_change" | "request_in_progress" => Err(Trouble::Later(code)),
        _ => Err(Trouble::Refused { status, code, message, details }),
    }
}

/// Reads what a call answered.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Trouble> {
    T::deserialize(value).map_err(|error| Trouble::Later(format!("an answer we do not understand: {error}")))
}
