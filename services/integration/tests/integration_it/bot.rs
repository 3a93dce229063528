//! The bot against a stand-in of the public API, with real tokens and a real chat.

use domain::events::UserUpdated;
use domain::{ServiceName, UserStatus};
use serde_json::{Value, json};

use crate::world::{PHONE, new_id, world, world_with_vendor};

/// A picture of one pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn json_of(request: &testkit::wiremock::Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_vendor_confirms_an_order_and_the_bot_acts_as_the_vendor() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let confirm = format!("/api/v1/orders/{order}/confirm");
    world.neighbour("POST", &confirm, 200, json!({})).await;
    let said = world.say("Confirm ORD000001").await;
    assert!(said.text.contains("ORD000001 is confirmed"), "{}", said.text);
    assert!(said.buttons.iter().any(|(id, _)| id == "out_for_delivery:ORD000001"), "{:?}", said.buttons);
    let calls = world.calls("POST", &confirm).await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].headers["x-channel"], "whatsapp");
    let token = calls[0].headers["authorization"].to_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&base64_url(claims)).unwrap();
    assert_eq!(claims["sub"], format!("uid-{}", world.user_id), "the vendor's own token");
    // A second wish uses the same token.
    world.say("ORD1").await;
    let signed_in = world.http.get(world.outside.url("/_sandbox/calls")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(sign_ins(&signed_in), 1, "{signed_in}");
}

fn sign_ins(calls: &Value) -> i64 {
    let all = calls["data"].as_object().cloned().unwrap_or_default();
    all.iter().filter(|(name, _)| name.contains("custom")).filter_map(|(_, count)| count.as_i64()).sum()
}

fn base64_url(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u32;
    let mut held = 0;
    let mut out = Vec::new();
    for byte in text.bytes() {
        let value = alphabet.iter().position(|known| *known == byte).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    out
}

#[tokio::test]
async fn somebody_elses_order_is_not_found_like_one_that_is_not_there() {
    let world = world_with_vendor().await;
    let mut order = world.order_out(new_id(), "ORD000007", "paid", "online");
    order["vendor_id"] = json!(new_id::<domain::VendorId>());
    world.neighbour("GET", "/api/v1/orders/by-number/ORD000007", 200, order).await;
    world
        .answers(
            "GET",
            "/api/v1/orders/by-number/ORD000008",
            404,
            json!({"error": {"code": "not_found", "message": "order not found"}}),
            9,
        )
        .await;
    world
        .answers("GET", "/api/v1/orders/by-number/ORD000009", 403, json!({"error": {"code": "forbidden", "message": "no"}}), 9)
        .await;
    for (text, number) in [("Confirm ORD7", "ORD000007"), ("Status ORD8", "ORD000008"), ("reject ORD9 no stock", "ORD000009")] {
        let said = world.say(text).await;
        assert_eq!(said.text, format!("❌ Order {number} not found."));
    }
}

#[tokio::test]
async fn out_for_delivery_sends_the_code_and_waits_for_it() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "confirmed", "online").await;
    let delivery = world.delivery(order, "pending").await;
    let at = |path: &str| format!("/api/v1/deliveries/{delivery}/{path}");
    world.neighbour("PUT", &at("status"), 200, json!({})).await;
    world.neighbour("POST", &at("generate-otp"), 200, json!({})).await;
    let wrong = json!({"error": {"code": "otp_wrong", "message": "the code is not right; 4 tries left"}});
    world.answers("POST", &at("verify-otp"), 422, wrong, 1).await;
    world.neighbour("POST", &at("verify-otp"), 200, json!({})).await;

    let said = world.say("111111").await;
    assert!(said.text.contains("not waiting for a code"), "{}", said.text);
    let said = world.say("Out for delivery").await;
    assert!(said.text.contains("ORD000001 is out for delivery"), "{}", said.text);
    assert_eq!(json_of(&world.calls("PUT", &at("status")).await[0]), json!({"status": "in_transit"}));
    assert_eq!(world.calls("POST", &at("generate-otp")).await.len(), 1);

    let said = world.say("654321").await;
    assert!(said.text.contains("4 tries left"), "{}", said.text);
    let said = world.say("otp 123456").await;
    assert!(said.text.contains("ORD000001 is delivered"), "{}", said.text);
    assert_eq!(json_of(&world.calls("POST", &at("verify-otp")).await[1]), json!({"code": "123456"}));
    let said = world.say("222222").await;
    assert!(said.text.contains("not waiting for a code"), "{}", said.text);
    // A photo that comes after the code is about the same order.
    let media: domain::MediaId = new_id();
    world.neighbour("POST", "/api/v1/media/upload", 201, json!({ "media_id": media })).await;
    world.neighbour("POST", &at("upload-proof"), 201, json!({})).await;
    world.act_as(PHONE, &json!({"image": {"base64": PICTURE, "mime": "image/png"}})).await;
    world.run_due_jobs().await;
    assert_eq!(world.last_reply(PHONE).await.text, "📷 Photo kept for ORD000001.");
}

