//! A cash order, an order that is cancelled and refunded, and a vendor who never answers.

use anyhow::Result;
use serde_json::json;

use super::api::text;
use super::cast::{Played, World};
use super::figures::paise;
use super::online_order::{check_price, completed, confirm_on_whatsapp, deliver, one_line, order_body, pay};
use super::story::Story;

/// Cash on delivery, collected by the vendor.
pub(super) async fn cash_on_delivery(world: &mut World, story: &mut Story) -> Result<Played> {
    story.chapter("An order paid in cash on delivery");
    let (api, bhavana, cement) = (world.api.clone(), world.bhavana.clone(), world.cement.clone());
    let basket = [(&cement, 75_000)];
    let (order, _) = api.place(&bhavana, "demo-order-2", &order_body(world, &basket, "cod")).await?;
    let (id, number) = (text(&order, "/id")?, text(&order, "/order_number")?);
    story.step("Bhavana", "POST /orders, 75 bags, cash", &format!("{number}, {}", text(&order, "/status")?));
    let total = check_price(story, &order, &basket)?;
    confirm_on_whatsapp(world, story, &number).await?;
    deliver(world, story, &id, &number).await?;
    let payment = api.get(&format!("/api/v1/payments/order/{id}"), &world.venkat).await?;
    let path = format!("/api/v1/payments/cod/{}/mark-collected", text(&payment, "/id")?);
    let amount = json!({ "amount": text(&order, "/total")? });
    let collected = api.put(&path, &world.venkat, &amount).await?;
    story.step("Venkat", "PUT /payments/cod/…/mark-collected", &text(&collected, "/status")?);
    let played = Played { id, number, total };
    completed(world, story, &played).await?;
    Ok(played)
}

/// Paid, then cancelled by the buyer: all of it goes back.
pub(super) async fn cancelled(world: &mut World, story: &mut Story) -> Result<()> {
    story.chapter("An order that is cancelled and refunded");
    let (api, bhavana, steel) = (world.api.clone(), world.bhavana.clone(), world.steel.clone());
    let basket = [(&steel, 100_000)];
    let (order, _) = api.place(&bhavana, "demo-order-3", &order_body(world, &basket, "online")).await?;
    let (id, number) = (text(&order, "/id")?, text(&order, "/order_number")?);
    story.step("Bhavana", "POST /orders, 100 kg of steel", &format!("{number}, {}", text(&order, "/status")?));
    let total = check_price(story, &order, &basket)?;
    pay(world, story, &order, total).await?;
    let reason = json!({ "reason": "the slab is postponed" });
    let gone = api.post(&format!("/api/v1/orders/{id}/cancel"), &bhavana, &reason).await?;
    story.step("Bhavana", "POST /orders/…/cancel", &text(&gone, "/status")?);
    let path = format!("/api/v1/orders/{id}");
    let now = api.until(&path, &bhavana, |o| o["payment_status"] == "refunded").await?;
    story.step("RealServ", "refunds by itself", &text(&now, "/payment_status")?);
    story.amount("refunded", paise(&text(&now, "/refunded")?)?, total);
    Ok(())
}

/// Nobody confirms: a reminder after an hour, the end after two.
pub(super) async fn unanswered(world: &mut World, story: &mut Story) -> Result<()> {
    story.chapter("A vendor who never answers");
    let (api, cement) = (world.api.clone(), world.cement.clone());
    let basket = [(&cement, 20_000)];
    let body = order_body(world, &basket, "online");
    let (order, _) = api.place(&world.bhavana, "demo-order-4", &body).await?;
    let (id, number) = (text(&order, "/id")?, text(&order, "/order_number")?);
    story.step("Bhavana", "POST /orders, 20 bags", &format!("{number}, {}", text(&order, "/status")?));
    let total = check_price(story, &order, &basket)?;
    pay(world, story, &order, total).await?;
    api.whatsapp(world.venkat.phone, 0, |text| text.contains(&number)).await?;
    let before = api.chat_length(world.venkat.phone).await?;
    world.later("+61m").await?;
    let reminder = api.whatsapp(world.venkat.phone, before, |text| text.contains(&number)).await?;
    story.step("operator", "realserv clock +61m", &format!("Venkat is reminded: {}", one_line(&reminder)));
    world.later("+60m").await?;
    let path = format!("/api/v1/orders/{id}");
    let now = api.until(&path, &world.bhavana, |o| o["status"] == "cancelled" && o["payment_status"] == "refunded").await?;
    story.step("operator", "realserv clock +60m", &format!("{}, {}", text(&now, "/status")?, text(&now, "/payment_status")?));
    story.same("why", &text(&now, "/cancellation/code")?, "vendor_timeout");
    story.amount("refunded", paise(&text(&now, "/refunded")?)?, total);
    Ok(())
}
