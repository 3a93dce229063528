//! Who takes part.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::client::{Client, Someone};
use crate::bench::crowd::{hand_in, person, tax_numbers};
use crate::demo::api::{Api, Person, text};
use crate::demo::joining::{PICTURE, onboarding, register};
use crate::demo::{bootstrap_admin, list};
use crate::fleet::Ports;
use crate::home::Home;

/// Of the last of a vendor's goods there is only so much.
const SCARCE: u32 = 400;

/// A buyer and where it is delivered.
#[derive(Clone)]
pub(super) struct Buyer {
    pub(super) who: Someone,
    pub(super) phone: String,
    pub(super) address: String,
}

/// A vendor and what it sells.
#[derive(Clone)]
pub(super) struct Vendor {
    pub(super) who: Someone,
    pub(super) id: String,
    /// Materials and the least that is sold of each.
    pub(super) goods: Vec<(String, u32)>,
    /// A photo that it uploaded.
    pub(super) photo: String,
}

/// Everybody.
#[derive(Clone)]
pub(super) struct Cast {
    pub(super) buyers: Vec<Buyer>,
    pub(super) vendors: Vec<Vendor>,
    pub(super) operations: Someone,
    pub(super) finance: [Someone; 2],
}

impl Cast {
    /// Everybody joins, through the gateway as anybody would.
    pub(super) async fn join(home: &Home, ports: Ports, client: &Client, buyers: usize, vendors: usize) -> Result<Self> {
        let api = &client.api;
        let mut admin = Person::new("Asha", "+919000000001");
        bootstrap_admin(home, ports, admin.phone, "Asha Rao").await?;
        api.sign_in(&mut admin).await?;
        let mut staff = Vec::new();
        for (name, phone, role) in [
            ("Omar", "+919000000002", "operations"),
            ("Farah", "+919000000003", "finance"),
            ("Feroz", "+919000000004", "finance"),
        ] {
            let mut who = Person::new(name, phone);
            let body = json!({ "phone": phone, "full_name": name, "role": role });
            api.post("/api/v1/admin/users", &admin, &body).await?;
            api.sign_in(&mut who).await?;
            staff.push(who);
        }
        let materials = list(&api.get("/api/v1/materials?limit=50", &admin).await?);
        let mut all = Self { buyers: Vec::new(), vendors: Vec::new(), ..Self::of_staff(staff)? };
        for number in 0..vendors {
            all.vendors.push(vendor(api, &all.operations, &materials, number).await?);
        }
        for number in 0..buyers {
            all.buyers.push(buyer(api, number).await?);
        }
        Ok(all)
    }

    fn of_staff(staff: Vec<Person>) -> Result<Self> {
        let mut staff = staff.into_iter().map(someone);
        let (operations, first, second) =
            (staff.next().context("staff")?, staff.next().context("staff")?, staff.next().context("staff")?);
        Ok(Self { buyers: Vec::new(), vendors: Vec::new(), operations, finance: [first, second] })
    }

    /// Everybody gets a fresh token, as after an hour.
    pub(super) async fn renew(&self, client: &Client) -> Result<()> {
        let everybody = self.buyers.iter().map(|buyer| &buyer.who).chain(self.vendors.iter().map(|vendor| &vendor.who));
        for who in everybody.chain(&self.finance).chain([&self.operations]) {
            client.renew(who).await?;
        }
        Ok(())
    }
}

fn someone(person: Person) -> Someone {
    Arc::new(RwLock::new(person))
}

async fn buyer(api: &Api, number: usize) -> Result<Buyer> {
    let mut who = person("buyer", number, 7_000_000_000);
    let user = register(api, &mut who, "buyer", "Bhavana Iyer").await.with_context(|| format!("buyer {number}"))?;
    let site = json!({ "label": "Site", "address_line1": format!("Plot {}, Vinayak Nagar", number + 1),
        "landmark": "behind DLF Cyber City", "city": "Hyderabad", "state": "Telangana", "pincode": "500032",
        "address_line2": "Gachibowli" });
    let path = format!("/api/v1/buyers/{}/addresses", text(&user, "/buyer_id")?);
    let address = text(&api.post(&path, &who, &site).await?, "/id")?;
    Ok(Buyer { address, phone: who.phone.to_owned(), who: someone(who) })
}

async fn vendor(api: &Api, staff: &Someone, materials: &[Value], number: usize) -> Result<Vendor> {
    let staff = staff.read().await.clone();
    let mut who = person("vendor", number, 8_000_000_000);
    let user = register(api, &mut who, "vendor", "Venkat Reddy").await.with_context(|| format!("vendor {number}"))?;
    let id = text(&user, "/vendor_id")?;
    let (pan, gstin) = tax_numbers(number).context("no GSTIN could be made")?;
    let mut details = onboarding();
    details["business_name"] = format!("Sri Venkateswara Traders {number}").into();
    details["business_phone"] = who.phone.into();
    details["business_email"] = format!("{}@realserv.example", who.name).into();
    details["pan"] = pan.clone().into();
    details["gstin"] = gstin.clone().into();
    api.post("/api/v1/vendors/onboard", &who, &details).await?;
    hand_in(api, &who, &id, &pan, &gstin).await?;
    let path = format!("/api/v1/vendors/{id}");
    api.put(&format!("{path}/kyc/approve"), &staff, &json!({})).await?;
    api.until(&path, &staff, |vendor| vendor["status"] == "active").await?;
    let mut goods = Vec::new();
    for (place, material) in materials.iter().cycle().skip(number * 3).take(3).enumerate() {
        let material_id = text(material, "/id")?;
        let stock = if place == 2 { SCARCE } else { 9_000_000 };
        let body = json!({ "material_id": material_id, "stock_quantity": stock.to_string(), "min_order_quantity": "1" });
        api.post("/api/v1/inventory", &who, &body).await?;
        goods.push((material_id, 1));
    }
    let photo = api.upload(&who, "delivery_proof", "goods.png", PICTURE.to_vec()).await?;
    Ok(Vendor { who: someone(who), id, goods, photo })
}
