//! The order that is paid online, confirmed on WhatsApp and delivered against a code.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::text;
use super::cast::{Goods, Played, World};
use super::figures::{Paise, delivery, line, paise, rupees, tax_inside_state};
use super::joining::PICTURE;
use super::story::Story;

/// Some goods and how many thousandths of a unit of them.
pub(super) type Basket<'a> = [(&'a Goods, i64)];

/// The body of a quote or an order.
pub(super) fn order_body(world: &World, basket: &Basket<'_>, payment_method: &str) -> Value {
    let items: Vec<Value> = basket
        .iter()
        .map(|(goods, thousandths)| {
            let quantity = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            json!({ "item_type": "material", "item_id": goods.id, "quantity": quantity })
        })
        .collect();
    json!({ "vendor_id": world.vendor_id, "delivery_address_id": world.address_id, "items": items,
        "payment_method": payment_method })
}

/// Holds the price of an order or quote against our own figures, and gives the total.
pub(super) fn check_price(story: &mut Story, answer: &Value, basket: &Basket<'_>) -> Result<Paise> {
    let lines: Vec<Paise> = basket.iter().map(|(goods, quantity)| line(*quantity, goods.price)).collect();
    let subtotal: Paise = lines.iter().sum();
    let tax: Paise = lines.iter().zip(basket).map(|(line, (goods, _))| tax_inside_state(*line, goods.gst_basis_points)).sum();
    let metres = answer["distance_metres"].as_i64().context("no distance_metres")?;
    let charge = delivery(metres, subtotal);
    let total = subtotal + tax + charge;
    story.amount("subtotal", paise(&text(answer, "/subtotal")?)?, subtotal);
    story.amount("CGST + SGST", paise(&text(answer, "/tax")?)?, tax);
    story.amount(&format!("delivery, {metres} m by road"), paise(&text(answer, "/delivery_charge")?)?, charge);
    story.amount("total", paise(&text(answer, "/total")?)?, total);
    Ok(total)
}

/// Plays it to the end.
pub(super) async fn play(world: &mut World, story: &mut Story) -> Result<Played> {
    story.chapter("She orders cement and steel, and pays online");
    let (api, bhavana) = (world.api.clone(), world.bhavana.clone());
    let (cement, steel) = (world.cement.clone(), world.steel.clone());
    let basket = [(&cement, 50_000), (&steel, 60_500)];
    let body = order_body(world, &basket, "online");
    let quote = api.post("/api/v1/orders/quote", &bhavana, &body).await?;
    story.step("Bhavana", "POST /orders/quote: 50 bags, 60.5 kg", "priced, nothing kept");
    check_price(story, &quote, &basket)?;
    let (order, key) = api.place(&bhavana, "demo-order-1", &body).await?;
    let (id, number) = (text(&order, "/id")?, text(&order, "/order_number")?);
    story.step("Bhavana", "POST /orders", &format!("{number}, {}", text(&order, "/status")?));
    let total = check_price(story, &order, &basket)?;
    let again = api.post_once("/api/v1/orders", &bhavana, &key, &body).await?;
    story.step("Bhavana", "POST /orders once more, same Idempotency-Key", "the same order");
    story.same("order number", &text(&again, "/order_number")?, &number);
    pay(world, story, &order, total).await?;
    confirm_on_whatsapp(world, story, &number).await?;
    deliver(world, story, &id, &number).await?;
    Ok(Played { id, number, total })
}

