//! One integration service with outside systems to itself, and a vendor with a phone.

use std::ops::Deref;
use std::time::Duration;

use domain::events::{UserFacts, UserRegistered, VendorFacts, VendorOnboarded};
use domain::{
    Clock as _, DeliveryId, GstScheme, IdGen, KycStatus, OrderId, ServiceName, SystemClock, SystemIds, UserId, UserStatus,
    UserType, VendorId, VendorStatus,
};
use integration::IntegrationService;
use reqwest::Method;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use testkit::TestService;
use testkit::wiremock::matchers::{method, path};
use testkit::wiremock::{Mock, ResponseTemplate};

pub(crate) const PHONE: &str = "+919848012345";
pub(crate) const APP_SECRET: &str = "rs_test_app_secret_fedcba98";

pub(crate) struct World {
    pub(crate) service: TestService<IntegrationService>,
    pub(crate) outside: Sandbox,
    pub(crate) user_id: UserId,
    pub(crate) vendor_id: VendorId,
    pub(crate) http: reqwest::Client,
}

impl Deref for World {
    type Target = TestService<IntegrationService>;
    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

pub(crate) fn new_id<I: domain::Id>() -> I {
    let ids: &dyn IdGen = &SystemIds;
    ids.next()
}

pub(crate) async fn world() -> World {
    service_kit::process::init();
    let outside = sandbox::start(Settings::for_tests().unwrap()).await.unwrap();
    let account = serde_json::to_string(&outside.service_account).unwrap();
    let at = |prefix: &str| outside.url(prefix);
    let (whatsapp, identity, token) = (at("/whatsapp"), at("/firebase/identitytoolkit"), at("/firebase/securetoken"));
    let (oauth, maps, routes) = (at("/google/oauth2"), at("/maps"), at("/routes"));
    let service = Box::pin(TestService::<IntegrationService>::start(&[
        "--whatsapp-url",
        &whatsapp,
        "--whatsapp-phone-number-id",
        "106540352242922",
        "--whatsapp-access-token",
        "rs_test_whatsapp_token",
        "--whatsapp-app-secret",
        APP_SECRET,
        "--whatsapp-verify-token",
        "rs_test_verify_token",
        "--whatsapp-timeout-seconds",
        "2",
        "--firebase-api-key",
        "any",
        "--firebase-identity-url",
        &identity,
        "--firebase-token-url",
        &token,
        "--google-oauth-url",
        &oauth,
        "--firebase-service-account",
        &account,
        "--google-maps-url",
        &maps,
        "--google-routes-url",
        &routes,
        "--google-maps-api-key",
        "any",
        "--public-api-url",
        "{neighbours}",
    ]))
    .await;
    // Firebase looks at the times in our tokens.
    service.clock.set(SystemClock.now());
    outside.send_webhooks_to(None, Some(format!("{}/api/v1/whatsapp/webhook", service.base_url)));
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    World { service, outside, user_id: new_id(), vendor_id: new_id(), http }
}

/// A world whose vendor is known.
pub(crate) async fn world_with_vendor() -> World {
    let world = world().await;
    world.deliver(ServiceName::User, &UserRegistered { user: world.user(UserStatus::Active) }).await;
    let vendor = world.vendor(1);
    world.deliver(ServiceName::VendorManagement, &VendorOnboarded { vendor }).await;
    world
}

/// A message as the chat shows it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) buttons: Vec<(String, String)>,
}

impl World {
    pub(crate) fn user(&self, status: UserStatus) -> UserFacts {
        UserFacts {
            user_id: self.user_id,
            firebase_uid: format!("uid-{}", self.user_id),
            phone: PHONE.parse().unwrap(),
            email: None,
            full_name: "Ravi".into(),
            user_type: UserType::Vendor,
            status,
            buyer_id: None,
            vendor_id: Some(self.vendor_id),
            preferred_language: "en".into(),
        }
    }

    /// In Uppal, delivering to two pincodes.
    pub(crate) fn vendor(&self, revision: i64) -> VendorFacts {
        VendorFacts {
            vendor_id: self.vendor_id,
            user_id: self.user_id,
            business_name: "Sri Sai Traders".into(),
            status: VendorStatus::Active,
            kyc_status: KycStatus::Approved,
            is_accepting_orders: true,
            gst_scheme: GstScheme::Regular,
            state_code: "36".parse().unwrap(),
            phone: PHONE.parse().unwrap(),
            latitude: Some(17.4058),
            longitude: Some(78.5591),
            service_radius_km: None,
            service_pincodes: vec!["500032".parse().unwrap(), "500081".parse().unwrap()],
            commission_rate: "10.00".parse().unwrap(),
            revision,
        }
    }

