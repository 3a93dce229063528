//! Staff, vendor and buyer come on board.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, Person, text};
use super::cast::{Goods, World};
use super::figures::{paise, rupees};
use super::story::Story;
use super::{bootstrap_admin, list};

/// The smallest PNG there is: papers and photos are judged by their content, so they have to be pictures.
pub const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0,
    0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xff, 0xff, 0xff, 0x7f, 0, 9, 0xfb, 3,
    0xfd, 5, 0x43, 0x45, 0xca, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// The first super admin comes from a command; she makes the others.
pub(super) async fn staff(world: &mut World, story: &mut Story) -> Result<()> {
    story.chapter("Staff");
    let id = bootstrap_admin(&world.home, world.ports, world.asha.phone, "Asha Rao").await?;
    story.step("operator", "user bootstrap-admin", &format!("super admin {id}"));
    let api = world.api.clone();
    api.sign_in(&mut world.asha).await?;
    story.step("Asha", "signs in by phone and code", "an ID token of 1 h");
    let asha = world.asha.clone();
    for (person, full_name, role) in [
        (&mut world.omar, "Omar Khan", "operations"),
        (&mut world.farah, "Farah Ali", "finance"),
        (&mut world.feroz, "Feroz Mistry", "finance"),
    ] {
        let body = json!({ "phone": person.phone, "full_name": full_name, "role": role });
        let made = api.post("/api/v1/admin/users", &asha, &body).await?;
        api.sign_in(person).await?;
        story.step("Asha", &format!("POST /admin/users: {full_name}, {role}"), &text(&made, "/id")?);
    }
    Ok(())
}

/// Signs somebody in, registers and takes the token that says so; gives the user.
pub async fn register(api: &Api, who: &mut Person, user_type: &str, full_name: &str) -> Result<Value> {
    api.sign_in(who).await?;
    let body = json!({ "user_type": user_type, "full_name": full_name,
        "email": format!("{}@realserv.example", who.name.to_lowercase()) });
    let registered = api.post("/api/v1/auth/register", who, &body).await?;
    who.id = text(&registered, "/user/id")?;
    api.refresh(who).await?;
    Ok(registered["user"].clone())
}

/// Venkat signs up, hands in his papers, is approved and offers cement and steel.
pub(super) async fn vendor(world: &mut World, story: &mut Story) -> Result<()> {
    story.chapter("A vendor signs up");
    let api = world.api.clone();
    let user = register(&api, &mut world.venkat, "vendor", "Venkat Reddy").await?;
    world.vendor_id = text(&user, "/vendor_id")?;
    story.step("Venkat", "signs in by phone, POST /auth/register", &format!("vendor {}", world.vendor_id));
    let venkat = world.venkat.clone();
    let onboarded = api.post("/api/v1/vendors/onboard", &venkat, &onboarding()).await?;
    story.step("Venkat", "POST /vendors/onboard", onboarded["status"].as_str().unwrap_or("?"));
    papers(world, story).await?;
    let vendor = format!("/api/v1/vendors/{}", world.vendor_id);
    let approved = api.put(&format!("{vendor}/kyc/approve"), &world.omar, &json!({})).await;
    approved.context("approving the papers")?;
    let active = api.until(&vendor, &world.omar, |v| v["status"] == "active").await?;
    story.step("Omar", "PUT /vendors/…/kyc/approve", active["status"].as_str().unwrap_or("?"));
    offers(world, story).await
}

/// What the vendor says of the business.
pub fn onboarding() -> Value {
    json!({
        "business_name": "Sri Venkateswara Traders", "business_type": "material_supplier",
        "gst_scheme": "regular", "gstin": "36AABCU9603R1ZO", "pan": "AABCU9603R", "state": "Telangana",
        "business_phone": "+919848012345", "business_email": "venkat@realserv.example",
        "business_address": "Plot 12, Industrial Estate, Kukatpally, Hyderabad",
        "service_radius_km": 25.0, "warehouse_latitude": 17.4948, "warehouse_longitude": 78.3996,
        "bank_account_number": "50100123456789", "bank_ifsc": "HDFC0000053",
        "bank_account_holder_name": "Sri Venkateswara Traders", "bank_name": "HDFC Bank",
    })
}

