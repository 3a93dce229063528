//! Messages that services and staff ask for; preferences, languages, devices, quiet hours.

use chrono::TimeDelta;
use clients::notification::SendIn;
use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};

use crate::samples::{Order, user, with};
use crate::support::{Known, World, pair, world, world_with};

fn reminder(vendor: &Known) -> SendIn {
    SendIn {
        user_id: vendor.user_id,
        template: "order_reminder".into(),
        variables: [("order_number", "ORD000042"), ("minutes_left", "60"), ("total", "123456.50")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        order_id: None,
        dedupe_key: Some("reminder/ORD000042".into()),
    }
}

async fn ask(world: &World, channel: &str, body: &Value) -> testkit::Answer {
    world.post(&format!("/api/v1/notifications/{channel}"), &world.service_token(ServiceName::Order), body).await
}

#[tokio::test]
async fn the_order_service_reminds_a_vendor_once_for_one_key() {
    let world = world().await;
    let vendor = world.vendor().await;
    let body = serde_json::to_value(reminder(&vendor)).unwrap();
    let first = ask(&world, "whatsapp", &body).await.data(202).clone();
    let again = ask(&world, "whatsapp", &body).await.data(202).clone();
    assert_eq!(first, again);
    assert_eq!(first["notification_ids"].as_array().unwrap().len(), 1);
    world.run_due_jobs().await;
    assert_eq!(world.chat(&vendor.phone).await, ["order_reminder: ORD000042 | 60 | 1,23,456.50"]);
}

#[tokio::test]
async fn a_request_that_lacks_a_variable_or_a_template_is_refused_whole() {
    let world = world().await;
    let vendor = world.vendor().await;
    let body = serde_json::to_value(reminder(&vendor)).unwrap();
    let mut hole = body.clone();
    hole["variables"].as_object_mut().unwrap().remove("total");
    let answer = ask(&world, "whatsapp", &hole).await;
    assert_eq!(answer.code(422), "validation_failed");
    assert_eq!(answer.body["error"]["details"][0]["field"], "variables.total");
    assert_eq!(
        ask(&world, "whatsapp", &with(body.clone(), json!({"template": "nonsense"}))).await.code(422),
        "validation_failed"
    );
    assert_eq!(ask(&world, "whatsapp", &with(body.clone(), json!({"colour": 1}))).await.code(422), "validation_failed");
    assert_eq!(ask(&world, "whatsapp", &with(body.clone(), json!({"body": "x"}))).await.code(422), "validation_failed");
    let stranger = json!({"user_id": uuid::Uuid::from_u128(1)});
    assert_eq!(ask(&world, "whatsapp", &with(body.clone(), stranger)).await.code(404), "not_found");
    assert_eq!(world.post("/api/v1/notifications/sms", &vendor.person.token, &body).await.code(403), "forbidden");
    let support = world.people.admin(AdminRole::Support);
    assert_eq!(world.post("/api/v1/notifications/sms", &support.token, &body).await.code(403), "forbidden");
    assert_eq!(world.kept(vendor.user_id).await, []);
}

#[tokio::test]
async fn staff_says_something_in_its_own_words() {
    let world = world().await;
    let vendor = world.vendor().await;
    let admin = world.people.admin(AdminRole::Operations);
    let body = json!({"user_id": vendor.user_id, "subject": "Diwali", "body": "The office is closed\non Friday."});
    let _ = world.post("/api/v1/notifications/whatsapp", &admin.token, &body).await.data(202);
    world.run_due_jobs().await;
    assert_eq!(world.chat(&vendor.phone).await, ["admin_message: Diwali | The office is closed on Friday."]);
}

#[tokio::test]
async fn a_mail_goes_out_through_ses_when_an_address_is_known() {
    let world = world().await;
    let ses = aws_sdk_sesv2::Client::new(&world.app.kit.aws);
    // Another run against the same stand-in may have done so.
    ses.create_email_identity().email_identity("realserv.example").send().await.ok();
    let mut buyer = crate::support::known(world.people.buyer());
    buyer.phone = "+919812345678".into();
    let mut facts = user(&buyer, "buyer", "en");
    facts.user.email = Some("lakshmi@example.com".into());
    world.deliver(ServiceName::User, &facts).await;
    let vendor = world.vendor().await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    let mail = world.one(buyer.user_id, "payment_received", "email").await;
    assert_eq!(mail.status, "sent", "{mail:?}");
    assert!(mail.body.contains("₹1,23,456.50"));
}

#[tokio::test]
async fn an_sms_goes_out_through_sns_where_that_is_the_provider() {
    let world = world_with(&["--sms-provider", "sns", "--dlt-entity-id", "1101", "--sms-sender-id", "RLSERV"]).await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&buyer, &[("sms_enabled", true), ("sms_payment_updates", true)]).await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    let sms = world.one(buyer.user_id, "payment_received", "sms").await;
    assert_eq!(sms.status, "sent", "{sms:?}");
    assert!(sms.provider_message_id.is_some());
    assert_eq!(world.sms(&buyer.phone).await, Vec::<String>::new(), "Twilio has nothing to do with it");
}

