//! The people of a fleet: staff, a vendor with cement, buyers in Gachibowli.

use crate::stage::{PATIENCE, Stage};
use anyhow::Result;
use realserv::demo::{
    api::{Api, Person, text},
    joining::{PICTURE, onboarding, register},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// Stock of the first kind of cement at the beginning.
pub(crate) const BAGS: i64 = 100_000;

/// A fleet with people in it.
pub(crate) struct Town {
    pub(crate) stage: Stage,
    pub(crate) api: Api,
    /// Super admin.
    pub(crate) asha: Person,
    /// Operations.
    pub(crate) omar: Person,
    /// Vendor.
    pub(crate) venkat: Person,
    pub(crate) vendor_id: String,
    /// Buyer.
    pub(crate) bhavana: Buyer,
    /// The cement of which there is plenty.
    pub(crate) cement: String,
}

/// A buyer and where it is delivered.
#[derive(Clone)]
pub(crate) struct Buyer {
    pub(crate) person: Person,
    pub(crate) buyer_id: String,
    pub(crate) address_id: String,
}

impl Town {
    /// Everybody joins.
    pub(crate) async fn on(stage: Stage) -> Self {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let api = Api::new(at(stage.ports.gateway), at(stage.ports.sandbox)).unwrap();
        let (asha, omar) = staff(&stage, &api).await.unwrap();
        let (venkat, vendor_id) = vendor(&api, &omar).await.unwrap();
        let bhavana = buyer(&api, "Bhavana", "+919848054321").await.unwrap();
        let mut town = Self { stage, api, asha, omar, venkat, vendor_id, bhavana, cement: String::new() };
        town.cement = town.offer("UltraTech OPC 53", BAGS).await;
        town
    }

    /// The vendor offers a material, one bag at least; gives its id.
    pub(crate) async fn offer(&self, words: &str, bags: i64) -> String {
        let path = format!("/api/v1/materials?q={}&limit=1", words.replace(' ', "%20"));
        let found = self.api.get(&path, &self.venkat).await.unwrap();
        let id = text(&found, "/0/id").unwrap();
        let body = json!({ "material_id": id, "stock_quantity": bags.to_string(), "min_order_quantity": "1" });
        self.api.post("/api/v1/inventory", &self.venkat, &body).await.unwrap();
        id
    }

    /// One more buyer.
    pub(crate) async fn buyer(&self, name: &'static str, phone: &'static str) -> Buyer {
        buyer(&self.api, name, phone).await.unwrap()
    }

    /// Somebody who only registered.
    pub(crate) async fn registered(&self, name: &'static str, phone: &'static str, user_type: &str) -> (Person, Value) {
        let mut person = Person::new(name, phone);
        let user = register(&self.api, &mut person, user_type, name).await.unwrap();
        (person, user)
    }

    /// An order of some bags.
    pub(crate) fn wants(&self, buyer: &Buyer, material: &str, bags: u32) -> Value {
        let items = json!([{ "item_type": "material", "item_id": material, "quantity": bags.to_string() }]);
        json!({ "vendor_id": self.vendor_id, "delivery_address_id": buyer.address_id, "items": items, "payment_method": "online" })
    }

    /// Bhavana orders some bags; like an app, she tries again for a while with the same key.
    pub(crate) async fn order(&self, key: &str, bags: u32) -> Result<Value> {
        let body = self.wants(&self.bhavana, &self.cement, bags);
        self.api.post_once("/api/v1/orders", &self.bhavana.person, key, &body).await
    }

    /// As `order`, by somebody who does not give up: a lost answer is asked for again, and an order that was undone because
    /// everybody was busy is placed anew. What is left is a refusal for good.
    pub(crate) async fn insists(api: &Api, who: &Person, key: &str, body: &Value) -> Result<Value, String> {
        let until = Instant::now() + 2 * PATIENCE;
        let mut placed = 0;
        loop {
            let refusal = match api.post_once("/api/v1/orders", who, &format!("{key}-{placed}"), body).await {
                Ok(order) => return Ok(order),
                Err(refusal) => refusal.to_string(),
            };
            let undone = ["payment_unavailable", "stock_unavailable"].iter().any(|code| refusal.contains(code));
            let lost = refusal.contains("error sending request");
            if !(undone || lost) || Instant::now() > until {
                return Err(refusal);
            }
            placed += u32::from(undone);
        }
    }

    /// Bhavana's order as it is now.
    pub(crate) async fn order_until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.api.until(&format!("/api/v1/orders/{id}"), &self.bhavana.person, wanted).await.unwrap()
    }

    /// Pays at the sandbox's checkout; gives what the checkout hands to the app.
    pub(crate) async fn pays(&self, order: &Value) -> Value {
        let gateway_order = text(order, "/payment/gateway/razorpay_order_id").unwrap();
        self.sandbox(Method::POST, &format!("/razorpay/orders/{gateway_order}/pay"), json!({ "outcome": "captured" })).await
    }

    /// The app hands on what the checkout gave it.
    pub(crate) async fn verifies(&self, paid: &Value) -> (u16, Value) {
        let person = &self.bhavana.person;
        self.api.call(Method::POST, "/api/v1/payments/verify", Some(person), Some(paid)).await.unwrap()
    }

    /// Switches trouble on.
    pub(crate) async fn fault(&self, fault: Value) {
        self.sandbox(Method::POST, "/faults", fault).await;
    }

    /// Switches all trouble off.
    pub(crate) async fn no_faults(&self) {
        self.api.sandbox(Method::DELETE, "/faults", None).await.unwrap();
    }

    /// The sandbox's control API.
    pub(crate) async fn sandbox(&self, method: Method, path: &str, body: Value) -> Value {
        self.api.sandbox(method, path, Some(&body)).await.unwrap()
    }

    /// Calls a service without the gateway before it.
    pub(crate) async fn direct(
        &self,
        service: &str,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut caller = Person::new("somebody", "");
        token.clone_into(&mut caller.token);
        let behind = Api::new(self.stage.url_of(service), String::new()).unwrap();
        behind.call(method, path, Some(&caller), body).await.unwrap()
    }

    /// What Razorpay keeps: its `orders`, `payments`, `refunds`.
    pub(crate) async fn at_razorpay(&self, kind: &str) -> Vec<Value> {
        let state = self.api.sandbox(Method::GET, "/state", None).await.unwrap();
        state["world"]["razorpay"][kind].as_array().unwrap_or_else(|| panic!("no {kind}")).clone()
    }
}

