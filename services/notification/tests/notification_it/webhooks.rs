//! What SES and Twilio say: only signed, in any order, and an address that is none is switched off.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::ServiceName;
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use testkit::wiremock::matchers::{method, path};
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::samples::{Order, user};
use crate::support::{Known, World, known, pair, world_with};

const SES: &str = "/api/v1/notifications/webhooks/ses";
const TWILIO: &str = "/api/v1/notifications/webhooks/twilio";
const TOPIC: &str = "arn:aws:sns:ap-south-1:000000000000:realserv-mail";
const CALLBACK: &str = "https://api.realserv.test/api/v1/notifications/webhooks/twilio";

async fn world() -> World {
    let world = world_with(&[
        "--ses-feedback-topics",
        TOPIC,
        "--sns-test-origin",
        "{neighbours}/",
        "--twilio-status-callback-url",
        CALLBACK,
    ])
    .await;
    let certificate = ResponseTemplate::new(200).set_body_string(include_str!("keys/sns.cert.pem"));
    Mock::given(method("GET")).and(path("/sns.pem")).respond_with(certificate).mount(&world.neighbours).await;
    world
}

fn sign(text: &str) -> String {
    let key = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("keys/sns.key.pem")).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

fn signed(world: &World, kind: &str, message: &str, more: Value) -> Value {
    let mut envelope = json!({"Type": kind, "MessageId": "11b80b92", "TopicArn": TOPIC, "Message": message,
        "Timestamp": "2026-11-16T05:00:01.000Z", "SignatureVersion": "2",
        "SigningCertURL": format!("{}/sns.pem", world.neighbours.uri())});
    for (name, value) in more.as_object().unwrap() {
        envelope[name] = value.clone();
    }
    let order: &[&str] = if kind == "Notification" {
        &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    } else {
        &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    };
    let text: String =
        order.iter().filter_map(|name| envelope[*name].as_str().map(|value| format!("{name}\n{value}\n"))).collect();
    envelope["Signature"] = json!(sign(&text));
    envelope
}

fn ses(world: &World, event: &Value) -> Value {
    signed(world, "Notification", &event.to_string(), json!({"Subject": "Amazon SES Email Event Notification"}))
}

async fn tell(world: &World, path: &str, body: &Value) -> testkit::Answer {
    world.send(reqwest::Method::POST, path, None, Some(body), &[]).await
}

/// A buyer with a mail address who was sent a mail; SES's id of it.
async fn mailed(world: &World) -> (Known, String) {
    let aws = aws_sdk_sesv2::Client::new(&world.app.kit.aws);
    aws.create_email_identity().email_identity("realserv.example").send().await.ok();
    let buyer = known(world.people.buyer());
    let mut facts = user(&buyer, "buyer", "en");
    facts.user.email = Some("Lakshmi@Example.com".into());
    world.deliver(ServiceName::User, &facts).await;
    let vendor = world.vendor().await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    let mail = world.one(buyer.user_id, "payment_received", "email").await;
    assert_eq!(mail.status, "sent", "{mail:?}");
    (buyer, mail.provider_message_id.unwrap())
}

#[tokio::test]
async fn a_mail_moves_forward_by_what_ses_says_in_whatever_order_it_comes() {
    let world = world().await;
    let (buyer, id) = mailed(&world).await;
    let status = async || world.one(buyer.user_id, "payment_received", "email").await.status;
    let event = |kind: &str| json!({"eventType": kind, "mail": {"messageId": id}});
    assert_eq!(tell(&world, SES, &ses(&world, &event("Send"))).await.data(200)["new"], false);
    assert_eq!(status().await, "sent");
    assert_eq!(tell(&world, SES, &ses(&world, &event("Open"))).await.data(200)["new"], true);
    assert_eq!(status().await, "read");
    assert_eq!(tell(&world, SES, &ses(&world, &event("Delivery"))).await.data(200)["new"], false);
    assert_eq!(tell(&world, SES, &ses(&world, &event("Open"))).await.data(200)["new"], false);
    assert_eq!(status().await, "read");
}