    async fn control(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut request = self.http.request(method, self.outside.url(&format!("/_sandbox{path}")));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap_or(Value::Null)
    }

    pub(crate) async fn fault(&self, fault: &Value) {
        self.control(Method::POST, "/faults", Some(fault)).await;
    }

    pub(crate) async fn no_faults(&self) {
        self.control(Method::DELETE, "/faults", None).await;
    }

    /// Acts as a phone and waits until the service has written it down.
    pub(crate) async fn act_as(&self, phone: &str, what: &Value) {
        let before = self.count_inbound().await;
        self.control(Method::POST, &format!("/phones/{phone}/whatsapp"), Some(what)).await;
        for _ in 0..100 {
            if self.count_inbound().await > before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the webhook has not come");
    }

    pub(crate) async fn count_inbound(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM whatsapp_messages WHERE direction = 'inbound'")
            .fetch_one(&self.db.pool)
            .await
            .unwrap()
    }

    /// Says something as the vendor and returns what is answered.
    pub(crate) async fn say(&self, text: &str) -> Said {
        self.act_as(PHONE, &json!({ "text": text })).await;
        self.run_due_jobs().await;
        self.last_reply(PHONE).await
    }

    /// Presses a button.
    pub(crate) async fn press(&self, button: &(String, String)) -> Said {
        self.act_as(PHONE, &json!({"button": {"id": button.0, "title": button.1}})).await;
        self.run_due_jobs().await;
        self.last_reply(PHONE).await
    }

    /// What the service has said to a phone, in order.
    pub(crate) async fn replies(&self, phone: &str) -> Vec<Said> {
        let chat = self.control(Method::GET, &format!("/phones/{phone}/whatsapp"), None).await;
        let all = chat["data"].as_array().cloned().unwrap_or_default();
        all.iter()
            .filter(|message| {
                message["direction"] == "outbound" || message["direction"] == "to_phone" || message["direction"] == "out"
            })
            .map(|message| {
                let text = message["text"].as_str().unwrap_or_default().to_owned();
                let buttons = message["buttons"].as_array().cloned().unwrap_or_default();
                let word = |button: &Value, name: &str| button[name].as_str().unwrap_or_default().to_owned();
                Said { text, buttons: buttons.iter().map(|button| (word(button, "id"), word(button, "title"))).collect() }
            })
            .collect()
    }

    pub(crate) async fn last_reply(&self, phone: &str) -> Said {
        let replies = self.replies(phone).await;
        replies.last().unwrap_or_else(|| panic!("nothing was said")).clone()
    }

    /// Answers a path this often, before anything mounted for always.
    pub(crate) async fn answers(&self, verb: &str, at: &str, status: u16, body: Value, times: u64) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .up_to_n_times(times)
            .with_priority(10)
            .mount(&self.neighbours)
            .await;
    }

    /// The public API has an order of our vendor's.
    pub(crate) async fn order(&self, number: &str, status: &str, payment_method: &str) -> OrderId {
        let id: OrderId = new_id();
        let order = self.order_out(id, number, status, payment_method);
        self.neighbour("GET", &format!("/api/v1/orders/by-number/{number}"), 200, order.clone()).await;
        self.neighbour("GET", &format!("/api/v1/orders/vendor/{}", self.vendor_id), 200, json!([order])).await;
        id
    }

    pub(crate) fn order_out(&self, id: OrderId, number: &str, status: &str, payment_method: &str) -> Value {
        json!({"id": id, "order_number": number, "vendor_id": self.vendor_id, "status": status, "payment_method": payment_method,
               "payment_status": "paid", "total": "5000.00", "currency": "INR",
               "items": [{"name": "OPC 53 cement", "quantity": "10", "unit": "bag"}]})
    }

    pub(crate) async fn delivery(&self, order: OrderId, status: &str) -> DeliveryId {
        let id: DeliveryId = new_id();
        let delivery = json!({"id": id, "order_id": order, "status": status});
        self.neighbour("GET", &format!("/api/v1/deliveries/order/{order}"), 200, delivery).await;
        id
    }

    /// The calls that came to a path of the public API.
    pub(crate) async fn calls(&self, verb: &str, at: &str) -> Vec<testkit::wiremock::Request> {
        let all = self.neighbours.received_requests().await.unwrap_or_default();
        all.into_iter().filter(|request| request.method.as_str() == verb && request.url.path() == at).collect()
    }
}
