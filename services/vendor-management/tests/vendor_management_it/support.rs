//! A vendor, a buyer, staff, and neighbours that agree until a test says otherwise.

use bus::Outcome;
use chrono::{DateTime, Utc};
use domain::events::{
    AddressSnapshot, DomainEvent, OrderCancelled, OrderCompleted, OrderConfirmed, OrderFacts, PaymentFacts, RefundProcessed,
};
use domain::{
    ActorKind, AdminRole, BuyerId, Clock as _, Money, OrderId, OrderNumber, OrderType, PaymentMethod, ServiceName, UserId,
    VendorId,
};
use serde_json::{Value, json};
use testkit::{Person, TestService};
use uuid::Uuid;
use vendor_management::VendorManagementService;

pub(crate) const AREAS: &str = "/internal/v1/service-areas/search";
pub(crate) const OTP: &str = "/internal/v1/notifications/delivery-otp";
pub(crate) const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Master key of the sealed fields.
pub(crate) const FIELD_KEYS: &str = "test:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// An answer of which only the status matters.
pub(crate) trait Fine {
    /// Fails when the status is another.
    fn fine(&self, status: u16);
}

impl Fine for testkit::Answer {
    #[track_caller]
    fn fine(&self, status: u16) {
        let _ = self.data(status);
    }
}

pub(crate) struct World {
    pub(crate) service: TestService<VendorManagementService>,
    pub(crate) vendor: Person,
    pub(crate) buyer: Person,
    orders: std::cell::Cell<u64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A vendor just registered.
    pub(crate) async fn with(settings: &[&str]) -> Self {
        let keys: &[&str] = &["--otp-hash-key", KEY, "--field-hash-key", KEY, "--field-keys", FIELD_KEYS];
        let settings = [keys, settings].concat();
        let service = TestService::<VendorManagementService>::start(&settings).await;
        let (vendor, buyer) = (service.people.vendor(), service.people.buyer());
        service
            .neighbour("POST", "/api/v1/location/geocode", 404, json!({"error": {"code": "place_not_found", "message": "no"}}))
            .await;
        service.neighbour("POST", AREAS, 200, json!({"vendor_ids": []})).await;
        service.neighbour("POST", OTP, 200, json!({"notification_ids": []})).await;
        let mut world = Self { service, vendor, buyer, orders: std::cell::Cell::new(0) };
        world.vendor = world.register("+919848012345").await;
        world
    }

    /// The same with a vendor that may sell.
    pub(crate) async fn selling() -> Self {
        Self::selling_with(&[]).await
    }

    pub(crate) async fn selling_with(settings: &[&str]) -> Self {
        let world = Self::with(settings).await;
        world.approve(&world.vendor).await;
        world
    }

    /// Another vendor, registered.
    pub(crate) async fn register(&self, phone: &str) -> Person {
        let mut person = self.service.people.vendor();
        let token = self.service.service_token(ServiceName::User);
        let body = json!({"user_id": person.user_id, "phone": phone, "full_name": "Venkat Reddy"});
        let opened = self.service.post("/internal/v1/vendors", &token, &body).await;
        person.vendor_id = opened.data(200)["vendor_id"].as_str().unwrap().parse().unwrap();
        person.token = self.vendor_token(&person);
        person
    }

    fn vendor_token(&self, person: &Person) -> String {
        let claims =
            json!({"app_user_id": person.user_id, "status": "active", "user_type": "vendor", "vendor_id": person.vendor_id});
        self.service.people.token(&person.uid, &claims)
    }

    /// The vendor's token, fresh by the test's clock.
    pub(crate) fn vendor(&self) -> String {
        self.vendor_token(&self.vendor)
    }

    /// A fresh token of the buyer.
    pub(crate) fn buyer(&self) -> String {
        let claims =
            json!({"app_user_id": self.buyer.user_id, "status": "active", "user_type": "buyer", "buyer_id": self.buyer.buyer_id});
        self.service.people.token(&self.buyer.uid, &claims)
    }

    pub(crate) fn staff(&self, role: AdminRole) -> String {
        self.service.people.admin(role).token
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.service.clock.now()
    }