#[tokio::test]
async fn a_delivery_that_is_told_before_the_answer_to_the_send_is_not_lost() {
    let world = world().await;
    // Signed once and for all, with SHA-1 as topics do that were never changed.
    let mut envelope: Value = serde_json::from_str(include_str!("keys/version_1.json")).unwrap();
    envelope["SigningCertURL"] = json!(format!("{}/sns.pem", world.neighbours.uri()));
    assert_eq!(tell(&world, SES, &envelope).await.data(200)["new"], true);
    let kept: String = sqlx::query_scalar("SELECT status FROM provider_statuses WHERE provider_message_id = 'ses-version-1'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(kept, "delivered");
    // Version 2 is not to be had by saying so.
    envelope["SignatureVersion"] = json!("2");
    assert_eq!(tell(&world, SES, &envelope).await.code(401), "invalid_signature");
}

#[tokio::test]
async fn a_permanent_bounce_fails_the_mail_and_switches_the_address_off() {
    let world = world().await;
    let (buyer, id) = mailed(&world).await;
    let bounce = |kind: &str| {
        json!({"eventType": "Bounce", "mail": {"messageId": id}, "bounce": {"bounceType": kind, "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": "lakshmi@example.com", "diagnosticCode": "550 no such user"}],
            "timestamp": "2026-11-16T05:00:00.000Z"}})
    };
    assert_eq!(tell(&world, SES, &ses(&world, &bounce("Permanent"))).await.data(200)["new"], true);
    let mail = world.one(buyer.user_id, "payment_received", "email").await;
    assert_eq!(mail.status, "failed");
    assert!(mail.reason.unwrap().contains("550 no such user"));
    assert!(world.said_types().await.contains(&"NotificationFailed".to_owned()));
    // Again: nothing follows a second time.
    assert_eq!(tell(&world, SES, &ses(&world, &bounce("Permanent"))).await.data(200)["new"], false);
    assert_eq!(world.said_types().await, Vec::<String>::new());
    let vendor = world.vendor().await;
    world.happen(ServiceName::Order, &Order::new(&buyer, &vendor, "online").cancelled()).await;
    assert_eq!(world.states(buyer.user_id, "order_cancelled").await, [pair("in_app", "delivered"), pair("whatsapp", "sent")]);
}

#[tokio::test]
async fn a_full_mailbox_fails_the_mail_and_keeps_the_address_but_a_complaint_switches_it_off() {
    let world = world().await;
    let (buyer, id) = mailed(&world).await;
    let usable = async || {
        sqlx::query_scalar::<_, bool>("SELECT email_usable FROM contacts WHERE user_id = $1")
            .bind(buyer.user_id.as_uuid())
            .fetch_one(&world.db.pool)
            .await
            .unwrap()
    };
    let complaint = json!({"notificationType": "Complaint", "mail": {"messageId": id},
        "complaint": {"complainedRecipients": [{"emailAddress": "LAKSHMI@example.com"}]}});
    let full = json!({"notificationType": "Bounce", "mail": {"messageId": "another"}, "bounce": {"bounceType": "Transient",
        "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": "lakshmi@example.com"}]}});
    assert_eq!(tell(&world, SES, &ses(&world, &full)).await.data(200)["new"], true);
    assert!(usable().await);
    assert_eq!(tell(&world, SES, &ses(&world, &complaint)).await.data(200)["new"], true);
    assert!(!usable().await);
    assert_eq!(world.one(buyer.user_id, "payment_received", "email").await.status, "delivered");
}

#[tokio::test]
async fn a_message_of_sns_that_is_forged_changed_or_of_another_topic_is_refused() {
    let world = world().await;
    let good = ses(&world, &json!({"eventType": "Delivery", "mail": {"messageId": "m"}}));
    let refused = async |changes: Value| {
        let mut envelope = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            envelope[name] = value.clone();
        }
        assert_eq!(tell(&world, SES, &envelope).await.code(401), "invalid_signature", "{changes}");
    };
    refused(json!({"Message": "{}"})).await;
    refused(json!({"Subject": "Other"})).await;
    refused(json!({"Timestamp": "2026-11-17T05:00:01.000Z"})).await;
    refused(json!({"SignatureVersion": "1"})).await;
    refused(json!({"SignatureVersion": "3"})).await;
    refused(json!({"Signature": "AAAA"})).await;
    refused(json!({"TopicArn": "arn:aws:sns:ap-south-1:666666666666:somebody-else"})).await;
    refused(json!({"SigningCertURL": "https://evil.example/sns.pem"})).await;
    refused(json!({"SigningCertURL": "https://sns.ap-south-1.amazonaws.com.evil.example/sns.pem"})).await;
    assert_eq!(tell(&world, SES, &json!({"eventType": "Delivery"})).await.code(400), "malformed_body");
    assert_eq!(tell(&world, SES, &good).await.data(200)["new"], true);
    let missing = json!({"SigningCertURL": format!("{}/gone.pem", world.neighbours.uri())});
    let mut envelope = good.clone();
    envelope["SigningCertURL"] = missing["SigningCertURL"].clone();
    assert_eq!(tell(&world, SES, &envelope).await.code(503), "provider_unavailable");
}

