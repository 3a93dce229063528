//! A sandbox, a client for it, and a receiver of its webhooks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::RequestBuilder;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};

pub(crate) const IDENTITY_SCOPE: &str = "https://www.googleapis.com/auth/identitytoolkit";
pub(crate) const MESSAGING_SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
pub(crate) const WEBHOOK_SECRET: &str = "rs_test_webhook_secret_abcdef";
pub(crate) const APP_SECRET: &str = "rs_test_app_secret_fedcba98";

/// Status and body of an answer.
pub(crate) type Answer = (u16, Value);

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    pub(crate) receiver: Receiver,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::for_tests().unwrap()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let sandbox = sandbox::start(settings).await.unwrap();
        let receiver = Receiver::start().await;
        sandbox.send_webhooks_to(Some(receiver.url.clone()), Some(receiver.url.clone()));
        Self { sandbox, http: client(Duration::from_secs(10)), receiver }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.sandbox.url(path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.http.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.http.post(self.url(path)).json(body)).await
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let (status, body) = self.post("/_sandbox/faults", &fault).await;
        assert_eq!(status, 201, "{body}");
    }

    pub(crate) fn razorpay(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth("rzp_test_sandbox", Some("rs_test_key_secret_0123456789"))
    }

    pub(crate) async fn razorpay_get(&self, path: &str) -> Answer {
        send(self.razorpay(self.http.get(self.url(&format!("/razorpay/v1{path}"))))).await
    }

    pub(crate) async fn razorpay_post(&self, path: &str, body: &Value) -> Answer {
        send(self.razorpay(self.http.post(self.url(&format!("/razorpay/v1{path}"))).json(body))).await
    }

    pub(crate) async fn order(&self, amount: i64) -> String {
        let (status, order) =
            self.razorpay_post("/orders", &json!({"amount": amount, "currency": "INR", "receipt": "ORD000001"})).await;
        assert_eq!(status, 200, "{order}");
        text(&order["id"])
    }

    pub(crate) async fn pay(&self, order: &str, how: Value) -> Value {
        let (status, paid) = self.post(&format!("/_sandbox/razorpay/orders/{order}/pay"), &how).await;
        assert_eq!(status, 200, "{paid}");
        paid
    }

    pub(crate) async fn paid_payment(&self, amount: i64) -> String {
        let order = self.order(amount).await;
        text(&self.pay(&order, json!({})).await["razorpay_payment_id"])
    }

    /// A phone signs in; the whole answer.
    pub(crate) async fn sign_in(&self, phone: &str) -> Value {
        let request = json!({"phoneNumber": phone, "recaptchaToken": "token"});
        let (status, sent) = self.post("/firebase/identitytoolkit/v1/accounts:sendVerificationCode?key=k", &request).await;
        assert_eq!(status, 200, "{sent}");
        let (_, otp) = self.get(&format!("/_sandbox/phones/{phone}/otp")).await;
        let request = json!({"sessionInfo": sent["sessionInfo"], "code": otp["data"]["code"]});
        let (status, signed_in) = self.post("/firebase/identitytoolkit/v1/accounts:signInWithPhoneNumber?key=k", &request).await;
        assert_eq!(status, 200, "{signed_in}");
        signed_in
    }

    pub(crate) async fn refresh(&self, token: &Value) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        send(self.http.post(self.url("/firebase/securetoken/v1/token?key=k")).form(&form)).await
    }

    /// Signs with the service account.
    pub(crate) fn assert(&self, claims: &Value) -> String {
        let key = EncodingKey::from_rsa_pem(self.sandbox.service_account.private_key.as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
    }

    pub(crate) async fn access_token(&self, scope: &str) -> Answer {
        let now = jsonwebtoken::get_current_timestamp();
        let assertion = self.assert(&json!({
            "iss": self.sandbox.service_account.client_email, "scope": scope,
            "aud": "https://oauth2.googleapis.com/token", "iat": now, "exp": now + 3_600,
        }));
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        send(self.http.post(self.url("/google/oauth2/token")).form(&form)).await
    }

    /// An admin call of Identity Toolkit.
    pub(crate) async fn admin(&self, call: &str, body: &Value) -> Answer {
        let (_, granted) = self.access_token(IDENTITY_SCOPE).await;
        let url = self.url(&format!("/firebase/identitytoolkit/v1/projects/demo-realserv/accounts{call}"));
        send(self.http.post(url).bearer_auth(granted["access_token"].as_str().unwrap()).json(body)).await
    }

    pub(crate) async fn whatsapp(&self, message: Value) -> Answer {
        let mut message = message;
        message["messaging_product"] = json!("whatsapp");
        let url = self.url("/whatsapp/v26.0/106540352242922/messages");
        send(self.http.post(url).bearer_auth("rs_test_whatsapp_token").json(&message)).await
    }

    /// Types as a phone.
    pub(crate) async fn types(&self, phone: &str, what: Value) -> Value {
        let (status, typed) = self.post(&format!("/_sandbox/phones/{phone}/whatsapp"), &what).await;
        assert_eq!(status, 200, "{typed}");
        typed["data"].clone()
    }
}

pub(crate) fn client(timeout: Duration) -> reqwest::Client {
    #[expect(clippy::disallowed_methods, reason = "tests call the sandbox as anybody would")]
    reqwest::Client::builder().timeout(timeout).build().unwrap()
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A webhook as it came in.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).unwrap().to_str().unwrap().to_owned()
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// Razorpay's event name.
    pub(crate) fn event(&self) -> String {
        text(&self.body()["event"])
    }
}

#[derive(Default)]
struct Inbox {
    received: Vec<Received>,
    refuse: usize,
}

/// Takes webhooks, or refuses some first.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Mutex<Inbox>>,
}

impl Receiver {
    async fn start() -> Self {
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let app = Router::new().route("/", post(take)).with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, inbox }
    }

    pub(crate) fn refuse(&self, times: usize) {
        self.inbox.lock().unwrap().refuse = times;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inbox.lock().unwrap().received.clone()
    }

    /// Waits until that many have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..200 {
            if self.received().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let received = self.received();
        assert!(received.len() >= count, "only {} of {count} webhooks came", received.len());
        received
    }
}

async fn take(State(inbox): State<Arc<Mutex<Inbox>>>, headers: HeaderMap, bytes: Bytes) -> StatusCode {
    let mut inbox = inbox.lock().unwrap();
    inbox.received.push(Received { headers, bytes });
    if inbox.refuse > 0 {
        inbox.refuse -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}