    /// A file that somebody uploaded.
    pub(crate) async fn file_of(&self, owner: UserId) -> Uuid {
        let id: Uuid = self.service.app.kit.ids.uuid();
        let facts = json!({"media_id": id, "category": "kyc_document", "file_type": "image/png", "uploaded_by": owner, "sha256": "ab".repeat(32)});
        self.service.neighbour("GET", &format!("/internal/v1/media/{id}"), 200, facts).await;
        id
    }

    /// Lets a neighbour say that there is no such thing.
    pub(crate) async fn unknown(&self, path: &str) {
        let refusal = json!({"error": {"code": "not_found", "message": "not found", "correlation_id": Uuid::nil()}});
        self.service.neighbour("GET", path, 404, refusal).await;
    }

    pub(crate) async fn onboard(&self, who: &Person) {
        let token = self.vendor_token(who);
        self.service.post("/api/v1/vendors/onboard", &token, &onboarding()).await.fine(200);
    }

    /// Onboards, hands in papers, approves.
    pub(crate) async fn approve(&self, who: &Person) {
        self.onboard(who).await;
        let mut documents = Vec::new();
        for kind in ["pan", "gstin", "cancelled_cheque"] {
            documents.push(json!({"document_type": kind, "media_id": self.file_of(who.user_id).await}));
        }
        let path = format!("/api/v1/vendors/{}/kyc", who.vendor_id);
        self.service.post(&path, &self.vendor_token(who), &json!({"documents": documents})).await.fine(201);
        let approve = format!("{path}/approve");
        self.service.put(&approve, &self.staff(AdminRole::Operations), &json!({})).await.fine(200);
    }

    /// A new order of the vendor.
    pub(crate) fn order(&self, method: PaymentMethod, total: &str) -> OrderFacts {
        let number = self.orders.get() + 1;
        self.orders.set(number);
        OrderFacts {
            order_id: self.service.app.kit.ids.next(),
            order_number: OrderNumber::from_sequence(number),
            buyer_id: self.buyer.buyer_id,
            buyer_user_id: self.buyer.user_id,
            vendor_id: self.vendor.vendor_id,
            order_type: OrderType::Material,
            payment_method: method,
            total: money(total),
        }
    }

    pub(crate) async fn tell<E: DomainEvent>(&self, event: &E) -> Outcome {
        self.service.deliver(ServiceName::Order, event).await
    }

    /// A confirmed order's delivery; answers its path.
    pub(crate) async fn delivery(&self) -> String {
        let order = self.order(PaymentMethod::Online, "1000.00");
        self.delivery_of(&order).await
    }

    pub(crate) async fn delivery_of(&self, order: &OrderFacts) -> String {
        assert_eq!(self.tell(&confirmed(order, self.now())).await, Outcome::Done);
        let path = format!("/api/v1/deliveries/order/{}", order.order_id);
        let found = self.service.get(&path, &self.vendor()).await;
        format!("/api/v1/deliveries/{}", found.data(200)["id"].as_str().unwrap())
    }

    /// A delivery on its way.
    pub(crate) async fn on_its_way(&self) -> String {
        let path = self.delivery().await;
        self.move_to(&path, "in_transit").await;
        path
    }

    pub(crate) async fn move_to(&self, path: &str, status: &str) {
        let answer = self.service.put(&format!("{path}/status"), &self.vendor(), &json!({"status": status})).await;
        assert_eq!(answer.data(200)["status"], status);
    }

    /// The codes that the notification service was asked to send.
    pub(crate) async fn codes(&self) -> Vec<String> {
        let requests = self.service.neighbours.received_requests().await.unwrap();
        let sent = requests.iter().filter(|r| r.url.path() == OTP);
        sent.map(|r| r.body_json::<Value>().unwrap()["code"].as_str().unwrap().to_owned()).collect()
    }

    /// A completed order.
    pub(crate) async fn complete(&self, order: &OrderFacts, at: &str) {
        assert_eq!(self.tell(&completed(order, at)).await, Outcome::Done);
    }

    pub(crate) async fn refund(&self, order: &OrderFacts, amount: &str, total: &str) -> Outcome {
        self.tell(&refund(order, self.service.app.kit.ids.uuid(), amount, total)).await
    }

