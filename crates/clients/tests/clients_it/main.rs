//! The clients of our own services against a neighbour that answers what the test says.
#![expect(clippy::unwrap_used, reason = "test code says what went wrong by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::ServiceTokens;
use clients::catalog::ReplaceReservationIn;
use clients::{CatalogClient, IntegrationClient, OrderClient, ServiceClient, ServiceError, UserClient};
use context::Context;
use domain::{Actor, ActorKind, Channel, OrderId, ServiceName, SharedIds, SystemIds, UserId};
use serde_json::{Value, json};
use testkit::wiremock::matchers::{any, method, path};
use testkit::wiremock::{Mock, MockServer, Request, ResponseTemplate};
use testkit::{Identity, TestClock};

struct Neighbour {
    server: MockServer,
    clock: Arc<TestClock>,
    ids: SharedIds,
}

impl Neighbour {
    async fn start() -> Self {
        auth::install_crypto();
        Self { server: MockServer::start().await, clock: TestClock::start(), ids: Arc::new(SystemIds) }
    }

    async fn answering(status: u16, body: &Value) -> Self {
        let neighbour = Self::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_json(body)).mount(&neighbour.server).await;
        neighbour
    }

    /// The tokens of one service, by this neighbour's clock.
    fn tokens(&self, service: ServiceName) -> ServiceTokens {
        ServiceTokens::new(&Identity::service_settings(service), self.clock.shared(), self.ids.clone()).unwrap()
    }

    fn http() -> outbound::HttpSettings {
        outbound::HttpSettings { timeout: Duration::from_secs(2), ..outbound::HttpSettings::default() }
    }

    fn catalog(&self) -> CatalogClient {
        let http = outbound::http_client(Self::http()).unwrap();
        CatalogClient::new(http, self.tokens(ServiceName::Order), &self.server.uri())
    }

    fn orders(&self) -> OrderClient {
        let http = outbound::http_client(Self::http()).unwrap();
        OrderClient::new(http, self.tokens(ServiceName::Payment), &self.server.uri())
    }

    async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }
}

fn order_id() -> OrderId {
    (&SystemIds as &dyn domain::IdGen).next()
}

fn refusal(code: &str) -> Value {
    json!({"error": {"code": code, "message": "no", "details": {"left": 3}, "correlation_id": "0"}})
}

fn bearer(request: &Request) -> &str {
    request.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap()
}

#[tokio::test]
async fn what_is_not_there_is_an_answer_and_a_refusal_keeps_code_sentence_and_facts() {
    let nothing = Neighbour::answering(404, &refusal("not_found")).await;
    assert_eq!(nothing.orders().order(order_id()).await, Ok(None));
    assert_eq!(nothing.requests().await.len(), 1, "a refusal is not asked again");

    let full = Neighbour::answering(422, &refusal("out_of_stock")).await;
    let error = full.catalog().release(order_id()).await.unwrap_err();
    let expected = ServiceError::Refused {
        service: ServiceName::Catalog,
        status: 422,
        code: "out_of_stock".to_owned(),
        message: "no".to_owned(),
        details: Some(json!({"left": 3})),
    };
    assert_eq!((error.code(), error.is_transient()), (Some("out_of_stock"), false));
    assert_eq!(error, expected);
}

/// What a failed POST means: whether it was done decides what must be undone.
#[tokio::test]
async fn each_answer_says_whether_it_may_have_been_done() {
    #[derive(Debug, PartialEq)]
    enum Kind {
        Refused,
        Unavailable,
        Unknown,
    }
    let table = [
        (400, refusal("validation_failed"), Kind::Refused, false),
        (401, refusal("invalid_token"), Kind::Refused, false),
        (409, refusal("illegal_transition"), Kind::Refused, false),
        (409, refusal("concurrent_change"), Kind::Refused, true),
        (409, refusal("request_in_progress"), Kind::Refused, true),
        (429, refusal("rate_limited"), Kind::Unavailable, true),
        (503, refusal("identity_unavailable"), Kind::Unavailable, true),
        (503, json!("no envelope"), Kind::Unavailable, true),
        // The commit may have gone through.
        (503, refusal("database_unavailable"), Kind::Unknown, true),
        (500, refusal("internal"), Kind::Unknown, true),
        (502, json!({}), Kind::Unknown, true),
        (504, refusal("timed_out"), Kind::Unknown, true),
        // Somebody in between, not the service.
        (404, json!({"message": "no route"}), Kind::Unknown, true),
        (302, json!({}), Kind::Unknown, true),
        (200, json!({"data": {"order_id": "secret-value"}}), Kind::Unknown, true),
        (200, json!([]), Kind::Unknown, true),
    ];
    for (status, body, kind, transient) in table {
        let neighbour = Neighbour::answering(status, &body).await;
        let error = neighbour.catalog().release(order_id()).await.unwrap_err();
        let found = match &error {
            ServiceError::Refused { .. } => Kind::Refused,
            ServiceError::Unavailable { .. } => Kind::Unavailable,
            ServiceError::Unknown { .. } => Kind::Unknown,
        };
        assert_eq!((found, error.is_transient()), (kind, transient), "{status} {body} gave {error}");
        assert!(!error.to_string().contains("secret-value"), "{error}");
        assert_eq!(neighbour.requests().await.len(), 1, "what has an effect is asked once: {status} {body}");
    }
}

