//! One user service with a Firebase to itself.

use std::ops::Deref;
use std::sync::atomic::{AtomicU8, Ordering};

use domain::{AdminRole, BuyerId, Clock as _, UserId};
use reqwest::Method;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use testkit::{Answer, Identity, TestService};
use user::UserService;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

const RUNNING: &str = "/internal/v1/orders/running";

pub(crate) struct World {
    pub(crate) service: TestService<UserService>,
    pub(crate) firebase: Sandbox,
    http: reqwest::Client,
    newest: AtomicU8,
}

impl Deref for World {
    type Target = TestService<UserService>;
    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

/// Somebody signed in by phone.
#[derive(Debug, Clone)]
pub(crate) struct Human {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    pub(crate) registered: bool,
}

/// A registered buyer.
#[derive(Debug, Clone)]
pub(crate) struct Buyer {
    pub(crate) user_id: UserId,
    pub(crate) buyer_id: BuyerId,
    pub(crate) human: Human,
}

impl Buyer {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/buyers/{}{rest}", self.buyer_id)
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox lives by the machine's clock, so the test's begins there")]
fn machine_time() -> chrono::DateTime<chrono::Utc> {
    chrono::SubsecRound::trunc_subsecs(chrono::Utc::now(), 6)
}

pub(crate) async fn world() -> World {
    world_with(&[]).await
}

pub(crate) async fn world_with(more: &[&str]) -> World {
    Box::pin(build(more)).await
}

async fn build(more: &[&str]) -> World {
    service_kit::process::init();
    let firebase = sandbox::start(Settings::for_tests().unwrap()).await.unwrap();
    let account = serde_json::to_string(&firebase.service_account).unwrap();
    let identity = firebase.url("/firebase/identitytoolkit");
    let token = firebase.url("/firebase/securetoken");
    let oauth = firebase.url("/google/oauth2");
    let mut settings = vec![
        "--firebase-api-key",
        "test-key",
        "--firebase-identity-url",
        &identity,
        "--firebase-token-url",
        &token,
        "--google-oauth-url",
        &oauth,
        "--firebase-service-account",
        &account,
    ];
    settings.extend_from_slice(more);
    let service = TestService::<UserService>::start(&settings).await;
    service.clock.set(machine_time());
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    let world = World { service, firebase, http, newest: AtomicU8::new(90) };
    world.publish_keys().await;
    world.neighbour("GET", RUNNING, 200, json!([])).await;
    world
}

impl World {
    /// The service believes the sandbox's tokens as well as the test's own.
    async fn publish_keys(&self) {
        let theirs: Value = self.http.get(self.firebase.url("/firebase/jwks")).send().await.unwrap().json().await.unwrap();
        let mut keys = theirs["keys"].as_array().unwrap().clone();
        keys.extend(Identity::jwks()["keys"].as_array().unwrap().clone());
        let answer =
            ResponseTemplate::new(200).set_body_json(json!({ "keys": keys })).insert_header("cache-control", "max-age=3600");
        Mock::given(method("GET")).and(path("/jwks")).respond_with(answer).with_priority(1).mount(&self.neighbours).await;
    }

    /// The order service says from now on that these orders of a party run.
    pub(crate) async fn orders_run(&self, (party, id): (&str, &str), orders: Value) {
        let answer = ResponseTemplate::new(200).set_body_json(json!({ "data": orders }));
        let asked = Mock::given(method("GET")).and(path(RUNNING)).and(query_param(party, id)).respond_with(answer);
        // The newest goes first.
        let priority = self.newest.fetch_sub(1, Ordering::Relaxed);
        asked.with_priority(priority).mount(&self.neighbours).await;
    }

    /// The order service is down from now on.
    pub(crate) async fn orders_are_down(&self) {
        let down = Mock::given(method("GET")).and(path(RUNNING)).respond_with(ResponseTemplate::new(503));
        down.with_priority(1).mount(&self.neighbours).await;
    }

    /// A call without a token.
    pub(crate) async fn open_post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, None, Some(body), &[]).await
    }

    /// The newest sign-in code of a phone.
    pub(crate) async fn code(&self, phone: &str) -> String {
        let url = self.firebase.url(&format!("/_sandbox/phones/{phone}/otp"));
        let body: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        body["data"]["code"].as_str().expect("a code").to_owned()
    }

    /// Switches trouble on at Firebase.
    pub(crate) async fn fault(&self, operation: &str, kind: &str, value: u64) {
        let fault = json!({"system": "firebase", "operation": operation, "kind": kind, "value": value});
        let answer = self.http.post(self.firebase.url("/_sandbox/faults")).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Switches all trouble off.
    pub(crate) async fn no_faults(&self) {
        self.http.delete(self.firebase.url("/_sandbox/faults")).send().await.unwrap();
    }

    pub(crate) async fn sign_in(&self, phone: &str) -> Human {
        let sent = self.open_post("/api/v1/auth/send-otp", &json!({ "phone": phone })).await;
        let session = sent.data(200)["session_info"].clone();
        let code = self.code(phone).await;
        let verified = self.open_post("/api/v1/auth/verify-phone", &json!({"session_info": session, "code": code})).await;
        let data = verified.data(200);
        // The sandbox signs in by the machine's clock, and a busy machine takes its time: the test's goes along.
        self.clock.set(self.clock.now().max(machine_time()));
        Human {
            token: data["id_token"].as_str().unwrap().to_owned(),
            refresh_token: data["refresh_token"].as_str().unwrap().to_owned(),
            registered: data["registered"].as_bool().unwrap(),
        }
    }

    pub(crate) async fn refresh(&self, human: &Human) -> Human {
        let answer = self.open_post("/api/v1/auth/refresh-token", &json!({ "refresh_token": human.refresh_token })).await;
        let data = answer.data(200);
        Human { token: data["id_token"].as_str().unwrap().to_owned(), ..human.clone() }
    }

    pub(crate) async fn register(&self, human: &Human, user_type: &str) -> Answer {
        self.post("/api/v1/auth/register", &human.token, &json!({"user_type": user_type, "full_name": "Asha Rao"})).await
    }

    /// Signed in, registered and with a token that says so.
    pub(crate) async fn buyer(&self, phone: &str) -> Buyer {
        let human = self.sign_in(phone).await;
        let registered = self.register(&human, "buyer").await;
        let user = registered.data(201)["user"].clone();
        Buyer {
            user_id: serde_json::from_value(user["id"].clone()).unwrap(),
            buyer_id: serde_json::from_value(user["buyer_id"].clone()).unwrap(),
            human: self.refresh(&human).await,
        }
    }

    /// Staff by token alone, for operations that do not look them up.
    pub(crate) fn staff(&self, role: AdminRole) -> String {
        self.people.admin(role).token
    }

    /// What Firebase says in a fresh token of this person.
    pub(crate) async fn claims(&self, human: &Human) -> Value {
        use base64::Engine as _;
        let token = self.refresh(human).await.token;
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    /// Lets time pass, runs what is due then, and takes events as published.
    pub(crate) async fn later(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
        self.run_due_jobs().await;
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db.pool).await.unwrap()
    }

    /// The end of a test: nothing is left undone.
    pub(crate) async fn finish(self) {
        self.service.said().await;
        self.service.finish().await;
        self.firebase.stop().await;
    }
}