#[tokio::test]
async fn a_try_after_a_crash_does_not_send_a_second_code() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "confirmed", "online").await;
    let delivery = world.delivery(order, "in_transit").await;
    let generate = format!("/api/v1/deliveries/{delivery}/generate-otp");
    world.neighbour("POST", &generate, 200, json!({})).await;
    world.act_as(PHONE, &json!({"text": "Out for delivery ORD1"})).await;
    // The first try dies after the code was sent and before the answer was written down.
    sqlx::query("UPDATE whatsapp_messages SET progress = '{\"otp\": true}'").execute(&world.db.pool).await.unwrap();
    world.run_due_jobs().await;
    assert!(world.last_reply(PHONE).await.text.contains("is out for delivery"));
    assert!(world.calls("POST", &generate).await.is_empty());
}

#[tokio::test]
async fn cash_is_collected_after_delivery_in_full_and_once() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000002", "in_transit", "cod").await;
    let delivery = world.delivery(order, "in_transit").await;
    let payment: domain::PaymentId = new_id();
    world.neighbour("POST", &format!("/api/v1/deliveries/{delivery}/generate-otp"), 200, json!({})).await;
    world.neighbour("POST", &format!("/api/v1/deliveries/{delivery}/verify-otp"), 200, json!({})).await;
    let due = json!({"id": payment, "status": "pending", "amount": "5000.00"});
    world.neighbour("GET", &format!("/api/v1/payments/order/{order}"), 200, due).await;
    let collect = format!("/api/v1/payments/cod/{payment}/mark-collected");
    world.neighbour("PUT", &collect, 200, json!({})).await;

    let said = world.say("out for delivery ORD2").await;
    assert!(said.text.contains("Cash to collect: ₹5000.00"), "{}", said.text);
    let said = world.say("123456").await;
    assert!(said.text.contains("Collect ₹5000.00"), "{}", said.text);
    let said = world.say("cod collected 4000").await;
    assert!(said.text.contains("I have not changed anything"), "{}", said.text);
    assert!(world.calls("PUT", &collect).await.is_empty());
    let said = world.say("COD collected").await;
    assert!(said.text.contains("₹5000.00 collected"), "{}", said.text);
    assert_eq!(json_of(&world.calls("PUT", &collect).await[0]), json!({"amount": "5000.00"}));
}

#[tokio::test]
async fn a_photo_in_context_becomes_the_proof_of_delivery() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "in_transit", "online").await;
    let delivery = world.delivery(order, "in_transit").await;
    let media: domain::MediaId = new_id();
    world.neighbour("POST", "/api/v1/media/upload", 201, json!({ "media_id": media })).await;
    let proof = format!("/api/v1/deliveries/{delivery}/upload-proof");
    world.neighbour("POST", &proof, 201, json!({})).await;
    world.act_as(PHONE, &json!({"image": {"base64": PICTURE, "mime": "image/png", "caption": "delivered ORD1"}})).await;
    world.run_due_jobs().await;
    let said = world.last_reply(PHONE).await;
    assert!(said.text.contains("Photo kept for ORD000001"), "{}", said.text);
    assert_eq!(json_of(&world.calls("POST", &proof).await[0]), json!({"media_id": media, "proof_type": "photo"}));
    let upload = &world.calls("POST", "/api/v1/media/upload").await[0];
    assert!(String::from_utf8_lossy(&upload.body).contains("delivery_proof"));
}

#[tokio::test]
async fn a_rejection_asks_for_its_reason_and_cancel_leaves_it() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let cancel = format!("/api/v1/orders/{order}/cancel");
    world.neighbour("POST", &cancel, 200, json!({})).await;
    assert!(world.say("Reject ORD1").await.text.contains("Why do you reject ORD000001"));
    assert!(world.say("cancel").await.text.contains("No order was changed"));
    assert!(world.calls("POST", &cancel).await.is_empty());
    world.say("Reject ORD1").await;
    assert!(world.say("cement over, lorry broken").await.text.contains("ORD000001 is rejected"));
    assert_eq!(json_of(&world.calls("POST", &cancel).await[0]), json!({"reason": "cement over, lorry broken"}));
}