async fn staff(stage: &Stage, api: &Api) -> Result<(Person, Person)> {
    let (mut asha, mut omar) = (Person::new("Asha", "+919000000001"), Person::new("Omar", "+919000000002"));
    let mut bootstrap = stage.command("user", "bootstrap-admin").await;
    let made = bootstrap.args(["--phone", asha.phone, "--name", "Asha Rao"]).output()?;
    assert!(made.status.success(), "bootstrap-admin: {}", String::from_utf8_lossy(&made.stderr));
    api.sign_in(&mut asha).await?;
    let body = json!({ "phone": omar.phone, "full_name": "Omar Khan", "role": "operations" });
    omar.id = text(&api.post("/api/v1/admin/users", &asha, &body).await?, "/id")?;
    api.sign_in(&mut omar).await?;
    Ok((asha, omar))
}

async fn vendor(api: &Api, omar: &Person) -> Result<(Person, String)> {
    let mut venkat = Person::new("Venkat", "+919848012345");
    let user = register(api, &mut venkat, "vendor", "Venkat Reddy").await?;
    let vendor_id = text(&user, "/vendor_id")?;
    api.post("/api/v1/vendors/onboard", &venkat, &onboarding()).await?;
    let mut documents = Vec::new();
    for (document_type, number) in
        [("pan", json!("AABCU9603R")), ("gstin", json!("36AABCU9603R1ZO")), ("cancelled_cheque", Value::Null)]
    {
        let media_id = api.upload(&venkat, "kyc_document", &format!("{document_type}.png"), PICTURE.to_vec()).await?;
        documents.push(json!({ "document_type": document_type, "media_id": media_id, "document_number": number }));
    }
    let vendor = format!("/api/v1/vendors/{vendor_id}");
    api.post(&format!("{vendor}/kyc"), &venkat, &json!({ "documents": documents })).await?;
    api.put(&format!("{vendor}/kyc/approve"), omar, &json!({})).await?;
    api.until(&vendor, omar, |vendor| vendor["status"] == "active").await?;
    Ok((venkat, vendor_id))
}

async fn buyer(api: &Api, name: &'static str, phone: &'static str) -> Result<Buyer> {
    let mut person = Person::new(name, phone);
    let user = register(api, &mut person, "buyer", name).await?;
    let buyer_id = text(&user, "/buyer_id")?;
    let site = json!({ "label": "Site 1", "address_line1": "Plot 88, Vinayak Nagar", "address_line2": "Gachibowli",
        "landmark": "behind DLF Cyber City", "city": "Hyderabad", "state": "Telangana", "pincode": "500032" });
    let address = api.post(&format!("/api/v1/buyers/{buyer_id}/addresses"), &person, &site).await?;
    Ok(Buyer { person, buyer_id, address_id: text(&address, "/id")? })
}
