//! Razorpay: orders, payments, captures, refunds, payment links, and the webhooks they cause.

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::state::{App, Shared};

pub(crate) mod checkout;
mod error;
mod events;
pub(crate) mod links;
mod machine;
pub(crate) mod model;
mod orders;
mod payments;
pub(crate) mod refunds;
mod sweep;
mod table;
mod wire;

pub(crate) use error::RazorpayError;
pub(crate) use model::RazorpayState;
pub(crate) use sweep::keep_sweeping;

use events::Outgoing;

/// `/razorpay`.
pub(crate) fn router(app: &Shared) -> Router<Shared> {
    let api = Router::new()
        .route("/orders", post(orders::create).get(orders::list))
        .route("/orders/{id}", get(orders::get).patch(orders::update))
        .route("/orders/{id}/payments", get(orders::payments))
        .route("/payments", get(payments::list))
        .route("/payments/{id}", get(payments::get).patch(payments::update))
        .route("/payments/{id}/capture", post(payments::capture))
        .route("/payments/{id}/refund", post(refunds::create))
        .route("/payments/{id}/refunds", get(refunds::of_payment))
        .route("/payments/{id}/refunds/{refund}", get(refunds::one_of_payment))
        .route("/refunds", get(refunds::list))
        .route("/refunds/{id}", get(refunds::get).patch(refunds::update))
        .route("/payment_links", post(links::create).get(links::list))
        .route("/payment_links/", post(links::create).get(links::list))
        .route("/payment_links/{id}", get(links::get).patch(links::update))
        .route("/payment_links/{id}/cancel", post(links::cancel))
        .route("/payment_links/{id}/notify_by/{medium}", post(links::notify))
        .method_not_allowed_fallback(not_found)
        .fallback(not_found);
    Router::new().nest("/v1", api).fallback(not_found).layer(middleware::from_fn_with_state(app.clone(), authenticate))
}

async fn not_found() -> RazorpayError {
    RazorpayError::bad("The requested URL was not found on the server.")
}

/// `Basic` exactly so, as documented.
async fn authenticate(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let settings = &app.settings;
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", settings.razorpay_key_id, settings.razorpay_key_secret)));
    let given = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes).unwrap_or_default();
    if !bool::from(given.ct_eq(expected.as_bytes())) {
        return RazorpayError::unauthenticated().into_response();
    }
    next.run(request).await
}

/// The body of an outage: Razorpay has three shapes of error, and the further out it breaks the barer it is.
pub(crate) fn outage(status: u16, code: Option<&str>) -> Value {
    match (status, code) {
        (_, Some(code)) => json!({"error": {"code": code, "description": "The request could not be served.", "metadata": {}}}),
        (429, None) => json!({"message": "Too many requests"}),
        (502..=504, None) => json!("Service unavailable"),
        (400..=499, None) => json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "The request is invalid."}}),
        _ => json!({"error": {
            "code": "SERVER_ERROR", "description": "We are facing some trouble completing your request at the moment. Please try again shortly.",
            "source": "NA", "step": "NA", "reason": "NA", "metadata": {},
        }}),
    }
}

impl App {
    /// Sends what a change caused.
    pub(crate) fn emit(self: &Shared, outgoing: Vec<Outgoing>) {
        for event in outgoing {
            self.razorpay_webhook(&event.key, &event.body);
        }
        self.touch();
    }
}