#[tokio::test]
async fn our_topics_subscription_is_confirmed_and_nobody_elses() {
    let world = world().await;
    let confirmed = Mock::given(method("GET")).and(path("/confirm")).respond_with(ResponseTemplate::new(200)).expect(1);
    confirmed.mount(&world.neighbours).await;
    let question = |address: String| {
        let more = json!({"Token": "t0k3n", "SubscribeURL": address});
        signed(&world, "SubscriptionConfirmation", "You have chosen to subscribe", more)
    };
    let at_home = question(format!("{}/confirm?Action=ConfirmSubscription", world.neighbours.uri()));
    assert_eq!(tell(&world, SES, &at_home).await.data(200)["new"], true);
    // Signed well, but it leads elsewhere.
    assert_eq!(tell(&world, SES, &question("https://evil.example/confirm".into())).await.code(401), "invalid_signature");
    world.neighbours.verify().await;
}

async fn twilio(world: &World, fields: &[(&str, &str)], signature: Option<&str>) -> reqwest::Response {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"rs_test_twilio_auth_token");
    let mut sorted: Vec<_> = fields.to_vec();
    sorted.sort_unstable();
    let text: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let made = STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("{CALLBACK}{text}").as_bytes()));
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    let request = http.post(format!("{}{TWILIO}", world.base_url)).form(fields);
    request.header("x-twilio-signature", signature.unwrap_or(&made)).send().await.unwrap()
}

#[tokio::test]
async fn an_sms_moves_forward_by_twilios_signed_word_and_a_number_that_is_none_is_switched_off() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&buyer, &[("sms_enabled", true), ("sms_payment_updates", true), ("sms_order_updates", true)]).await;
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    let id = world.one(buyer.user_id, "payment_received", "sms").await.provider_message_id.unwrap();
    let status = async |template: &str| world.one(buyer.user_id, template, "sms").await.status;
    let fields = |word: &'static str| [("MessageSid", id.as_str()), ("MessageStatus", word), ("To", buyer.phone.as_str())];
    assert_eq!(twilio(&world, &fields("delivered"), Some("AAAA")).await.status(), 401);
    assert_eq!(twilio(&world, &fields("delivered"), Some("")).await.status(), 401);
    assert_eq!(status("payment_received").await, "sent");
    assert_eq!(twilio(&world, &fields("delivered"), None).await.status(), 200);
    assert_eq!(status("payment_received").await, "delivered");
    for late in ["queued", "sent", "failed"] {
        assert_eq!(twilio(&world, &fields(late), None).await.status(), 200);
    }
    assert_eq!(status("payment_received").await, "delivered");

    world.happen(ServiceName::Order, &order.cancelled()).await;
    let id = world.one(buyer.user_id, "order_cancelled", "sms").await.provider_message_id.unwrap();
    let failed = [("MessageSid", id.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30005"), ("To", &buyer.phone)];
    assert_eq!(twilio(&world, &failed, None).await.status(), 200);
    assert_eq!(status("order_cancelled").await, "failed");
    let usable: bool = sqlx::query_scalar("SELECT phone_usable FROM contacts WHERE user_id = $1")
        .bind(buyer.user_id.as_uuid())
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert!(!usable);
    world.happen(ServiceName::Order, &order.delivery_failed()).await;
    assert_eq!(world.states(buyer.user_id, "delivery_failed").await, [pair("in_app", "delivered")]);
    assert_eq!(twilio(&world, &[("MessageStatus", "delivered")], None).await.status(), 400);
}