#[tokio::test]
async fn an_sms_goes_out_through_msg91_by_the_providers_template_with_its_slots_filled() {
    let outside = "rs_test_msg91_key";
    let world = world_with(&["--sms-provider", "msg91", "--msg91-url", "{outside}/msg91", "--msg91-auth-key", outside]).await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&buyer, &[("sms_enabled", true), ("sms_payment_updates", true)]).await;
    let admin = world.people.admin(AdminRole::Operations);
    let path = "/api/v1/notifications/templates";
    let listed = world.get(&format!("{path}?name=payment_received&channel=sms&language=en"), &admin.token).await;
    let seeded = listed.data(200)[0].clone();
    let order = Order::new(&buyer, &vendor, "online");
    // Nobody has registered the text with MSG91 yet.
    world.happen(ServiceName::Payment, &order.captured()).await;
    let refused = world.one(buyer.user_id, "payment_received", "sms").await;
    assert!(refused.status == "failed" && refused.reason.unwrap().contains("template_missing"));
    let registered = json!({"body": seeded["body"], "variables": seeded["variables"], "sms_template_id": "flow-7",
        "dlt_template_id": "1107"});
    let at = format!("{path}/{}", seeded["id"].as_str().unwrap());
    let _ = world.put(&at, &admin.token, &registered).await.data(200);
    let other = world.buyer().await;
    world.prefer(&other, &[("sms_enabled", true), ("sms_payment_updates", true)]).await;
    world.happen(ServiceName::Payment, &Order::new(&other, &vendor, "online").captured()).await;
    assert_eq!(world.one(other.user_id, "payment_received", "sms").await.status, "sent");
    let sms = world.sms(&other.phone).await;
    assert_eq!(sms.len(), 1);
    assert!(sms[0].starts_with("flow-7") && sms[0].contains("ORD000042") && sms[0].contains("1,23,456.50"), "{sms:?}");
}

#[tokio::test]
async fn preferences_hold_for_each_channel_and_are_ones_own() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&buyer, &[("whatsapp_payment_updates", false), ("sms_enabled", true), ("sms_payment_updates", true)]).await;
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    assert_eq!(world.states(buyer.user_id, "payment_received").await, [pair("in_app", "delivered"), pair("sms", "sent")]);
    world.happen(ServiceName::Order, &order.cancelled()).await;
    assert_eq!(world.states(buyer.user_id, "order_cancelled").await, [pair("in_app", "delivered"), pair("whatsapp", "sent")]);

    let path = format!("/api/v1/notifications/preferences/{}", buyer.user_id);
    assert_eq!(world.get(&path, &vendor.person.token).await.code(404), "not_found");
    assert_eq!(world.put(&path, &vendor.person.token, &json!({})).await.status, 422);
    let chosen = world.get(&path, &buyer.person.token).await.data(200).clone();
    assert_eq!(chosen["sms_enabled"], true);
    let odd = with(chosen.clone(), json!({"fax_enabled": true}));
    assert_eq!(world.put(&path, &buyer.person.token, &odd).await.code(422), "validation_failed");
    assert_eq!(world.put(&path, &vendor.person.token, &chosen).await.code(404), "not_found");
}

