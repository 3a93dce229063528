//! A buyer, a vendor and neighbours that agree to everything until a test says otherwise.

use std::time::Duration;

use clients::payment::OpenPaymentIn;
use domain::events::{DeliveryDelivered, DeliveryDispatched, DeliveryFacts, PaymentCaptured, PaymentFacts};
use domain::{Clock as _, DeliveryStatus, Money, OrderId, PaymentMethod, ServiceName};
use order::OrderService;
use serde_json::{Value, json};
use testkit::wiremock::matchers::{method, path, path_regex};
use testkit::wiremock::{Mock, Request, ResponseTemplate};
use testkit::{Answer, Person, TestService};
use uuid::Uuid;

pub(crate) const RESERVE: &str = "/internal/v1/reservations";
pub(crate) const OPEN_ONLINE: &str = "/api/v1/payments/create-order";
pub(crate) const OPEN_COD: &str = "/api/v1/payments/cod/create";
pub(crate) const VALIDATE: &str = "/internal/v1/catalog/validate";
pub(crate) const REPLACE_STOCK: &str = "^/internal/v1/reservations/[0-9a-f-]{36}$";
pub(crate) const REPLACE_PAYMENT: &str = "^/internal/v1/payments/order/[0-9a-f-]{36}/replace$";
pub(crate) const AREA: &str = "/api/v1/location/validate-service-area";