#[tokio::test]
async fn a_service_that_is_down_did_nothing_and_one_that_does_not_answer_may_have() {
    let neighbour = Neighbour::start().await;
    let http = outbound::http_client(Neighbour::http()).unwrap();
    let nobody = CatalogClient::new(http.clone(), neighbour.tokens(ServiceName::Order), "http://127.0.0.1:1");
    let error = nobody.release(order_id()).await.unwrap_err();
    assert!(matches!(error, ServiceError::Unavailable { service: ServiceName::Catalog, .. }), "{error}");

    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).mount(&neighbour.server).await;
    let begun = Instant::now();
    let error = neighbour.catalog().release(order_id()).await.unwrap_err();
    assert!(matches!(error, ServiceError::Unknown { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(12), "it waits less than its caller does");
}

#[tokio::test]
async fn a_question_is_asked_again_while_the_service_restarts() {
    let neighbour = Neighbour::start().await;
    let gone = ResponseTemplate::new(503).set_body_json(refusal("starting"));
    Mock::given(method("GET")).respond_with(gone).up_to_n_times(2).mount(&neighbour.server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": []})))
        .mount(&neighbour.server)
        .await;
    let (vendor, now) = (neighbour.ids.next(), now(&neighbour));
    assert_eq!(neighbour.orders().completed(vendor, now, now).await, Ok(vec![]));
    let asked = neighbour.requests().await;
    assert_eq!(asked.len(), 3);
    let query: std::collections::HashMap<_, _> = asked[0].url.query_pairs().into_owned().collect();
    assert_eq!(query["vendor_id"], vendor.to_string());
    assert_eq!(query["from"].parse(), Ok(now), "a time survives the query string");
}

fn now(neighbour: &Neighbour) -> chrono::DateTime<chrono::Utc> {
    use domain::Clock as _;
    neighbour.clock.now()
}

#[tokio::test]
async fn a_call_carries_a_token_for_its_callee_alone_and_the_piece_of_work_it_belongs_to() {
    let neighbour = Neighbour::answering(404, &refusal("not_found")).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let work = Context { traceparent: Some(trace.to_owned()), ..Context::new(neighbour.ids.next()) };
    let correlation_id = work.correlation_id;
    context::scope(work, neighbour.orders().order(order_id())).await.unwrap();
    let asked = neighbour.requests().await;
    assert_eq!(asked[0].headers["x-correlation-id"], correlation_id.to_string());
    assert_eq!(asked[0].headers["traceparent"], trace);
    let caller = neighbour.tokens(ServiceName::Order).verify(bearer(&asked[0])).unwrap();
    assert_eq!((caller.service, caller.on_behalf_of), (ServiceName::Payment, None));
    let elsewhere = neighbour.tokens(ServiceName::Catalog).verify(bearer(&asked[0]));
    assert_eq!(elsewhere, Err(auth::TokenError::WrongAudience));
}

#[tokio::test]
async fn who_we_act_for_is_said_only_in_the_calls_made_for_them() {
    let neighbour = Neighbour::answering(404, &refusal("not_found")).await;
    let buyer = Actor::person(ActorKind::Buyer, neighbour.ids.next::<UserId>(), Channel::Mobile);
    let orders = neighbour.orders();
    orders.acting_for(&buyer).order(order_id()).await.unwrap();
    orders.order(order_id()).await.unwrap();
    let callee = neighbour.tokens(ServiceName::Order);
    let acted: Vec<_> =
        neighbour.requests().await.iter().map(|request| callee.verify(bearer(request)).unwrap().on_behalf_of).collect();
    assert_eq!(acted, [Some(buyer), None]);
}

#[tokio::test]
async fn addresses_are_written_so_that_they_arrive() {
    let neighbour = Neighbour::start().await;
    Mock::given(path("/internal/v1/users/by-phone/%2B919876543210"))
        .respond_with(ResponseTemplate::new(404).set_body_json(refusal("not_found")))
        .mount(&neighbour.server)
        .await;
    Mock::given(path("/api/v1/location/geocode"))
        .respond_with(ResponseTemplate::new(422).set_body_json(refusal("place_not_found")))
        .mount(&neighbour.server)
        .await;
    let (http, tokens) = (outbound::http_client(Neighbour::http()).unwrap(), neighbour.tokens(ServiceName::Notification));
    // A slash too many in a setting does no harm.
    let base = format!("{}/", neighbour.server.uri());
    let users = UserClient::new(http.clone(), tokens.clone(), &base);
    assert_eq!(users.by_phone(&"9876543210".parse().unwrap()).await, Ok(None));
    let maps = IntegrationClient::new(http.clone(), tokens.clone(), &base);
    assert_eq!(maps.geocode("nowhere").await, Ok(None));
    let plain = ServiceClient::new(http, tokens, ServiceName::User, &base);
    let missing = plain.get::<Value>("/elsewhere", &()).await.unwrap_err();
    assert!(matches!(missing, ServiceError::Unknown { .. }), "a 404 without our envelope is not the service's answer");
}

#[tokio::test]
async fn other_lines_are_put_at_the_orders_reservation_and_the_revision_comes_back() {
    let order = order_id();
    let answer = json!({"data": {"order_id": order, "status": "active", "revision": 4}});
    let neighbour = Neighbour::answering(200, &answer).await;
    let lines = ReplaceReservationIn { revision: 4, lines: Vec::new() };
    assert_eq!(neighbour.catalog().replace(order, &lines).await.unwrap().revision, 4);
    let request = neighbour.requests().await.remove(0);
    assert_eq!((request.method.as_str(), request.url.path()), ("PUT", format!("/internal/v1/reservations/{order}").as_str()));
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({"revision": 4, "lines": []}));
    // An answer from before there were revisions is the first one.
    let older = Neighbour::answering(200, &json!({"data": {"order_id": order, "status": "active"}})).await;
    assert_eq!(older.catalog().release(order).await.unwrap().revision, 1);
}