#[tokio::test]
async fn push_goes_to_every_device_and_a_device_that_is_gone_is_forgotten() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    for token in ["device-token-one", "device-token-two"] {
        let body = json!({"token": token, "device_type": "android", "device_info": {"model": "Pixel"}});
        let _ = world.post("/api/v1/notifications/devices", &buyer.person.token, &body).await.data(201);
        let _ = world.post("/api/v1/notifications/devices", &buyer.person.token, &body).await.data(201);
    }
    world.remove_app("device-token-two").await;
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    assert_eq!(world.one(buyer.user_id, "payment_received", "push").await.status, "sent");
    let pushes = world.pushes("device-token-one").await;
    assert_eq!(pushes.len(), 1, "{pushes:?}");
    let active: Vec<String> =
        sqlx::query_scalar("SELECT token FROM fcm_tokens WHERE is_active").fetch_all(&world.db.pool).await.unwrap();
    assert_eq!(active, ["device-token-one"]);
    // Somebody else signs in on the phone: it is theirs now.
    let body = json!({"token": "device-token-one"});
    let _ = world.post("/api/v1/notifications/devices", &vendor.person.token, &body).await.data(201);
    let path = "/api/v1/notifications/devices/device-token-one";
    assert_eq!(world.delete(path, &buyer.person.token).await.code(404), "not_found");
    assert_eq!(world.delete(path, &vendor.person.token).await.status, 204);
    world.happen(ServiceName::Order, &order.cancelled()).await;
    assert_eq!(world.pushes("device-token-one").await.len(), 1);
}

#[tokio::test]
async fn people_are_told_in_their_language_where_there_is_a_text() {
    let world = world().await;
    let buyer = world.know(world.people.buyer(), "buyer", "te").await;
    let vendor = world.know(world.people.vendor(), "vendor", "hi").await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    assert!(world.one(buyer.user_id, "payment_received", "whatsapp").await.body.contains("మీ ఆర్డర్"));
    assert!(world.one(vendor.user_id, "new_order", "whatsapp").await.body.contains("नया ऑर्डर"));
    assert!(world.one(buyer.user_id, "payment_received", "in_app").await.body.contains("విక్రేత రెండు గంటల్లో"));
    assert!(world.one(vendor.user_id, "new_order", "in_app").await.body.contains("ऑनलाइन भुगतान हो चुका है"));
}

#[tokio::test]
async fn advertising_waits_for_the_morning_and_goes_only_to_those_who_asked_for_it() {
    let world = world().await;
    let (asked, other) = (world.buyer().await, world.buyer().await);
    world.prefer(&asked, &[("whatsapp_promotions", true)]).await;
    let admin = world.people.admin(AdminRole::Operations);
    let template = json!({"template_name": "monsoon_offer", "template_type": "whatsapp", "language": "en", "category": "promotion",
        "body": "Cement at {{ percent }} % less.", "variables": [{"name": "percent", "sample": "5"}],
        "whatsapp_template_id": "monsoon_offer"});
    let _ = world.post("/api/v1/notifications/templates", &admin.token, &template).await.data(201);
    // 22:00 in India, some days ahead so that tokens still count when asked for again.
    let ten_at_night =
        (domain::Clock::now(&*world.clock).date_naive() + TimeDelta::days(1)).and_hms_opt(16, 30, 0).unwrap().and_utc();
    world.clock.set(ten_at_night);
    for buyer in [&asked, &other] {
        let body = json!({"user_id": buyer.user_id, "template": "monsoon_offer", "variables": {"percent": "7"}});
        let _ = ask(&world, "whatsapp", &body).await.data(202);
    }
    world.later(TimeDelta::hours(9)).await;
    assert_eq!(world.chat(&asked.phone).await, Vec::<String>::new());
    // Not tried at night, and not counted as tried.
    let kept = world.one(asked.user_id, "monsoon_offer", "whatsapp").await;
    assert_eq!((kept.status.as_str(), kept.attempts), ("pending", 0));
    world.later(TimeDelta::hours(1)).await;
    assert_eq!(world.chat(&asked.phone).await, ["monsoon_offer: 7"]);
    assert_eq!(world.kept(other.user_id).await, []);
}
