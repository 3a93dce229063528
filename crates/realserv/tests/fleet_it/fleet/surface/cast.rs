//! Who walks, and the things they walk over: Bhavana's and Venkat's, as real as they get.

use super::bodies::body;
use super::table::Operation;
use crate::{
    fleet::access::tokens,
    stage::Stage,
    town::{Buyer, Town},
};
use domain::{Clock as _, ServiceName, SystemClock, business_time};
use realserv::demo::{
    api::{Person, text},
    joining::PICTURE,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nobody,
    Unregistered,
    Buyer { owner: bool },
    Vendor { owner: bool },
    Admin(&'static str),
    Service,
}

/// Somebody who tries everything.
pub(super) struct Caller {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    person: Option<Person>,
}

/// What the paths and bodies speak of.
#[derive(Debug, Default)]
pub(super) struct Things {
    pub(super) user: String,
    pub(super) buyer: String,
    pub(super) address: String,
    pub(super) support: String,
    /// Paid, delivered, completed, settled.
    pub(super) order: String,
    pub(super) number: String,
    pub(super) item: String,
    pub(super) payment: String,
    /// Of an order in cash that nobody has confirmed yet.
    pub(super) cod: String,
    pub(super) delivery: String,
    pub(super) ticket: String,
    pub(super) dispute: String,
    pub(super) settlement: String,
    pub(super) vendor: String,
    pub(super) material: String,
    /// A material that may go.
    pub(super) scratch: String,
    pub(super) labor: String,
    pub(super) category: String,
    pub(super) inventory: String,
    /// A picture of the vendor's.
    pub(super) paper: String,
    /// A picture of another vendor's.
    pub(super) foreign_paper: String,
    /// A paper of the vendor's that was looked at.
    pub(super) document: String,
    pub(super) notification: String,
    pub(super) template: String,
    pub(super) checkout: Value,
}

/// Everybody and everything.
pub(super) struct Cast {
    town: Town,
    pub(super) callers: Vec<Caller>,
    things: Things,
    http: reqwest::Client,
    serial: AtomicUsize,
}

impl Cast {
    pub(super) async fn on(stage: Stage) -> Self {
        let mut town = Town::on(stage).await;
        let support = staff(&town, "Sana", "+919000000005", "support").await;
        let finance = staff(&town, "Farah", "+919000000003", "finance").await;
        let other = town.buyer("Bilal", "+919848054322").await;
        let (rival, _) = town.registered("Varun", "+919848012399", "vendor").await;
        let mut nikhil = Person::new("Nikhil", "+919848054399");
        town.api.sign_in(&mut nikhil).await.unwrap();
        let mut people = [support, finance, other.person.clone(), rival, nikhil];

        let mut things = Things { vendor: town.vendor_id.clone(), material: town.cement.clone(), ..Things::default() };
        completed_order(&town, &mut things).await;
        let day = business_time::ist_date(SystemClock.now());
        town.stage.clock("+1d").await;
        // Everybody's hour is over.
        for person in [&mut town.asha, &mut town.omar, &mut town.venkat, &mut town.bhavana.person].into_iter().chain(&mut people)
        {
            town.api.refresh(person).await.unwrap();
        }
        let [support, finance, other, rival, nikhil] = people;
        things.foreign_paper = picture(&town, &rival, "delivery_proof").await;
        settled(&town, &finance, &mut things, &day.to_string()).await;
        about_people(&town, &mut things, &support).await;
        about_orders(&town, &mut things).await;
        about_goods(&town, &mut things).await;

        let caller = |name, kind, person: &Person| Caller { name, kind, person: Some(person.clone()) };
        let callers = vec![
            Caller { name: "nobody", kind: Kind::Nobody, person: None },
            caller("unregistered", Kind::Unregistered, &nikhil),
            caller("stranger buyer", Kind::Buyer { owner: false }, &other),
            caller("stranger vendor", Kind::Vendor { owner: false }, &rival),
            caller("support", Kind::Admin("support"), &support),
            caller("finance", Kind::Admin("finance"), &finance),
            caller("operations", Kind::Admin("operations"), &town.omar),
            caller("super_admin", Kind::Admin("super_admin"), &town.asha),
            caller("owner vendor", Kind::Vendor { owner: true }, &town.venkat),
            caller("owner buyer", Kind::Buyer { owner: true }, &town.bhavana.person),
            Caller { name: "service", kind: Kind::Service, person: None },
        ];
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        Self { town, callers, things, http, serial: AtomicUsize::new(0) }
    }

    /// Calls the service itself, without the gateway before it: each has to look for itself.
    pub(super) async fn call(&self, operation: &Operation, caller: &Caller) -> (u16, Value) {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let name = operation.name();
        let path = self.path(&name, &operation.path, caller).await;
        let url = format!("{}{path}", self.town.stage.url_of(&operation.service));
        let method: Method = operation.method.parse().unwrap();
        let mut request = self.http.request(method, url);
        if let Some(token) = self.token(operation, caller) {
            request = request.bearer_auth(token);
        }
        request = request.header("idempotency-key", format!("walk-{serial}")).header("if-match", "\"1\"");
        let multipart = name == "POST /api/v1/media/upload";
        request = match body(&name, &self.things, caller.kind, serial) {
            Some(_) if multipart => request.multipart(reqwest::multipart::Form::new().text("category", "kyc_document")),
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        // A stream of events has no end.
        let whole = status >= 400;
        let answer = if whole { answer.json().await.unwrap_or_default() } else { Value::Null };
        (status, answer)
    }

    fn token(&self, operation: &Operation, caller: &Caller) -> Option<String> {
        if caller.kind != Kind::Service {
            return caller.person.as_ref().map(|person| person.token.clone());
        }
        let callee: ServiceName = operation.service.parse().unwrap();
        let from = if callee == ServiceName::Order { ServiceName::Payment } else { ServiceName::Order };
        Some(tokens(&self.town, from).mint(callee, None).unwrap())
    }

    /// The path with real things in it. What can be removed once only is made anew for each call.
    async fn path(&self, name: &str, path: &str, caller: &Caller) -> String {
        let things = &self.things;
        let of = |root: &str| path.starts_with(root);
        let id = match name {
            "DELETE /api/v1/media/{id}" => picture(&self.town, &self.town.venkat, "product_image").await,
            "DELETE /api/v1/materials/{id}" => things.scratch.clone(),
            _ if of("/api/v1/users/") => things.user.clone(),
            _ if of("/api/v1/buyers/") => things.buyer.clone(),
            _ if of("/api/v1/admin/users/") => things.support.clone(),
            _ if of("/api/v1/orders/") => things.order.clone(),
            _ if of("/api/v1/payments/cod/") => things.cod.clone(),
            _ if of("/api/v1/payments/") => things.payment.clone(),
            _ if of("/api/v1/materials/") => things.material.clone(),
            _ if of("/api/v1/labor/") => things.labor.clone(),
            _ if of("/api/v1/categories/") => things.category.clone(),
            _ if of("/api/v1/vendors/") => things.vendor.clone(),
            _ if of("/api/v1/settlements/") => things.settlement.clone(),
            _ if of("/api/v1/deliveries/") => things.delivery.clone(),
            _ if of("/api/v1/notifications/templates/") => things.template.clone(),
            _ if of("/api/v1/notifications/") => things.notification.clone(),
            _ if of("/api/v1/media/") => things.paper.clone(),
            _ => String::new(),
        };
        let item = if of("/api/v1/orders/") { &things.item } else { &things.inventory };
        let user = if of("/api/v1/whatsapp/") { self.town.venkat.id.as_str() } else { &things.user };
        let whole = path
            .replace("{id}", &id)
            .replace("{addressId}", &things.address)
            .replace("{buyerId}", &things.buyer)
            .replace("{vendorId}", &things.vendor)
            .replace("{orderId}", &things.order)
            .replace("{number}", &things.number)
            .replace("{itemId}", item)
            .replace("{ticketId}", &things.ticket)
            .replace("{disputeId}", &things.dispute)
            .replace("{categoryId}", &things.category)
            .replace("{userId}", user)
            .replace("{token}", &self.device(name, caller).await);
        let query = match name {
            "GET /api/v1/vendors/available" => "?pincode=500032",
            "GET /api/v1/payments/reconciliation" => "?date=2026-01-01",
            _ => "",
        };
        format!("{whole}{query}")
    }

    /// A device of the caller's own, where one is to be removed.
    async fn device(&self, name: &str, caller: &Caller) -> String {
        let token = "device-of-the-walk".to_owned();
        if let (true, Some(person)) = (name == "DELETE /api/v1/notifications/devices/{token}", &caller.person) {
            let device = json!({ "token": token, "device_type": "android" });
            // Who is not registered has none.
            let _ = self.town.api.post("/api/v1/notifications/devices", person, &device).await;
        }
        token
    }
}

async fn staff(town: &Town, name: &'static str, phone: &'static str, role: &str) -> Person {
    let mut person = Person::new(name, phone);
    let body = json!({ "phone": phone, "full_name": name, "role": role });
    person.id = text(&town.api.post("/api/v1/admin/users", &town.asha, &body).await.unwrap(), "/id").unwrap();
    town.api.sign_in(&mut person).await.unwrap();
    person
}

async fn picture(town: &Town, whose: &Person, category: &str) -> String {
    town.api.upload(whose, category, "goods.png", PICTURE.to_vec()).await.unwrap()
}

/// Bhavana's order, from the checkout to the code at the door.
async fn completed_order(town: &Town, things: &mut Things) {
    let (api, venkat) = (&town.api, &town.venkat);
    let order = town.order("walk", 20).await.unwrap();
    let id = text(&order, "/id").unwrap();
    things.checkout = town.pays(&order).await;
    assert_eq!(town.verifies(&things.checkout).await.0, 200);
    town.order_until(&id, |order| order["status"] == "paid").await;
    api.post(&format!("/api/v1/orders/{id}/confirm"), venkat, &json!({})).await.unwrap();
    let at = format!("/api/v1/deliveries/order/{id}");
    let delivery = text(&api.until(&at, venkat, |delivery| delivery["id"].is_string()).await.unwrap(), "/id").unwrap();
    let at = format!("/api/v1/deliveries/{delivery}");
    api.put(&format!("{at}/status"), venkat, &json!({ "status": "in_transit" })).await.unwrap();
    let proof = json!({ "media_id": picture(town, venkat, "delivery_proof").await, "proof_type": "photo" });
    api.post(&format!("{at}/upload-proof"), venkat, &proof).await.unwrap();
    api.post(&format!("{at}/generate-otp"), venkat, &json!({})).await.unwrap();
    let sms = api.sms(town.bhavana.person.phone, |body| code_in(body).is_some()).await.unwrap();
    api.post(&format!("{at}/verify-otp"), venkat, &json!({ "code": code_in(&sms) })).await.unwrap();
    let done = town.order_until(&id, |order| order["status"] == "completed").await;
    things.item = text(&done, "/items/0/id").unwrap();
    things.number = text(&done, "/order_number").unwrap();
    (things.order, things.delivery) = (id, delivery);
}

fn code_in(body: &str) -> Option<String> {
    body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(str::to_owned)
}

async fn settled(town: &Town, finance: &Person, things: &mut Things, day: &str) {
    let body = json!({ "vendor_id": town.vendor_id, "period_start": day, "period_end": day });
    let made = town.api.post("/api/v1/settlements/generate", finance, &body).await.unwrap();
    let made = made.get("settlements").cloned().unwrap_or(made);
    things.settlement = text(&made, "/0/id").unwrap();
}

async fn about_people(town: &Town, things: &mut Things, support: &Person) {
    let (api, bhavana) = (&town.api, &town.bhavana);
    let Buyer { person, buyer_id, .. } = bhavana;
    (things.user, things.buyer, things.support) = (person.id.clone(), buyer_id.clone(), support.id.clone());
    let scratch =
        json!({ "label": "Scratch", "address_line1": "Plot 2", "pincode": "500032", "latitude": 17.44, "longitude": 78.34 });
    let address = api.post(&format!("/api/v1/buyers/{buyer_id}/addresses"), person, &scratch).await.unwrap();
    things.address = text(&address, "/id").unwrap();
    let at = format!("/api/v1/notifications/user/{}", person.id);
    let inbox = api.until(&at, person, |inbox| inbox[0]["id"].is_string()).await.unwrap();
    things.notification = text(&inbox, "/0/id").unwrap();
    things.template = text(&api.get("/api/v1/notifications/templates", &town.omar).await.unwrap(), "/0/id").unwrap();
    api.types(town.venkat.phone, &json!({ "text": "Help" })).await.unwrap();
}

async fn about_orders(town: &Town, things: &mut Things) {
    let (api, bhavana) = (&town.api, &town.bhavana.person);
    let order = format!("/api/v1/orders/{}", things.order);
    let payment = api.get(&format!("/api/v1/payments/order/{}", things.order), bhavana).await.unwrap();
    things.payment = text(&payment, "/id").unwrap();
    let ticket = json!({ "category": "order_issue", "subject": "Torn bags", "description": "Two of the bags are torn." });
    let ticket = api.post(&format!("{order}/support-tickets"), bhavana, &ticket).await.unwrap();
    things.ticket = text(&ticket, "/id").unwrap();
    let dispute = json!({ "dispute_type": "quality", "description": "Two of the bags are torn." });
    let dispute = api.post(&format!("{order}/disputes"), bhavana, &dispute).await.unwrap();
    things.dispute = text(&dispute, "/id").unwrap();
    let mut cash = town.wants(&town.bhavana, &town.cement, 3);
    cash["payment_method"] = json!("cod");
    let running = api.post_once("/api/v1/orders", bhavana, "walk-cash", &cash).await.unwrap();
    let path = format!("/api/v1/payments/order/{}", text(&running, "/id").unwrap());
    let payment = api.until(&path, bhavana, |payment| payment["id"].is_string()).await.unwrap();
    things.cod = text(&payment, "/id").unwrap();
    // Invoices are written when the delivery is known.
    api.until(&format!("/api/v1/invoices/order/{}", things.order), bhavana, |invoice| !invoice.is_null()).await.unwrap();
}

async fn about_goods(town: &Town, things: &mut Things) {
    let (api, venkat) = (&town.api, &town.venkat);
    let category = api.get(&format!("/api/v1/materials/{}", things.material), venkat).await.unwrap();
    things.category = text(&category, "/category_id").unwrap();
    things.labor = text(&api.get("/api/v1/labor", venkat).await.unwrap(), "/0/id").unwrap();
    let inventory = api.get(&format!("/api/v1/inventory/vendor/{}", things.vendor), venkat).await.unwrap();
    things.inventory = text(&inventory, "/0/id").unwrap();
    things.paper = picture(town, venkat, "delivery_proof").await;
    let kyc = api.get(&format!("/api/v1/vendors/{}/kyc", things.vendor), venkat).await.unwrap();
    things.document = text(&kyc, "/documents/0/id").unwrap();
    let scratch = json!({ "name": "Walked-over sand", "category_id": things.category, "base_price": "1200.00", "unit": "tonne",
        "hsn_code": "2505", "gst_rate": "5.00" });
    things.scratch = text(&api.post("/api/v1/materials", &town.omar, &scratch).await.unwrap(), "/id").unwrap();
    let area = body("PUT /api/v1/location/service-areas/{vendorId}", things, Kind::Vendor { owner: true }, 0).unwrap();
    api.put(&format!("/api/v1/location/service-areas/{}", things.vendor), venkat, &area).await.unwrap();
}
