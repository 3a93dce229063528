//! One notification service with its ways out.

use std::ops::Deref;

use bus::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{DomainEvent, Envelope};
use domain::{ServiceName, UserId, VendorId};
use notification::NotificationService;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use sqlx::Row as _;
use testkit::{Person, TestService};

use crate::samples;

pub(crate) struct World {
    pub(crate) service: TestService<NotificationService>,
    pub(crate) outside: Sandbox,
    http: reqwest::Client,
}

impl Deref for World {
    type Target = TestService<NotificationService>;
    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

/// Somebody the service knows.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) person: Person,
    pub(crate) user_id: UserId,
    pub(crate) vendor_id: VendorId,
    pub(crate) phone: String,
}

/// A message as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) channel: String,
    pub(crate) template: String,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) reason: Option<String>,
    pub(crate) body: String,
    pub(crate) provider_message_id: Option<String>,
    pub(crate) fallback: bool,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox lives by the machine's clock, so the test's begins there")]
fn machine_time() -> DateTime<Utc> {
    chrono::SubsecRound::trunc_subsecs(Utc::now(), 6)
}

pub(crate) async fn world() -> World {
    world_with(&[]).await
}

pub(crate) async fn world_with(more: &[&str]) -> World {
    service_kit::process::init();
    let outside = sandbox::start(Settings::for_tests().unwrap()).await.unwrap();
    let account = serde_json::to_string(&outside.service_account).unwrap();
    let more: Vec<String> = more.iter().map(|setting| setting.replace("{outside}", &outside.url(""))).collect();
    let urls = ["/whatsapp", "/twilio", "/fcm", "/google/oauth2"].map(|path| outside.url(path));
    let mut settings = vec![
        "--whatsapp-url",
        &urls[0],
        "--whatsapp-phone-number-id",
        "106540352242922",
        "--whatsapp-access-token",
        "rs_test_whatsapp_token",
        "--whatsapp-app-secret",
        "rs_test_app_secret_fedcba98",
        "--whatsapp-verify-token",
        "rs_test_verify_token",
        "--whatsapp-timeout-seconds",
        "2",
        "--sms-provider",
        "twilio",
        "--twilio-url",
        &urls[1],
        "--twilio-account-sid",
        "AC00000000000000000000000000000001",
        "--twilio-auth-token",
        "rs_test_twilio_auth_token",
        "--twilio-from",
        "+15005550006",
        "--sms-timeout-seconds",
        "2",
        "--ses-from",
        "orders@realserv.example",
        "--fcm-url",
        &urls[2],
        "--google-oauth-url",
        &urls[3],
        "--firebase-service-account",
        &account,
        "--otp-send-timeout-seconds",
        "1",
    ];
    for pair in more.chunks(2) {
        match settings.iter().position(|name| *name == pair[0]) {
            Some(at) => settings[at + 1] = &pair[1],
            None => settings.extend(pair.iter().map(String::as_str)),
        }
    }
    let service = TestService::<NotificationService>::start(&settings).await;
    service.clock.set(machine_time());
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    World { service, outside, http }
}

impl World {
    /// A buyer whose registration was heard of, without the welcome.
    pub(crate) async fn buyer(&self) -> Known {
        let person = self.people.buyer();
        self.know(person, "buyer", "en").await
    }

    /// A vendor whose registration was heard of.
    pub(crate) async fn vendor(&self) -> Known {
        let person = self.people.vendor();
        self.know(person, "vendor", "en").await
    }

    pub(crate) async fn know(&self, person: Person, user_type: &str, language: &str) -> Known {
        let known = known(person);
        let facts = samples::user(&known, user_type, language);
        assert_eq!(self.deliver(ServiceName::User, &facts).await, Outcome::Done);
        known
    }

