//! The people of the benchmark: vendors with much to sell, and as many buyers as there are users at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use domain::Gstin;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::demo::api::{Api, Person, text};
use crate::demo::joining::{PICTURE, onboarding, register};
use crate::demo::{bootstrap_admin, list};
use crate::fleet::Ports;
use crate::home::Home;

/// Vendors.
pub(super) const VENDORS: usize = 32;
/// Materials that each offers.
const OFFERS: usize = 4;
/// How many people join at once.
const AT_ONCE: usize = 6;

/// A buyer who is signed in and has an address.
#[derive(Debug, Clone)]
pub(super) struct Buyer {
    pub(super) token: String,
    address: String,
}

/// A vendor who sells.
#[derive(Debug, Clone)]
struct Seller {
    id: String,
    /// Ids of materials and the least that is sold of each.
    goods: Vec<(String, String)>,
}

/// Everybody.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub(super) buyers: Vec<Buyer>,
    sellers: Vec<Seller>,
}

impl Crowd {
    /// Everybody joins, through the gateway as anybody would.
    pub(super) async fn join(home: &Home, ports: Ports, buyers: usize) -> Result<Self> {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let api = Api::new(at(ports.gateway), at(ports.sandbox))?;
        let mut admin = Person::new("Asha", "+919000000001");
        bootstrap_admin(home, ports, admin.phone, "Asha Rao").await?;
        api.sign_in(&mut admin).await?;
        let materials = list(&api.get("/api/v1/materials?limit=50", &admin).await?);
        let (shared, staff) = (Arc::new(materials), admin);
        let sellers = many(VENDORS, |number| seller(api.clone(), staff.clone(), Arc::clone(&shared), number)).await?;
        let buyers = many(buyers, |number| buyer(api.clone(), number)).await?;
        Ok(Self { buyers, sellers })
    }

    /// The order that a buyer places as their so-manieth: two lines of one vendor, both ever others.
    pub(super) fn order(&self, user: usize, question: usize) -> Option<(&Buyer, String)> {
        let buyer = self.buyers.get(user % self.buyers.len().max(1))?;
        let turn = user * 7 + question;
        let seller = self.sellers.get(turn % self.sellers.len().max(1))?;
        let first = turn / self.sellers.len() % (seller.goods.len() - 1);
        let items: Vec<Value> = seller.goods[first..first + 2]
            .iter()
            .map(|(id, least)| json!({ "item_type": "material", "item_id": id, "quantity": least }))
            .collect();
        let body =
            json!({ "vendor_id": seller.id, "delivery_address_id": buyer.address, "items": items, "payment_method": "cod" });
        Some((buyer, body.to_string()))
    }
}

/// Does something for each number, a few at once, and gives the results in order.
async fn many<T, F>(count: usize, each: impl Fn(usize) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut done = BTreeMap::new();
    let mut running = JoinSet::new();
    for number in 0..count {
        if running.len() >= AT_ONCE
            && let Some(ended) = running.join_next().await
        {
            let (number, result): (usize, Result<T>) = ended?;
            done.insert(number, result?);
        }
        let work = each(number);
        running.spawn(async move { (number, work.await) });
    }
    for (number, result) in running.join_all().await {
        done.insert(number, result?);
    }
    Ok(done.into_values().collect())
}

/// A person with a name and phone of their own. Their texts live as long as the program, as those of a cast do.
pub(crate) fn person(kind: &str, number: usize, phones_from: u64) -> Person {
    let phone = format!("+91{}", phones_from + number as u64);
    Person::new(format!("bench-{kind}-{number}").leak(), phone.leak())
}

async fn buyer(api: Api, number: usize) -> Result<Buyer> {
    let mut who = person("buyer", number, 7_000_000_000);
    let user = register(&api, &mut who, "buyer", "Bhavana Iyer").await.with_context(|| format!("buyer {number}"))?;
    let site = json!({ "label": "Site", "address_line1": format!("Plot {}, Vinayak Nagar", number + 1),
        "landmark": "behind DLF Cyber City", "city": "Hyderabad", "state": "Telangana", "pincode": "500032",
        "address_line2": "Gachibowli" });
    let path = format!("/api/v1/buyers/{}/addresses", text(&user, "/buyer_id")?);
    let address = api.post(&path, &who, &site).await?;
    Ok(Buyer { address: text(&address, "/id")?, token: who.token })
}

async fn seller(api: Api, staff: Person, materials: Arc<Vec<Value>>, number: usize) -> Result<Seller> {
    let mut who = person("vendor", number, 8_000_000_000);
    let user = register(&api, &mut who, "vendor", "Venkat Reddy").await.with_context(|| format!("vendor {number}"))?;
    let id = text(&user, "/vendor_id")?;
    let (pan, gstin) = tax_numbers(number).context("no GSTIN could be made")?;
    let mut papers = onboarding();
    papers["business_name"] = format!("Sri Venkateswara Traders {number}").into();
    papers["business_phone"] = who.phone.into();
    papers["business_email"] = format!("{}@realserv.example", who.name).into();
    papers["pan"] = pan.clone().into();
    papers["gstin"] = gstin.clone().into();
    api.post("/api/v1/vendors/onboard", &who, &papers).await?;
    hand_in(&api, &who, &id, &pan, &gstin).await?;
    let vendor = format!("/api/v1/vendors/{id}");
    api.put(&format!("{vendor}/kyc/approve"), &staff, &json!({})).await?;
    api.until(&vendor, &staff, |vendor| vendor["status"] == "active").await?;
    let goods = offer(&api, &who, &materials, number).await?;
    Ok(Seller { id, goods })
}

pub(crate) async fn hand_in(api: &Api, who: &Person, vendor: &str, pan: &str, gstin: &str) -> Result<()> {
    let mut documents = Vec::new();
    for (kind, number) in [("pan", Some(pan)), ("gstin", Some(gstin)), ("cancelled_cheque", None)] {
        let media_id = api.upload(who, "kyc_document", &format!("{kind}.png"), PICTURE.to_vec()).await?;
        let mut document = json!({ "document_type": kind, "media_id": media_id });
        if let Some(number) = number {
            document["document_number"] = number.into();
        }
        documents.push(document);
    }
    api.post(&format!("/api/v1/vendors/{vendor}/kyc"), who, &json!({ "documents": documents })).await?;
    Ok(())
}

async fn offer(api: &Api, who: &Person, materials: &[Value], number: usize) -> Result<Vec<(String, String)>> {
    let mut goods = Vec::new();
    for material in materials.iter().cycle().skip(number % materials.len().max(1)).take(OFFERS) {
        let id = text(material, "/id")?;
        // So much that no run sells it out.
        let body = json!({ "material_id": id, "stock_quantity": "90000000" });
        api.post("/api/v1/inventory", who, &body).await?;
        goods.push((id, text(material, "/min_order_quantity")?));
    }
    Ok(goods)
}

/// A PAN and the GSTIN that holds it; the check character is the one that the type accepts.
pub(crate) fn tax_numbers(number: usize) -> Option<(String, String)> {
    let pan = format!("AABCU{:04}R", number % 10_000);
    ('0'..='9')
        .chain('A'..='Z')
        .map(|check| format!("36{pan}1Z{check}"))
        .find(|text| text.parse::<Gstin>().is_ok())
        .map(|gstin| (pan, gstin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_has_tax_numbers_of_its_own() {
        let all: std::collections::BTreeSet<_> = (0..VENDORS).map(|number| tax_numbers(number).unwrap().1).collect();
        assert_eq!(all.len(), VENDORS);
    }
}