pub(crate) struct World {
    pub(crate) service: TestService<OrderService>,
    pub(crate) buyer: Person,
    pub(crate) vendor: Person,
    pub(crate) address_id: Uuid,
    pub(crate) item_id: Uuid,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[&str]) -> Self {
        let settings = [settings, &["--order-saga-retry-millis", "5"]].concat();
        let service = TestService::<OrderService>::start(&settings).await;
        let (buyer, vendor) = (service.people.buyer(), service.people.vendor());
        let world = Self { service, buyer, vendor, address_id: Uuid::from_u128(0xadd), item_id: Uuid::from_u128(0xce) };
        world.agreeable().await;
        world
    }

    async fn agreeable(&self) {
        let service = &self.service;
        service.neighbour("GET", &format!("/internal/v1/addresses/{}", self.address_id), 200, self.address("36")).await;
        service.neighbour("GET", &self.vendor_path(), 200, self.vendor_facts()).await;
        service.neighbour("POST", AREA, 200, area(true, 7_400)).await;
        self.answers("POST", VALIDATE, priced_lines).await;
        self.answers("POST", RESERVE, |request| {
            let asked: Value = request.body_json().unwrap();
            ok(&json!({"order_id": asked["order_id"], "status": "active"}))
        })
        .await;
        self.answers("POST", OPEN_ONLINE, opened_online).await;
        self.answers("POST", OPEN_COD, |request| {
            let asked: OpenPaymentIn = request.body_json().unwrap();
            ok(&json!({"payment_id": asked.order_id, "status": "pending"}))
        })
        .await;
        service.neighbour("POST", "/api/v1/notifications/whatsapp", 200, json!({"notification_ids": []})).await;
        self.editable().await;
        Mock::given(method("POST"))
            .and(path_regex("^/internal/v1/reservations/.+/release$"))
            .respond_with(ok(&json!({"order_id": Uuid::nil(), "status": "released"})))
            .with_priority(100)
            .mount(&service.neighbours)
            .await;
    }

    /// Stock and payment are replaced as wished.
    async fn editable(&self) {
        let kept = |request: &Request| {
            let asked: Value = request.body_json().unwrap();
            ok(&json!({"order_id": Uuid::nil(), "status": "active", "revision": asked["revision"]}))
        };
        let replaced = |request: &Request| {
            let asked: Value = request.body_json().unwrap();
            let (amount, revision): (Money, _) = (asked["amount"].as_str().unwrap().parse().unwrap(), &asked["revision"]);
            ok(&json!({"payment_id": request.url.path().split('/').nth(5).unwrap(), "status": "pending", "gateway": {
                "provider": "razorpay", "razorpay_order_id": format!("order_Test{revision}"), "key_id": "rzp_test",
                "amount_paise": amount.paise(), "currency": "INR"}}))
        };
        let keep = Mock::given(method("PUT")).and(path_regex(REPLACE_STOCK)).respond_with(kept).with_priority(100);
        keep.mount(&self.service.neighbours).await;
        let pay = Mock::given(method("POST")).and(path_regex(REPLACE_PAYMENT)).respond_with(replaced).with_priority(100);
        pay.mount(&self.service.neighbours).await;
    }

    /// Lets a neighbour answer something else at paths like this the next so many times.
    pub(crate) async fn instead_like(&self, verb: &str, like: &str, times: u64, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb)).and(path_regex(like)).respond_with(answer).up_to_n_times(times).with_priority(10);
        mock.mount(&self.service.neighbours).await;
    }

    /// Calls that a neighbour got at paths like this.
    pub(crate) async fn calls_like(&self, verb: &str, like: &str) -> Vec<Value> {
        let requests = self.service.neighbours.received_requests().await.unwrap();
        let here = requests.into_iter().filter(|r| r.method.as_str() == verb && r.url.path().contains(like));
        here.map(|request| request.body_json().unwrap_or(Value::Null)).collect()
    }

    pub(crate) async fn answers(
        &self,
        verb: &str,
        at: &str,
        respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        let mock = Mock::given(method(verb)).and(path(at)).respond_with(respond).with_priority(100);
        mock.mount(&self.service.neighbours).await;
    }

    /// Lets a neighbour answer something else the next so many times.
    pub(crate) async fn instead(&self, verb: &str, at: &str, times: u64, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb)).and(path(at)).respond_with(answer).up_to_n_times(times).with_priority(10);
        mock.mount(&self.service.neighbours).await;
    }

    pub(crate) fn vendor_path(&self) -> String {
        format!("/internal/v1/vendors/{}", self.vendor.vendor_id)
    }

    pub(crate) fn address(&self, state: &str) -> Value {
        json!({
            "address_id": self.address_id, "buyer_id": self.buyer.buyer_id, "buyer_user_id": self.buyer.user_id,
            "address": {
                "label": "Site 1", "address_line1": "Plot 12, Financial District", "city": "Hyderabad", "state": "Telangana",
                "state_code": state, "pincode": "500032", "latitude": 17.4146, "longitude": 78.3408,
                "contact_name": "Asha Reddy", "contact_phone": "+919812345678",
            },
        })
    }

    pub(crate) fn vendor_facts(&self) -> Value {
        json!({
            "vendor_id": self.vendor.vendor_id, "user_id": self.vendor.user_id, "business_name": "Sri Balaji Cement",
            "status": "active", "kyc_status": "approved", "is_accepting_orders": true, "gst_scheme": "regular",
            "state_code": "36", "phone": "+919876543210", "latitude": 17.44, "longitude": 78.35,
            "service_radius_km": 25.0, "service_pincodes": [], "commission_rate": "5.00", "revision": 3,
        })
    }

    /// Fifty bags of cement.
    pub(crate) fn basket(&self, payment_method: &str) -> Value {
        json!({
            "vendor_id": self.vendor.vendor_id,
            "items": [{"item_type": "material", "item_id": self.item_id, "quantity": "50"}],
            "delivery_address_id": self.address_id, "payment_method": payment_method,
        })
    }

    pub(crate) async fn place_with(&self, body: &Value, key: &str) -> Answer {
        let headers = [("idempotency-key", key), ("x-channel", "mobile")];
        self.service.send(reqwest::Method::POST, "/api/v1/orders", Some(&self.buyer.token), Some(body), &headers).await
    }

    /// A placed order.
    pub(crate) async fn placed(&self, payment_method: &str) -> Placed {
        // A key of its own for each request.
        let key = self.service.people.buyer().user_id.to_string();
        let answer = self.place_with(&self.basket(payment_method), &key).await;
        Placed::of(answer.data(201))
    }

    /// An online order whose money is in.
    pub(crate) async fn paid(&self) -> Placed {
        let order = self.placed("online").await;
        self.service.deliver(ServiceName::Payment, &self.captured(&order)).await;
        order
    }

    pub(crate) async fn confirmed(&self) -> Placed {
        let order = self.paid().await;
        let _ = self.confirm(&order).await.data(200);
        order
    }

    pub(crate) async fn confirm(&self, order: &Placed) -> Answer {
        let path = format!("/api/v1/orders/{}/confirm", order.id);
        let headers = [("x-channel", "whatsapp")];
        self.service.send(reqwest::Method::POST, &path, Some(&self.vendor.token), None, &headers).await
    }

    pub(crate) async fn cancel(&self, order: &Placed, token: &str) -> Answer {
        let path = format!("/api/v1/orders/{}/cancel", order.id);
        self.service.post(&path, token, &json!({"reason": "not needed any more"})).await
    }

    pub(crate) async fn order(&self, order: &Placed) -> Value {
        self.service.get(&format!("/api/v1/orders/{}", order.id), &self.buyer.token).await.data(200).clone()
    }

    pub(crate) async fn status(&self, order: &Placed) -> String {
        self.order(order).await["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn payment(&self, order: &Placed) -> PaymentFacts {
        PaymentFacts {
            payment_id: order.id.as_uuid().into(),
            order_id: order.id,
            order_number: order.number.parse().unwrap(),
            buyer_id: self.buyer.buyer_id,
            buyer_user_id: self.buyer.user_id,
            vendor_id: self.vendor.vendor_id,
            payment_method: order.method,
            amount: order.total,
        }
    }

    pub(crate) fn captured(&self, order: &Placed) -> PaymentCaptured {
        let captured_at = self.service.clock.now();
        PaymentCaptured { payment: self.payment(order), gateway_payment_id: "pay_1".into(), captured_at }
    }

    fn delivery(&self, order: &Placed, status: DeliveryStatus) -> DeliveryFacts {
        DeliveryFacts {
            delivery_id: order.id.as_uuid().into(),
            order_id: order.id,
            order_number: order.number.parse().unwrap(),
            buyer_id: self.buyer.buyer_id,
            buyer_user_id: self.buyer.user_id,
            vendor_id: self.vendor.vendor_id,
            status,
            scheduled_date: None,
            scheduled_slot: None,
        }
    }

    pub(crate) fn dispatched(&self, order: &Placed) -> DeliveryDispatched {
        DeliveryDispatched { delivery: self.delivery(order, DeliveryStatus::InTransit) }
    }

    pub(crate) fn delivered(&self, order: &Placed) -> DeliveryDelivered {
        let delivery = self.delivery(order, DeliveryStatus::Delivered);
        DeliveryDelivered { delivery, delivered_at: self.service.clock.now(), proven_by: "otp".into() }
    }

    /// Calls that a neighbour got at a path.
    pub(crate) async fn calls(&self, at: &str) -> Vec<Value> {
        let requests = self.service.neighbours.received_requests().await.unwrap();
        let here = requests.into_iter().filter(|request| request.url.path() == at);
        here.map(|request| request.body_json().unwrap_or(Value::Null)).collect()
    }

    pub(crate) async fn releases(&self) -> usize {
        let requests = self.service.neighbours.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path().ends_with("/release")).count()
    }

    /// One number from the database.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.service.db.pool).await.unwrap()
    }

    pub(crate) async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql).fetch_one(&self.service.db.pool).await.unwrap()
    }

    /// As if whoever worked on open sagas had died a while ago.
    pub(crate) async fn leases_run_out(&self) {
        sqlx::query("UPDATE order_sagas SET leased_until = clock_timestamp()").execute(&self.service.db.pool).await.unwrap();
    }

    pub(crate) fn advance(&self, minutes: i64) {
        self.service.clock.advance(chrono::TimeDelta::minutes(minutes));
    }

    pub(crate) async fn finish(self) {
        self.service.said().await;
        self.service.finish().await;
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) total: Money,
    pub(crate) method: PaymentMethod,
}

