//! Many messages at once, also when the process that sends is killed in the middle.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use secrecy::ExposeSecret as _;
use tokio::process::{Child, Command};

use crate::support::{World, world};

const DEADLINE: Duration = Duration::from_secs(120);

fn phone(number: i64) -> String {
    format!("+9170{number:08}")
}

/// Queues one SMS for each of so many people.
async fn queue(world: &World, messages: i64) {
    let count = i32::try_from(messages).unwrap();
    sqlx::query(
        "INSERT INTO contacts (user_id, user_type, status, full_name, phone, preferred_language, sequence, updated_at)
         SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'buyer', 'active', 'Somebody',
                '+9170' || lpad(n::text, 8, '0'), 'en', 1, now() FROM generate_series(1, $1) AS n",
    )
    .bind(count)
    .execute(&world.db.pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO notifications (id, recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key,
                                    cause, body, data, status, due_at, created_at, updated_at)
         SELECT ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid,
                ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'buyer', 'order_delivered', 'sms', 'order',
                (SELECT id FROM notification_templates
                  WHERE template_name = 'order_delivered' AND template_type = 'sms' AND language = 'en'),
                'test/' || n, 'test', 'Your order ORD' || lpad(n::text, 6, '0') || ' was delivered.',
                jsonb_build_object('variables', jsonb_build_object('order_number', 'ORD' || lpad(n::text, 6, '0'))),
                'pending', now(), now(), now()
           FROM generate_series(1, $1) AS n",
    )
    .bind(count)
    .execute(&world.db.pool)
    .await
    .unwrap();
}

/// The service as a process of its own, beside the database and the outside of a test.
fn serve(world: &World) -> Child {
    let identity = testkit::Identity::service_settings(domain::ServiceName::Notification);
    let account = serde_json::to_string(&world.outside.service_account).unwrap();
    let aws = std::env::var("AWS_ENDPOINT_URL").unwrap_or_else(|_| world.neighbours.uri());
    let private = identity.private_key.expose_secret().to_owned();
    let variables = [
        ("REALSERV_ENV", "test".to_owned()),
        ("BIND_ADDR", "127.0.0.1:0".to_owned()),
        ("DATABASE_URL", world.db.url.clone()),
        ("AWS_ENDPOINT_URL", aws),
        ("AWS_REGION", "ap-south-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("FIREBASE_PROJECT_ID", testkit::Identity::project().to_owned()),
        ("FIREBASE_JWKS_URL", format!("{}/jwks", world.neighbours.uri())),
        ("SERVICE_TOKEN_PRIVATE_KEY", private),
        ("SERVICE_TOKEN_PUBLIC_KEYS", identity.public_keys.clone()),
        ("WHATSAPP_URL", world.outside.url("/whatsapp")),
        ("WHATSAPP_PHONE_NUMBER_ID", "106540352242922".to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", "rs_test_whatsapp_token".to_owned()),
        ("WHATSAPP_APP_SECRET", "rs_test_app_secret_fedcba98".to_owned()),
        ("WHATSAPP_VERIFY_TOKEN", "rs_test_verify_token".to_owned()),
        ("SMS_PROVIDER", "twilio".to_owned()),
        ("TWILIO_URL", world.outside.url("/twilio")),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001".to_owned()),
        ("TWILIO_AUTH_TOKEN", "rs_test_twilio_auth_token".to_owned()),
        ("TWILIO_FROM", "+15005550006".to_owned()),
        ("SES_FROM", "orders@realserv.example".to_owned()),
        ("FCM_URL", world.outside.url("/fcm")),
        ("GOOGLE_OAUTH_URL", world.outside.url("/google/oauth2")),
        ("FIREBASE_SERVICE_ACCOUNT", account),
        ("RUST_LOG", "warn".to_owned()),
    ];
    Command::new(env!("CARGO_BIN_EXE_notification"))
        .arg("serve")
        .env_clear()
        .envs(variables)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn count(world: &World, condition: &'static str) -> i64 {
    let query = match condition {
        "waiting" => "SELECT count(*) FROM notifications WHERE status IN ('pending', 'sending')",
        "pending" => "SELECT count(*) FROM notifications WHERE status = 'pending'",
        "sending" => "SELECT count(*) FROM notifications WHERE status = 'sending'",
        "sent" => "SELECT count(*) FROM notifications WHERE status = 'sent'",
        _ => "SELECT count(*) FROM notifications WHERE status = 'failed'",
    };
    sqlx::query_scalar(query).fetch_one(&world.db.pool).await.unwrap()
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !reached().await {
        assert!(begun.elapsed() < DEADLINE, "{what} took too long");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many SMS each of so many phones got.
async fn received(world: &World, messages: i64) -> BTreeMap<String, usize> {
    let one = async |number: i64| {
        let phone = phone(number);
        let sms = world.sms(&phone).await.len();
        (phone, sms)
    };
    stream::iter(1..=messages).map(one).buffer_unordered(16).collect().await
}

#[tokio::test]
async fn a_sender_that_is_killed_in_the_middle_sends_nothing_twice_and_loses_nothing_unnoticed() {
    let world = world().await;
    let messages = 1_500;
    queue(&world, messages).await;
    let mut killed = serve(&world);
    until("sending half of them", async || count(&world, "pending").await < messages / 2).await;
    killed.kill().await.unwrap();
    let in_hand = count(&world, "sending").await;
    assert!(count(&world, "pending").await > 0, "it was done before it could be killed");
    // What it held is taken over when its time is up.
    sqlx::query("UPDATE notifications SET leased_until = clock_timestamp() WHERE status = 'sending'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    let second = serve(&world);
    until("sending the rest", async || count(&world, "waiting").await == 0).await;
    drop(second);

    let (sent, failed) = (count(&world, "sent").await, count(&world, "failed").await);
    assert_eq!(sent + failed, messages);
    assert_eq!(failed, in_hand, "only what was in hand is given up");
    let received = received(&world, messages).await;
    let twice: Vec<_> = received.iter().filter(|(_, sms)| **sms > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    // Whoever has nothing is one of whom nobody knows, and the message says so.
    let unknown: Vec<String> = sqlx::query_scalar(
        "SELECT phone FROM notifications JOIN contacts ON user_id = recipient_id
          WHERE notifications.status = 'failed' AND failed_reason = 'nobody knows whether it went out: sending was interrupted'",
    )
    .fetch_all(&world.db.pool)
    .await
    .unwrap();
    assert_eq!(i64::try_from(unknown.len()).unwrap(), failed);
    for (phone, sms) in &received {
        assert!(*sms == 1 || unknown.contains(phone), "{phone} got nothing, and nobody noticed");
    }
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE event_type IN ('NotificationSent', 'NotificationFailed')")
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(told, messages, "each is told of once");
}

/// The figure: `scripts/bench-notifications`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn twenty_thousand_messages_drain_at_three_hundred_a_second_or_better() {
    let world = world().await;
    let messages = 20_000;
    queue(&world, messages).await;
    let begun = Instant::now();
    let service = serve(&world);
    until("sending all of them", async || count(&world, "waiting").await == 0).await;
    let seconds = begun.elapsed().as_secs_f64();
    drop(service);
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = messages as f64 / seconds;
    println!("{messages} messages in {seconds:.1} s: {rate:.0}/s");
    assert_eq!(count(&world, "sent").await, messages);
    let received = received(&world, messages).await;
    assert!(received.values().all(|sms| *sms == 1));
    assert!(rate >= 300.0, "{rate:.0}/s");
}