    /// Settles the vendor for these days; answers the settlement if one was made.
    pub(crate) async fn settle(&self, start: &str, end: &str) -> Option<Value> {
        let body = json!({"vendor_id": self.vendor.vendor_id, "period_start": start, "period_end": end});
        let answer = self.service.post("/api/v1/settlements/generate", &self.staff(AdminRole::Finance), &body).await;
        let settlements = answer.data(200)["settlements"].as_array().unwrap().clone();
        assert!(settlements.len() <= 1, "{settlements:?}");
        settlements.into_iter().next()
    }

    pub(crate) fn at(&self, moment: &str) {
        self.service.clock.set(moment.parse().unwrap());
    }
}

pub(crate) fn onboarding() -> Value {
    json!({
        "business_name": "Sri Venkateswara Traders", "business_type": "material_supplier", "gst_scheme": "regular",
        "gstin": "36AABCU9603R1ZO", "pan": "AABCU9603R", "state": "Telangana",
        "business_address": "Plot 12, Industrial Estate, Kukatpally, Hyderabad", "service_pincodes": ["500032"],
        "service_radius_km": 25.0, "warehouse_latitude": 17.4948, "warehouse_longitude": 78.3996,
        "bank_account_number": "50100123456789", "bank_ifsc": "HDFC0000053", "bank_name": "HDFC Bank",
    })
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn confirmed(order: &OrderFacts, at: DateTime<Utc>) -> OrderConfirmed {
    OrderConfirmed {
        order: order.clone(),
        delivery_address: AddressSnapshot {
            label: None,
            address_line1: "Plot 88, Vinayak Nagar".into(),
            address_line2: None,
            landmark: None,
            city: "Hyderabad".into(),
            state: "Telangana".into(),
            state_code: "36".parse().unwrap(),
            pincode: "500032".parse().unwrap(),
            latitude: Some(17.4435),
            longitude: Some(78.3772),
            contact_name: "Bhavana".into(),
            contact_phone: "9876543210".parse().unwrap(),
        },
        delivery_date: None,
        delivery_slot: None,
        awaiting_since: at,
        confirmed_at: at,
    }
}

pub(crate) fn cancelled(order: &OrderFacts, at: DateTime<Utc>) -> OrderCancelled {
    OrderCancelled {
        order: order.clone(),
        cancelled_by: ActorKind::Buyer,
        reason_code: "buyer_request".into(),
        reason: "changed my mind".into(),
        was_paid: false,
        cancelled_at: at,
    }
}

pub(crate) fn completed(order: &OrderFacts, at: &str) -> OrderCompleted {
    let at: DateTime<Utc> = at.parse().unwrap();
    OrderCompleted {
        order: order.clone(),
        commission_rate: "10.00".parse().unwrap(),
        refunded: Money::ZERO,
        cod_collected: if order.payment_method == PaymentMethod::Cod { order.total } else { Money::ZERO },
        subtotal: order.total,
        tax: Money::ZERO,
        placed_at: at,
        completed_at: at,
    }
}

pub(crate) fn payment(order: &OrderFacts) -> PaymentFacts {
    PaymentFacts {
        payment_id: Uuid::from_u128(order.order_id.as_uuid().as_u128() ^ 1).into(),
        order_id: order.order_id,
        order_number: order.order_number.clone(),
        buyer_id: order.buyer_id,
        buyer_user_id: order.buyer_user_id,
        vendor_id: order.vendor_id,
        payment_method: order.payment_method,
        amount: order.total,
    }
}

pub(crate) fn refund(order: &OrderFacts, id: Uuid, amount: &str, total: &str) -> RefundProcessed {
    RefundProcessed {
        payment: payment(order),
        refund_id: id.into(),
        refund_amount: money(amount),
        refunded_total: money(total),
        processed_at: "2026-11-20T10:00:00Z".parse().unwrap(),
    }
}

/// Ids of nobody.
pub(crate) fn nobody() -> (OrderId, VendorId, BuyerId) {
    let id = Uuid::from_u128(0xdead);
    (id.into(), id.into(), id.into())
}