impl Placed {
    pub(crate) fn of(data: &Value) -> Self {
        Self {
            id: data["id"].as_str().unwrap().parse().unwrap(),
            number: data["order_number"].as_str().unwrap().to_owned(),
            total: data["total"].as_str().unwrap().parse().unwrap(),
            method: data["payment_method"].as_str().unwrap().parse().unwrap(),
        }
    }
}

pub(crate) fn ok(data: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
}

pub(crate) fn refused(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let error = json!({"code": code, "message": message, "correlation_id": Uuid::nil()});
    ResponseTemplate::new(status).set_body_json(json!({ "error": error }))
}

pub(crate) fn area(covered: bool, metres: u32) -> Value {
    let reason = if covered { "within_radius" } else { "outside_service_area" };
    json!({"covered": covered, "reason": reason, "distance_metres": metres, "approximate": false,
           "delivery_charge": "210.00", "currency": "INR"})
}

fn priced_lines(request: &Request) -> ResponseTemplate {
    let asked: Value = request.body_json().unwrap();
    let line = |wanted: &Value| {
        let labor = wanted["item_type"] == "labor";
        let (name, unit, price, code) =
            if labor { ("Mason", "day", "900.00", "998519") } else { ("UltraTech OPC 53", "bag", "340.00", "2523") };
        json!({"outcome": "priced", "inventory_id": Uuid::nil(), "name": name, "unit": unit, "unit_price": price,
               "tax_code": code, "gst_rate": "18.00", "snapshot": {"brand": "UltraTech"}})
    };
    let lines: Vec<Value> = asked["lines"].as_array().unwrap().iter().map(line).collect();
    ok(&json!({ "lines": lines }))
}

fn opened_online(request: &Request) -> ResponseTemplate {
    let asked: OpenPaymentIn = request.body_json().unwrap();
    ok(&json!({"payment_id": asked.order_id, "status": "pending", "gateway": {
        "provider": "razorpay", "razorpay_order_id": "order_Test", "key_id": "rzp_test",
        "amount_paise": asked.amount.paise(), "currency": "INR"}}))
    .set_delay(Duration::from_millis(1))
}
