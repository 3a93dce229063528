//! One payment service with a Razorpay to itself.

use std::ops::Deref;

use clients::payment::OpenPaymentIn;
use domain::events::{OrderCancelled, OrderDelivered, OrderFacts};
use domain::{
    ActorKind, AdminRole, BuyerId, Clock as _, IdGen, MediaId, Money, OrderId, OrderNumber, OrderType, PaymentMethod,
    ServiceName, SystemIds, UserId, VendorId,
};
use payment::PaymentService;
use reqwest::Method;
use sandbox::{Sandbox, Settings};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::{Answer, Person, TestService};

pub(crate) const WEBHOOK_SECRET: &str = "rs_test_webhook_secret_abcdef";
const SECRETS: &str = "rs_test_webhook_secret_abcdef,rs_test_webhook_secret_of_old";

pub(crate) struct World {
    pub(crate) service: TestService<PaymentService>,
    pub(crate) razorpay: Sandbox,
    pub(crate) buyer: Person,
    pub(crate) vendor: Person,
    pub(crate) finance: Person,
    http: reqwest::Client,
}

impl Deref for World {
    type Target = TestService<PaymentService>;
    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

pub(crate) async fn world() -> World {
    service_kit::process::init();
    let razorpay = sandbox::start(Settings::for_tests().unwrap()).await.unwrap();
    let url = razorpay.url("/razorpay");
    let service = TestService::<PaymentService>::start(&[
        "--razorpay-url",
        &url,
        "--razorpay-key-id",
        "rzp_test_sandbox",
        "--razorpay-key-secret",
        "rs_test_key_secret_0123456789",
        "--razorpay-webhook-secrets",
        SECRETS,
        "--razorpay-timeout-seconds",
        "1",
    ])
    .await;
    let (buyer, vendor, finance) = (service.people.buyer(), service.people.vendor(), service.people.admin(AdminRole::Finance));
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    let aws = std::env::var("AWS_ENDPOINT_URL").unwrap();
    let made = http.put(format!("{aws}/realserv-invoices")).send().await.unwrap().status();
    assert!(made.is_success() || made.as_u16() == 409, "{made}");
    World { service, razorpay, buyer, vendor, finance, http }
}

pub(crate) fn new_id<I: domain::Id>() -> I {
    let ids: &dyn IdGen = &SystemIds;
    ids.next()
}

/// An order as the order service would have it paid.
pub(crate) fn terms(buyer: &Person, vendor: &Person, rupees: i32) -> OpenPaymentIn {
    OpenPaymentIn {
        order_id: new_id(),
        order_number: OrderNumber::from_sequence(1),
        buyer_id: buyer.buyer_id,
        buyer_user_id: buyer.user_id,
        vendor_id: vendor.vendor_id,
        amount: Money::from_rupees(rupees),
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Sandbox and service in the same time: what the gateway dates today is today's.
pub(crate) async fn world_of_today() -> World {
    let mut w = world().await;
    w.clock.set(domain::SystemClock.now());
    let people = &w.service.people;
    let (buyer, vendor, finance) = (people.buyer(), people.vendor(), people.admin(AdminRole::Finance));
    (w.buyer, w.vendor, w.finance) = (buyer, vendor, finance);
    w
}

impl World {
    pub(crate) fn terms(&self, rupees: i32) -> OpenPaymentIn {
        terms(&self.buyer, &self.vendor, rupees)
    }

    pub(crate) async fn open(&self, terms: &OpenPaymentIn) -> Answer {
        let body = serde_json::to_value(terms).unwrap();
        self.post("/api/v1/payments/create-order", &self.service_token(ServiceName::Order), &body).await
    }

    pub(crate) async fn open_cod(&self, terms: &OpenPaymentIn) -> Answer {
        let body = serde_json::to_value(terms).unwrap();
        self.post("/api/v1/payments/cod/create", &self.service_token(ServiceName::Order), &body).await
    }

    /// An opened online payment: ours, and the gateway's order.
    pub(crate) async fn opened(&self, terms: &OpenPaymentIn) -> (String, String) {
        let answer = self.open(terms).await;
        let data = answer.data(201);
        (text(&data["payment_id"]), text(&data["gateway"]["razorpay_order_id"]))
    }

    /// Pays at Checkout; what it hands to the app.
    pub(crate) async fn pay(&self, gateway_order: &str, how: Value) -> Value {
        let (status, paid) = self.sandbox(Method::POST, &format!("/_sandbox/razorpay/orders/{gateway_order}/pay"), &how).await;
        assert_eq!(status, 200, "{paid}");
        paid
    }

    pub(crate) async fn verify(&self, paid: &Value, token: &str) -> Answer {
        let body = json!({
            "razorpay_order_id": paid["razorpay_order_id"], "razorpay_payment_id": paid["razorpay_payment_id"],
            "razorpay_signature": paid["razorpay_signature"],
        });
        self.post("/api/v1/payments/verify", token, &body).await
    }

    /// A payment that is captured: ours, and the gateway's.
    pub(crate) async fn captured(&self, terms: &OpenPaymentIn) -> (String, String) {
        let (id, gateway_order) = self.opened(terms).await;
        let paid = self.pay(&gateway_order, json!({})).await;
        assert_eq!(self.verify(&paid, &self.buyer.token).await.data(200)["status"], "captured");
        (id, text(&paid["razorpay_payment_id"]))
    }

    /// A cash payment that was collected.
    pub(crate) async fn collected(&self, terms: &OpenPaymentIn) -> String {
        let id = text(&self.open_cod(terms).await.data(201)["payment_id"]);
        self.delivered(terms).await;
        let body = json!({"amount": terms.amount});
        let _ = self.put(&format!("/api/v1/payments/cod/{id}/mark-collected"), &self.vendor.token, &body).await.data(200);
        id
    }

    /// Lets the integration service know a file, and who stored it.
    pub(crate) async fn stored_by(&self, id: MediaId, by: UserId) {
        let facts = json!({"media_id": id, "category": "cod_proof", "file_type": "image/png", "uploaded_by": by, "sha256": "00"});
        self.neighbour("GET", &format!("/internal/v1/media/{id}"), 200, facts).await;
    }

    pub(crate) async fn sandbox(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.request(method, self.razorpay.url(path)).json(body);
        let response = request.basic_auth("rzp_test_sandbox", Some("rs_test_key_secret_0123456789")).send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let (status, body) = self.sandbox(Method::POST, "/_sandbox/faults", &fault).await;
        assert_eq!(status, 201, "{body}");
    }

    /// How many orders the gateway has for one of ours.
    pub(crate) async fn gateway_orders(&self, order: OrderId) -> usize {
        let path = format!("/razorpay/v1/orders?receipt={}", order.as_uuid().simple());
        let (status, found) = self.sandbox(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, 200, "{found}");
        found["items"].as_array().unwrap().len()
    }

    /// The refunds that the gateway has of one of its payments.
    pub(crate) async fn gateway_refunds(&self, gateway_payment: &str) -> Vec<Value> {
        let (_, found) =
            self.sandbox(Method::GET, &format!("/razorpay/v1/payments/{gateway_payment}/refunds"), &Value::Null).await;
        found["items"].as_array().unwrap().clone()
    }

    /// A payment as the gateway shows it.
    pub(crate) async fn entity(&self, gateway_payment: &str) -> Value {
        self.sandbox(Method::GET, &format!("/razorpay/v1/payments/{gateway_payment}"), &Value::Null).await.1
    }

    /// A webhook with any body, signed.
    pub(crate) async fn webhook(&self, event_id: &str, body: &Value) -> Answer {
        self.webhook_signed(event_id, body, WEBHOOK_SECRET).await
    }

    pub(crate) async fn webhook_signed(&self, event_id: &str, body: &Value, secret: &str) -> Answer {
        let raw = body.to_string();
        let signature = razorpay::sign(&SecretString::from(secret), raw.as_bytes());
        let headers = [("x-razorpay-signature", signature.as_str()), ("x-razorpay-event-id", event_id)];
        self.send(Method::POST, "/api/v1/payments/webhooks/razorpay", None, Some(body), &headers).await
    }

    /// A webhook about a payment as it stood in some state.
    pub(crate) async fn payment_webhook(&self, event_id: &str, event: &str, entity: &Value) {
        let body = json!({"entity": "event", "account_id": "acc_RSvTest0000001", "event": event, "contains": ["payment"],
            "payload": {"payment": {"entity": entity}}, "created_at": 1_767_225_600});
        let _ = self.webhook(event_id, &body).await.data(200);
    }

    fn order_facts(&self, terms: &OpenPaymentIn, method: PaymentMethod) -> OrderFacts {
        OrderFacts {
            order_id: terms.order_id,
            order_number: terms.order_number.clone(),
            buyer_id: terms.buyer_id,
            buyer_user_id: terms.buyer_user_id,
            vendor_id: terms.vendor_id,
            order_type: OrderType::Material,
            payment_method: method,
            total: terms.amount,
        }
    }

    pub(crate) fn cancellation(&self, terms: &OpenPaymentIn) -> OrderCancelled {
        OrderCancelled {
            order: self.order_facts(terms, PaymentMethod::Online),
            cancelled_by: ActorKind::Buyer,
            reason_code: "buyer_request".to_owned(),
            reason: "changed my mind".to_owned(),
            was_paid: false,
            cancelled_at: self.clock.now(),
        }
    }

    pub(crate) async fn cancelled(&self, terms: &OpenPaymentIn) {
        let outcome = self.deliver(ServiceName::Order, &self.cancellation(terms)).await;
        assert_eq!(outcome, bus::Outcome::Done);
    }

    pub(crate) fn delivery(&self, terms: &OpenPaymentIn) -> OrderDelivered {
        OrderDelivered { order: self.order_facts(terms, PaymentMethod::Cod), delivered_at: self.clock.now() }
    }

    /// Delivered, and invoiced.
    pub(crate) async fn delivered(&self, terms: &OpenPaymentIn) {
        self.invoiceable(terms).await;
        assert_eq!(self.deliver(ServiceName::Order, &self.delivery(terms)).await, bus::Outcome::Done);
        self.run_due_jobs().await;
    }

    /// Lets the other services know what an invoice of the order says: cement at 18 % inside Telangana, and delivery.
    pub(crate) async fn invoiceable(&self, terms: &OpenPaymentIn) {
        let order = terms.order_id;
        let gross = terms.amount.paise() - 15_000;
        let tax = gross * 9 / 118;
        let paise = |paise: i64| Money::from_paise(paise);
        let mut facts = serde_json::to_value(self.order_facts(terms, PaymentMethod::Cod)).unwrap();
        let more = json!({"status": "delivered", "supplier_state": "36", "gst_scheme": "regular",
            "placed_at": self.clock.now(), "delivered_at": self.clock.now(),
            "delivery_address": {"address_line1": "Plot 12, Financial District", "city": "Hyderabad", "state": "Telangana",
                "state_code": "36", "pincode": "500032", "contact_name": "Ravi", "contact_phone": "+919876543210"},
            "lines": [
                {"description": "OPC 53 cement", "tax_code": "2523", "quantity": "50", "unit": "bag",
                 "unit_price": paise((gross - 2 * tax) / 50), "total_price": paise(gross - 2 * tax), "discount": "0.00",
                 "taxable": paise(gross - 2 * tax), "gst_rate": "18.00", "cgst": paise(tax), "sgst": paise(tax),
                 "igst": "0.00"},
                {"description": "Delivery", "tax_code": "996511", "quantity": "1", "unit_price": "150.00",
                 "total_price": "150.00", "discount": "0.00", "taxable": "150.00", "gst_rate": "0.00", "cgst": "0.00",
                 "sgst": "0.00", "igst": "0.00"}]});
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.neighbour("GET", &format!("/internal/v1/orders/{order}/invoice-facts"), 200, facts).await;
        let supplier = json!({"vendor_id": terms.vendor_id, "business_name": "Sri Venkateswara Building Materials",
            "address": "Kukatpally, Hyderabad", "gstin": "36AABCU9603R1ZO", "state_code": "36", "phone": "+919876543211"});
        self.neighbour("GET", &format!("/internal/v1/vendors/{}/supplier", terms.vendor_id), 200, supplier).await;
        let user = json!({"user_id": terms.buyer_user_id, "firebase_uid": "u", "phone": "+919876543210",
            "full_name": "Lakshmi Narayana", "user_type": "buyer", "status": "active", "preferred_language": "en"});
        self.neighbour("GET", &format!("/internal/v1/users/{}", terms.buyer_user_id), 200, user).await;
    }

    /// The order's invoice as finance sees it.
    pub(crate) async fn invoice(&self, terms: &OpenPaymentIn) -> Value {
        self.get(&format!("/api/v1/invoices/order/{}", terms.order_id), &self.finance.token).await.data(200).clone()
    }

    /// The bytes that a path answers, with their type.
    pub(crate) async fn bytes(&self, path: &str, token: &str) -> (u16, String, Vec<u8>) {
        let answer = self.http.get(format!("{}{path}", self.base_url)).bearer_auth(token).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.bytes().await.unwrap().to_vec())
    }

    pub(crate) async fn payment(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/payments/{id}"), &self.finance.token).await.data(200).clone()
    }

    pub(crate) async fn refunds(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/payments/{id}/refund-status"), &self.finance.token).await.data(200).clone()
    }

    pub(crate) async fn refund(&self, id: &str, key: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/payments/{id}/refund");
        self.send(Method::POST, &path, Some(&self.finance.token), Some(body), &[("idempotency-key", key)]).await
    }

    /// An account's balance in paise; the whole ledger adds up to zero each time.
    pub(crate) async fn balance(&self, account: &str) -> i64 {
        let answer = self.get("/api/v1/payments/ledger/accounts", &self.finance.token).await;
        let data = answer.data(200);
        assert_eq!(data["total"], "0.00", "{data}");
        let accounts = data["accounts"].as_array().unwrap();
        let found = accounts.iter().find(|found| found["account"] == account);
        found.map_or(0, |found| found["balance"].as_str().unwrap().parse::<Money>().unwrap().paise())
    }

    pub(crate) fn payable(&self) -> String {
        format!("vendor_payable:{}", self.vendor.vendor_id)
    }

    /// Lets the refunds be done: asks the gateway again until it has paid out.
    pub(crate) async fn refunds_done(&self, id: &str) -> Value {
        self.run_due_jobs().await;
        for _ in 0..40 {
            let refunds = self.refunds(id).await;
            let waiting = refunds["refunds"].as_array().unwrap().iter().any(|refund| refund["status"] == "pending");
            if !waiting {
                return refunds;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            self.clock.advance(chrono::TimeDelta::seconds(61));
            payment::sweep_now(&self.app).await.unwrap();
            self.run_due_jobs().await;
        }
        panic!("the refunds are never done: {}", self.refunds(id).await);
    }
}

/// How many of a type.
pub(crate) fn count(said: &[String], wanted: &str) -> usize {
    said.iter().filter(|said| *said == wanted).count()
}

pub(crate) fn somebody_else(of: &OpenPaymentIn) -> OpenPaymentIn {
    OpenPaymentIn {
        buyer_id: new_id::<BuyerId>(),
        buyer_user_id: new_id::<UserId>(),
        vendor_id: new_id::<VendorId>(),
        ..of.clone()
    }
}