/// Pays at the checkout; webhook and verify both arrive.
pub(super) async fn pay(world: &World, story: &mut Story, order: &Value, total: Paise) -> Result<()> {
    let (api, bhavana) = (&world.api, &world.bhavana);
    let gateway_order = text(order, "/payment/gateway/razorpay_order_id")?;
    let due = order["payment"]["gateway"]["amount_paise"].as_i64().unwrap_or_default();
    story.amount("due at Razorpay", due, total);
    let path = format!("/razorpay/orders/{gateway_order}/pay");
    let paid = api.sandbox(Method::POST, &path, Some(&json!({ "method": "upi", "outcome": "captured" }))).await?;
    story.step("Bhavana", "pays by UPI at the checkout", &text(&paid, "/razorpay_payment_id")?);
    let fields = ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"];
    let body: Value =
        fields.iter().map(|field| ((*field).to_owned(), paid[field].clone())).collect::<serde_json::Map<_, _>>().into();
    let verified = api.post("/api/v1/payments/verify", bhavana, &body).await?;
    story.step("app", "POST /payments/verify", &text(&verified, "/status")?);
    let path = format!("/api/v1/orders/{}", text(order, "/id")?);
    let now = api.until(&path, bhavana, |o| o["status"] == "paid").await?;
    story.step("Razorpay", "webhook payment.captured, order.paid", "the same end");
    story.same("order status", &text(&now, "/status")?, "paid");
    Ok(())
}

/// The vendor hears of it on WhatsApp and says yes there.
pub(super) async fn confirm_on_whatsapp(world: &World, story: &mut Story, number: &str) -> Result<()> {
    let (api, venkat) = (&world.api, &world.venkat);
    let told = api.whatsapp(venkat.phone, 0, |text| text.contains(number)).await?;
    story.step("RealServ", "WhatsApp to Venkat", &one_line(&told));
    let answer = api.types(venkat.phone, &json!({ "text": format!("Confirm {number}") })).await?;
    story.step("Venkat", &format!("types: Confirm {number}"), &one_line(&answer));
    Ok(())
}

/// Out for delivery, the code, a photo.
pub(super) async fn deliver(world: &World, story: &mut Story, id: &str, number: &str) -> Result<()> {
    let (api, venkat, bhavana) = (&world.api, &world.venkat, &world.bhavana);
    let order = format!("/api/v1/orders/{id}");
    api.until(&order, bhavana, |o| o["status"] == "confirmed").await?;
    api.until(&format!("/api/v1/deliveries/order/{id}"), venkat, |d| d["status"] == "pending").await?;
    let answer = api.types(venkat.phone, &json!({ "text": "Out for delivery" })).await?;
    story.step("Venkat", "types: Out for delivery", &one_line(&answer));
    let sms = api.sms(bhavana.phone, |body| body.contains(number) && code_in(body).is_some()).await?;
    story.step("RealServ", "SMS to Bhavana", &one_line(&sms));
    api.until(&order, bhavana, |o| o["status"] == "in_transit").await?;
    let code = code_in(&sms).context("no code in the SMS")?;
    let answer = api.types(venkat.phone, &json!({ "text": code })).await?;
    story.step("Venkat", "types the code Bhavana tells him", &one_line(&answer));
    let picture = base64::engine::general_purpose::STANDARD.encode(PICTURE);
    let photo = json!({ "image": { "base64": picture, "mime": "image/png", "caption": format!("delivered {number}") } });
    let answer = api.types(venkat.phone, &photo).await?;
    story.step("Venkat", "sends a photo of the goods", &one_line(&answer));
    let now = api.until(&order, bhavana, |o| matches!(o["status"].as_str(), Some("delivered" | "completed"))).await?;
    story.step("RealServ", "the order", &text(&now, "/status")?);
    Ok(())
}

fn code_in(body: &str) -> Option<String> {
    body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(str::to_owned)
}

pub(super) fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(70).collect();
    if short.len() < line.len() { format!("“{short}…”") } else { format!("“{line}”") }
}

/// Waits until the order is complete.
pub(super) async fn completed(world: &World, story: &mut Story, played: &Played) -> Result<()> {
    let path = format!("/api/v1/orders/{}", played.id);
    let order = world.api.until(&path, &world.bhavana, |o| o["status"] == "completed").await?;
    story.same("order status", &text(&order, "/status")?, "completed");
    story.detail(&format!("{} is worth {}", played.number, rupees(played.total)));
    Ok(())
}