#[tokio::test]
async fn a_doubt_is_asked_back_with_buttons_and_a_button_is_no_doubt() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let confirm = format!("/api/v1/orders/{order}/confirm");
    world.neighbour("POST", &confirm, 200, json!({})).await;
    let said = world.say("don't confirm ORD1 yet").await;
    assert!(said.text.contains("not changed anything"), "{}", said.text);
    assert!(world.calls("POST", &confirm).await.is_empty());
    let button = said.buttons.iter().find(|(id, _)| id == "confirm:ORD000001").unwrap().clone();
    assert!(world.press(&button).await.text.contains("is confirmed"));
    assert_eq!(world.calls("POST", &confirm).await.len(), 1);
    // Forwarded words are somebody else's.
    world.act_as(PHONE, &json!({"text": "Confirm ORD1", "forwarded": true})).await;
    world.run_due_jobs().await;
    assert!(world.last_reply(PHONE).await.text.contains("forwarded"));
    assert_eq!(world.calls("POST", &confirm).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_of_the_api_is_told_in_words() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let refusal =
        json!({"error": {"code": "illegal_transition", "message": "no", "details": {"from": "cancelled", "to": "confirmed"}}});
    world.answers("POST", &format!("/api/v1/orders/{order}/confirm"), 409, refusal, 9).await;
    let said = world.say("Confirm ORD1").await;
    assert_eq!(said.text, "This is not possible: ORD000001 is cancelled.");
}

#[tokio::test]
async fn availability_and_earnings_work_as_in_the_documents() {
    let world = world_with_vendor().await;
    let availability = format!("/api/v1/vendors/{}/availability", world.vendor_id);
    world.neighbour("PUT", &availability, 200, json!({})).await;
    let earned = json!({"gross": "15000.00", "commission": "1500.00", "cod_in_hand": "5000.00", "paid_out": "0.00", "due": "8500.00", "on_hold": "0.00"});
    world.neighbour("GET", &format!("/api/v1/earnings/vendor/{}", world.vendor_id), 200, earned).await;
    assert_eq!(world.say("Available").await.text, "✅ You are now accepting orders.");
    assert_eq!(world.say("Not available").await.text, "⏸️ You are not accepting orders.");
    let bodies: Vec<Value> = world.calls("PUT", &availability).await.iter().map(json_of).collect();
    assert_eq!(bodies, [json!({"is_accepting_orders": true}), json!({"is_accepting_orders": false})]);
    let said = world.say("Earnings").await;
    assert!(said.text.contains("₹15000.00") && said.text.contains("₹8500.00"), "{}", said.text);
}

#[tokio::test]
async fn a_stranger_is_led_to_sign_up_and_a_suspended_vendor_is_kindly_refused() {
    let world = world().await;
    world
        .answers(
            "GET",
            "/internal/v1/users/by-phone/+919848012345",
            404,
            json!({"error": {"code": "not_found", "message": "no"}}),
            9,
        )
        .await;
    world
        .answers(
            "GET",
            "/internal/v1/users/by-phone/%2B919848012345",
            404,
            json!({"error": {"code": "not_found", "message": "no"}}),
            9,
        )
        .await;
    let said = world.say("Confirm ORD1").await;
    assert!(said.text.contains("Sign up"), "{}", said.text);
    let user = world.user(UserStatus::Suspended);
    world.deliver(ServiceName::User, &UserUpdated { user }).await;
    let said = world.say("Confirm ORD1").await;
    assert!(said.text.contains("not active at the moment"), "{}", said.text);
}

#[tokio::test]
async fn a_vendor_suspended_meanwhile_is_refused_by_the_api_and_told_kindly() {
    let world = world_with_vendor().await;
    let refusal = json!({"error": {"code": "account_suspended", "message": "this account is suspended"}});
    world.answers("GET", "/api/v1/orders/by-number/ORD000001", 403, refusal, 9).await;
    let said = world.say("Confirm ORD1").await;
    assert!(said.text.contains("not active at the moment"), "{}", said.text);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let world = world_with_vendor().await;
    world
        .answers(
            "GET",
            "/api/v1/orders/by-number/ORD000001",
            401,
            json!({"error": {"code": "token_expired", "message": "expired"}}),
            1,
        )
        .await;
    world.order("ORD000001", "paid", "online").await;
    let said = world.say("Status ORD1").await;
    assert!(said.text.contains("ORD000001: waiting for you to confirm"), "{}", said.text);
}

#[tokio::test]
async fn a_reply_whose_sending_timed_out_after_the_effect_is_not_sent_twice() {
    let world = world_with_vendor().await;
    world
        .fault(&json!({"system": "whatsapp", "operation": "send", "kind": "timeout_after_effect", "value": 4000, "count": 1}))
        .await;
    world.act_as(PHONE, &json!({"text": "hello"})).await;
    world.run_due_jobs().await;
    world.no_faults().await;
    // Its status comes by the webhook and names it by our key.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    world.clock.advance(chrono::TimeDelta::seconds(20));
    world.run_due_jobs().await;
    assert_eq!(world.replies(PHONE).await.len(), 1);
    let status: String = sqlx::query_scalar("SELECT status FROM whatsapp_messages WHERE direction = 'outbound'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert!(matches!(status.as_str(), "sent" | "delivered"), "{status}");
}
