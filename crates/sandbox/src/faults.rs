//! Trouble to order: slow answers, error answers, answers lost after the work was done, unruly webhooks.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::{Locked, Shared};

/// The systems, and the operations a fault may name. `delivery` and `refund_processing` are not
/// requests but what the system does by itself afterwards.
pub(crate) const OPERATIONS: &[(&str, &str)] = &[
    ("firebase", "send_code sign_in_with_phone sign_in_with_custom_token lookup create update delete batch_get refresh jwks"),
    ("google", "token"),
    ("fcm", "send"),
    (
        "razorpay",
        "create_order get_order list_orders update_order order_payments get_payment list_payments update_payment capture \
         create_refund get_refund list_refunds payment_refunds update_refund refund_processing create_payment_link get_payment_link \
         list_payment_links update_payment_link cancel_payment_link notify_payment_link webhooks",
    ),
    ("whatsapp", "send upload_media get_media delete_media download_media delivery webhooks"),
    ("maps", "geocode"),
    ("routes", "route_matrix"),
    ("twilio", "send"),
    ("msg91", "send"),
];

/// How long a lost answer is withheld unless said otherwise: longer than anybody waits.
const LOST: u64 = 60_000;

/// The kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// `value` milliseconds before anything happens.
    Latency,
    /// An answer with HTTP status `value` (and the system's own `code`), nothing done.
    Status,
    /// The work is done, the answer comes `value` milliseconds too late.
    TimeoutAfterEffect,
    /// Each webhook comes `value` times (2).
    DuplicateWebhooks,
    /// Webhooks of `value` milliseconds (1,000) come together in random order.
    ShuffleWebhooks,
    /// As before, but in one body where the system batches (WhatsApp).
    BatchWebhooks,
    /// Webhooks wait for `POST /_sandbox/{system}/webhooks/release`.
    WithholdWebhooks,
}

/// One fault switched on.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) system: String,
    /// Any operation of the system when missing.
    pub(crate) operation: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) value: Option<u64>,
    /// The system's own error code, a number or a word.
    pub(crate) code: Option<Value>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// How often; until deleted when missing.
    pub(crate) count: Option<u32>,
}

impl Fault {
    /// What is wrong with it, in a sentence.
    pub(crate) fn problem(&self) -> Option<String> {
        let Some((_, operations)) = OPERATIONS.iter().find(|(system, _)| *system == self.system) else {
            let systems: Vec<_> = OPERATIONS.iter().map(|(system, _)| *system).collect();
            return Some(format!("system is one of {}", systems.join(", ")));
        };
        match &self.operation {
            Some(operation) if operation != "*" && !operations.split(' ').any(|known| known == operation) => {
                Some(format!("operation is * or one of: {operations}"))
            }
            _ => None,
        }
    }

    fn concerns(&self, system: &str, operation: &str, kind: Kind) -> bool {
        self.kind == kind
            && self.system == system
            && self.operation.as_deref().is_none_or(|wanted| wanted == "*" || wanted == operation)
    }
}

/// The faults switched on, and how often each operation was called.
#[derive(Default)]
pub(crate) struct Faults {
    list: Locked<Vec<Fault>>,
    calls: Locked<BTreeMap<String, u64>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.list.lock().push(fault);
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.list.lock().clone()
    }

    pub(crate) fn clear(&self) {
        self.list.lock().clear();
    }

    /// Calls by `system.operation` since the start.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().clone()
    }

    /// The oldest fault that concerns this, counted down.
    pub(crate) fn take(&self, system: &str, operation: &str, kind: Kind) -> Option<Fault> {
        let mut list = self.list.lock();
        let at = list.iter().position(|fault| fault.concerns(system, operation, kind))?;
        let fault = list.get_mut(at)?;
        let taken = fault.clone();
        if let Some(count) = &mut fault.count {
            *count = count.saturating_sub(1);
            if *count == 0 {
                list.remove(at);
            }
        }
        Some(taken)
    }
}