async fn papers(world: &mut World, story: &mut Story) -> Result<()> {
    let (api, venkat) = (world.api.clone(), world.venkat.clone());
    let mut documents = Vec::new();
    for (document_type, number) in [("pan", Some("AABCU9603R")), ("gstin", Some("36AABCU9603R1ZO")), ("cancelled_cheque", None)] {
        let media_id = api.upload(&venkat, "kyc_document", &format!("{document_type}.png"), PICTURE.to_vec()).await?;
        let mut document = json!({ "document_type": document_type, "media_id": media_id });
        if let Some(number) = number {
            document["document_number"] = number.into();
        }
        documents.push(document);
    }
    story.step("Venkat", "POST /media/upload, three papers", "kept in S3");
    let path = format!("/api/v1/vendors/{}/kyc", world.vendor_id);
    let submitted = api.post(&path, &venkat, &json!({ "documents": documents })).await?;
    story.step("Venkat", "POST /vendors/…/kyc", submitted["kyc_status"].as_str().unwrap_or("handed in"));
    Ok(())
}

async fn offers(world: &mut World, story: &mut Story) -> Result<()> {
    let (api, venkat) = (world.api.clone(), world.venkat.clone());
    let cement = find(&api, &venkat, "UltraTech OPC 53").await?;
    let steel = find(&api, &venkat, "Tata Tiscon 12").await?;
    let body = json!({ "material_id": cement["id"], "stock_quantity": "500", "vendor_price": "385.50" });
    api.post("/api/v1/inventory", &venkat, &body).await?;
    let body = json!({ "material_id": steel["id"], "stock_quantity": "4000" });
    api.post("/api/v1/inventory", &venkat, &body).await?;
    world.cement = goods(&cement, Some("385.50"))?;
    world.steel = goods(&steel, None)?;
    story.step("Venkat", "POST /inventory, twice", "offers cement and TMT steel");
    for goods in [&world.cement, &world.steel] {
        story.detail(&format!("{}: {} + {} % GST", goods.name, rupees(goods.price), goods.gst_basis_points / 100));
    }
    Ok(())
}

async fn find(api: &Api, who: &Person, words: &str) -> Result<Value> {
    let path = format!("/api/v1/materials?q={}&limit=5", words.replace(' ', "%20"));
    let found = api.get(&path, who).await?;
    list(&found).into_iter().next().with_context(|| format!("the search for {words:?} found nothing"))
}

fn goods(material: &Value, own_price: Option<&str>) -> Result<Goods> {
    let base = text(material, "/base_price")?;
    Ok(Goods {
        id: text(material, "/id")?,
        name: text(material, "/name")?,
        price: paise(own_price.unwrap_or(&base))?,
        gst_basis_points: paise(&text(material, "/gst_rate")?)?,
    })
}

/// Bhavana signs up and says where her house is being built.
pub(super) async fn buyer(world: &mut World, story: &mut Story) -> Result<()> {
    story.chapter("A buyer signs up");
    let api = world.api.clone();
    let user = register(&api, &mut world.bhavana, "buyer", "Bhavana Iyer").await?;
    world.buyer_id = text(&user, "/buyer_id")?;
    story.step("Bhavana", "signs in by phone, POST /auth/register", &format!("buyer {}", world.buyer_id));
    let bhavana = world.bhavana.clone();
    let device = json!({ "token": "device-of-bhavana", "device_type": "android" });
    api.post("/api/v1/notifications/devices", &bhavana, &device).await?;
    story.step("Bhavana", "POST /notifications/devices", "her phone takes push messages");
    let site = json!({ "label": "Site 1", "address_line1": "Plot 88, Vinayak Nagar", "landmark": "behind DLF Cyber City",
        "city": "Hyderabad", "state": "Telangana", "pincode": "500032", "address_line2": "Gachibowli" });
    let address = api.post(&format!("/api/v1/buyers/{}/addresses", world.buyer_id), &bhavana, &site).await?;
    world.address_id = text(&address, "/id")?;
    story.step(
        "Bhavana",
        "POST /buyers/…/addresses, Gachibowli",
        &format!("geocoded to {}, {}", address["latitude"], address["longitude"]),
    );
    let (status, found) = api.call(Method::GET, "/api/v1/materials?q=cement&limit=50", None, None).await?;
    story.step("Bhavana", "GET /materials?q=cement", &format!("{status}, {} found", list(&found["data"]).len()));
    let offers = api.get(&format!("/api/v1/materials/{}/offers", world.cement.id), &bhavana).await?;
    story.step("Bhavana", "GET /materials/…/offers", &format!("{} vendor has {}", list(&offers).len(), world.cement.name));
    Ok(())
}