    /// Hands an event in and does what follows.
    pub(crate) async fn happen<E: DomainEvent>(&self, from: ServiceName, event: &E) -> Envelope {
        let envelope = self.envelope(from, event);
        assert_eq!(self.deliver_envelope(envelope.clone()).await, Outcome::Done, "{}", envelope.r#type);
        self.run_due_jobs().await;
        envelope
    }

    /// Sends what is due by the test's clock, until nothing is.
    pub(crate) async fn run_due_jobs(&self) {
        while self.app.send_due().await > 0 {}
    }

    /// What a person was sent, in order.
    pub(crate) async fn kept(&self, user_id: UserId) -> Vec<Kept> {
        let rows = sqlx::query(
            "SELECT channel, notification_type, status, attempts, failed_reason, body, provider_message_id, fallback_of
               FROM notifications WHERE recipient_id = $1 ORDER BY notification_type, channel",
        )
        .bind(user_id.as_uuid())
        .fetch_all(&self.db.pool)
        .await
        .unwrap();
        let kept = |row: &sqlx::postgres::PgRow| Kept {
            channel: row.get("channel"),
            template: row.get("notification_type"),
            status: row.get("status"),
            attempts: row.get("attempts"),
            reason: row.get("failed_reason"),
            body: row.get("body"),
            provider_message_id: row.get("provider_message_id"),
            fallback: row.get::<Option<uuid::Uuid>, _>("fallback_of").is_some(),
        };
        rows.iter().map(kept).collect()
    }

    /// The channels and states of one template's messages to a person.
    pub(crate) async fn states(&self, user_id: UserId, template: &str) -> Vec<(String, String)> {
        let kept = self.kept(user_id).await;
        kept.into_iter().filter(|kept| kept.template == template).map(|kept| (kept.channel, kept.status)).collect()
    }

    pub(crate) async fn one(&self, user_id: UserId, template: &str, channel: &str) -> Kept {
        let kept = self.kept(user_id).await;
        kept.into_iter().find(|kept| kept.template == template && kept.channel == channel).expect("a message")
    }

    pub(crate) async fn sms(&self, phone: &str) -> Vec<String> {
        self.list(&format!("/_sandbox/phones/{phone}/sms"), "body").await
    }

    pub(crate) async fn chat(&self, phone: &str) -> Vec<String> {
        self.list(&format!("/_sandbox/phones/{phone}/whatsapp"), "text").await
    }

    pub(crate) async fn pushes(&self, token: &str) -> Vec<Value> {
        let body: Value = self
            .http
            .get(self.outside.url(&format!("/_sandbox/devices/{token}/push")))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        body["data"].as_array().unwrap().clone()
    }

    pub(crate) async fn remove_app(&self, token: &str) {
        self.http.delete(self.outside.url(&format!("/_sandbox/devices/{token}"))).send().await.unwrap();
    }

    async fn list(&self, path: &str, field: &str) -> Vec<String> {
        let body: Value = self.http.get(self.outside.url(path)).send().await.unwrap().json().await.unwrap();
        let all = body["data"].as_array().expect("a list").iter();
        all.map(|one| one[field].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Switches trouble on.
    pub(crate) async fn fault(&self, fault: Value) {
        let answer = self.http.post(self.outside.url("/_sandbox/faults")).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Switches all trouble off.
    pub(crate) async fn no_faults(&self) {
        self.http.delete(self.outside.url("/_sandbox/faults")).send().await.unwrap();
    }

    /// Lets time pass and does what is due then.
    pub(crate) async fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.run_due_jobs().await;
    }

    /// A person's choices, changed at some switches.
    pub(crate) async fn prefer(&self, known: &Known, switches: &[(&str, bool)]) {
        let path = format!("/api/v1/notifications/preferences/{}", known.user_id);
        let mut chosen = self.get(&path, &known.person.token).await.data(200).clone();
        for (name, on) in switches {
            chosen[*name] = json!(on);
        }
        let _ = self.put(&path, &known.person.token, &chosen).await.data(200);
    }
}

/// Phones that nobody else in the test has.
pub(crate) fn known(person: Person) -> Known {
    let number = person.user_id.as_uuid().as_u128() % 1_000_000_000;
    Known { user_id: person.user_id, vendor_id: person.vendor_id, phone: format!("+919{number:09}"), person }
}

pub(crate) fn pair(channel: &str, status: &str) -> (String, String) {
    (channel.to_owned(), status.to_owned())
}