/// Puts the faults between caller and system, and notes that something may have changed.
pub(crate) async fn apply(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let Some((system, operation)) = classify(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    *app.faults.calls.lock().entry(format!("{system}.{operation}")).or_default() += 1;
    if let Some(fault) = app.faults.take(system, operation, Kind::Latency) {
        app.sleeps(Duration::from_millis(fault.value.unwrap_or(1_000))).await;
    }
    if let Some(fault) = app.faults.take(system, operation, Kind::Status) {
        return refusal(system, &fault);
    }
    let lost = app.faults.take(system, operation, Kind::TimeoutAfterEffect);
    let response = next.run(request).await;
    app.touch();
    let Some(fault) = lost else { return response };
    app.sleeps(Duration::from_millis(fault.value.unwrap_or(LOST))).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}

fn refusal(system: &str, fault: &Fault) -> Response {
    let number = fault.value.and_then(|value| u16::try_from(value).ok()).unwrap_or(503);
    let mut status = StatusCode::from_u16(number).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    if system == "maps" && fault.code.is_some() {
        status = StatusCode::OK;
    }
    let mut response = (status, Json(refusal_body(system, status.as_u16(), fault.code.as_ref()))).into_response();
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The body each system would give with such a status.
fn refusal_body(system: &str, status: u16, code: Option<&Value>) -> Value {
    let word = code.and_then(Value::as_str).map(str::to_owned);
    let number = code.and_then(Value::as_u64);
    match system {
        "razorpay" => crate::razorpay::outage(status, word.as_deref()),
        "whatsapp" => crate::whatsapp::outage(status, number),
        "fcm" => crate::fcm::outage(status, word.as_deref()),
        "google" => json!({"error": word.unwrap_or_else(|| "internal_failure".into()), "error_description": "Try again."}),
        "maps" => json!({"status": word.unwrap_or_else(|| "UNKNOWN_ERROR".into()), "results": [], "error_message": "Try again."}),
        "twilio" => json!({
            "code": number.unwrap_or(if status == 429 { 20_429 } else { 20_500 }), "message": "Try again.",
            "more_info": "https://www.twilio.com/docs/errors", "status": status,
        }),
        "msg91" => json!({"type": "error", "message": word.unwrap_or_else(|| "Try again".into())}),
        _ => {
            let message = word.unwrap_or_else(|| "Try again.".into());
            json!({"error": {"code": status, "message": message, "status": google_status(status)}})
        }
    }
}

/// Google's word for an HTTP status.
pub(crate) fn google_status(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

/// Which system and operation a request is.
fn classify(method: &Method, path: &str) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (system, rest) = parts.split_first()?;
    let post = method == Method::POST;
    Some(match *system {
        "firebase" => ("firebase", firebase_operation(rest)?),
        "google" => ("google", "token"),
        "fcm" => ("fcm", "send"),
        "razorpay" => ("razorpay", razorpay_operation(method, rest.get(1..)?)?),
        "whatsapp" => match (rest, post) {
            ([_, _, "messages"], true) => ("whatsapp", "send"),
            ([_, _, "media"], true) => ("whatsapp", "upload_media"),
            (["download", _], _) => ("whatsapp", "download_media"),
            ([_, _], _) if method == Method::DELETE => ("whatsapp", "delete_media"),
            ([_, _], _) => ("whatsapp", "get_media"),
            _ => return None,
        },
        "maps" => ("maps", "geocode"),
        "routes" => ("routes", "route_matrix"),
        "twilio" => ("twilio", "send"),
        "msg91" => ("msg91", "send"),
        _ => return None,
    })
}

fn firebase_operation(rest: &[&str]) -> Option<&'static str> {
    Some(match *rest.last()? {
        "accounts:sendVerificationCode" => "send_code",
        "accounts:signInWithPhoneNumber" => "sign_in_with_phone",
        "accounts:signInWithCustomToken" => "sign_in_with_custom_token",
        "accounts:lookup" => "lookup",
        "accounts" => "create",
        "accounts:update" => "update",
        "accounts:delete" => "delete",
        "accounts:batchGet" => "batch_get",
        "token" => "refresh",
        "jwks" => "jwks",
        _ => return None,
    })
}

fn razorpay_operation(method: &Method, rest: &[&str]) -> Option<&'static str> {
    let post = method == Method::POST;
    let patch = method == Method::PATCH;
    Some(match rest {
        ["orders"] if post => "create_order",
        ["orders"] => "list_orders",
        ["orders", _] if patch => "update_order",
        ["orders", _] => "get_order",
        ["orders", _, "payments"] => "order_payments",
        ["payments"] => "list_payments",
        ["payments", _] if patch => "update_payment",
        ["payments", _] => "get_payment",
        ["payments", _, "capture"] => "capture",
        ["payments", _, "refund"] => "create_refund",
        ["payments", _, "refunds", ..] => "payment_refunds",
        ["refunds"] => "list_refunds",
        ["refunds", _] if patch => "update_refund",
        ["refunds", _] => "get_refund",
        ["payment_links"] if post => "create_payment_link",
        ["payment_links"] => "list_payment_links",
        ["payment_links", _] if patch => "update_payment_link",
        ["payment_links", _] => "get_payment_link",
        ["payment_links", _, "cancel"] => "cancel_payment_link",
        ["payment_links", _, "notify_by", _] => "notify_payment_link",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(count: Option<u32>) -> Fault {
        serde_json::from_value(
            json!({"system": "razorpay", "operation": "capture", "kind": "status", "value": 503, "count": count}),
        )
        .unwrap()
    }

    #[test]
    fn a_fault_with_a_count_is_gone_after_that_many() {
        let faults = Faults::default();
        faults.add(fault(Some(2)));
        assert!(faults.take("razorpay", "get_order", Kind::Status).is_none());
        assert!(faults.take("razorpay", "capture", Kind::Status).is_some());
        assert!(faults.take("razorpay", "capture", Kind::Status).is_some());
        assert!(faults.take("razorpay", "capture", Kind::Status).is_none());
    }

    #[test]
    fn every_classified_operation_can_be_named_by_a_fault() {
        for (method, path, expected) in [
            (Method::POST, "/razorpay/v1/orders", ("razorpay", "create_order")),
            (Method::POST, "/razorpay/v1/payments/pay_1/refund", ("razorpay", "create_refund")),
            (Method::POST, "/whatsapp/v26.0/1065/messages", ("whatsapp", "send")),
            (Method::GET, "/whatsapp/v26.0/77", ("whatsapp", "get_media")),
            (Method::POST, "/firebase/identitytoolkit/v1/projects/p/accounts:update", ("firebase", "update")),
            (Method::POST, "/firebase/securetoken/v1/token", ("firebase", "refresh")),
        ] {
            let (system, operation) = classify(&method, path).unwrap();
            assert_eq!((system, operation), expected);
            let (_, operations) = OPERATIONS.iter().find(|(name, _)| *name == system).unwrap();
            assert!(operations.split(' ').any(|known| known == operation));
        }
    }

    #[test]
    fn a_misspelt_operation_is_refused() {
        let mut wrong = fault(None);
        wrong.operation = Some("captur".into());
        assert!(wrong.problem().unwrap().contains("capture"));
    }
}
