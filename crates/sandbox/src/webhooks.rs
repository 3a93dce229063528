//! Webhooks on their way out: signed once, tried until they arrive or are a day old.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use axum::http::header;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    faults::Kind,
    random, signing,
    state::{Locked, Shared},
};

/// A receiver has this long to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// After that age an event is given up.
const GIVE_UP_SECONDS: i64 = 24 * 60 * 60;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Deliveries made side by side; what has one key stays in order.
const LANES: usize = 32;
/// How many attempts the control API can show.
const LOG_LENGTH: usize = 2_000;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Razorpay,
    Whatsapp,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Razorpay => "razorpay",
            Self::Whatsapp => "whatsapp",
        }
    }
}

/// One webhook. Body and signature never change, however often it is sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) source: Source,
    /// Events of one key are first tried in order.
    pub(crate) key: String,
    pub(crate) body: String,
    pub(crate) signature: String,
    pub(crate) created_at: i64,
}

/// One try, for the control API.
#[derive(Clone, Serialize)]
struct Attempt {
    id: String,
    source: Source,
    status: Option<u16>,
    body: Value,
}

/// All webhooks not yet arrived.
pub(crate) struct Webhooks {
    client: reqwest::Client,
    urls: Locked<BTreeMap<Source, String>>,
    lanes: Locked<Vec<UnboundedSender<Event>>>,
    pending: Locked<BTreeMap<String, Event>>,
    withheld: Locked<Vec<Event>>,
    gathered: Locked<BTreeMap<Source, Vec<Event>>>,
    log: Locked<VecDeque<Attempt>>,
}

impl Webhooks {
    /// Goes out to whom we are told to.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) fn new() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this crate stands outside: it may not lean on our own client")]
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Razorpay-Webhook/v1")
            .build()?;
        Ok(Self {
            client,
            urls: Locked::default(),
            lanes: Locked::default(),
            pending: Locked::default(),
            withheld: Locked::default(),
            gathered: Locked::default(),
            log: Locked::default(),
        })
    }

    /// Where a system's webhooks go from now on; nowhere without a URL.
    pub(crate) fn send_to(&self, source: Source, url: Option<String>) {
        let mut urls = self.urls.lock();
        match url {
            Some(url) => urls.insert(source, url),
            None => urls.remove(&source),
        };
    }

    /// Meta's handshake: true when the receiver gives the challenge back.
    pub(crate) async fn handshake(&self, verify_token: &str) -> Result<Value, String> {
        let url = self.urls.lock().get(&Source::Whatsapp).cloned().ok_or("no webhook URL is set")?;
        let challenge = random::digits(10);
        let query = [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", verify_token)];
        let response = self.client.get(url).query(&query).send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let echoed = response.text().await.map_err(|error| error.to_string())?;
        Ok(json!({"verified": status.is_success() && echoed == challenge, "status": status.as_u16()}))
    }

    /// What has not arrived yet.
    pub(crate) fn pending(&self) -> Vec<Event> {
        self.pending.lock().values().cloned().collect()
    }

    /// Drops everything that has not arrived.
    pub(crate) fn forget(&self) {
        self.pending.lock().clear();
        self.withheld.lock().clear();
        self.gathered.lock().clear();
        self.log.lock().clear();
    }

    /// The latest tries, newest last, and what is held back.
    pub(crate) fn report(&self) -> Value {
        let withheld: Vec<_> = self.withheld.lock().iter().map(|event| json!({"id": event.id, "source": event.source})).collect();
        let pending: Vec<_> = self.pending.lock().keys().cloned().collect();
        json!({"attempts": *self.log.lock(), "withheld": withheld, "pending": pending})
    }

    fn record(&self, event: &Event, status: Option<u16>) {
        let mut log = self.log.lock();
        if log.len() == LOG_LENGTH {
            log.pop_front();
        }
        let body = serde_json::from_str(&event.body).unwrap_or(Value::Null);
        log.push_back(Attempt { id: event.id.clone(), source: event.source, status, body });
    }
}

impl crate::state::App {
    /// Opens the lanes and sends what an earlier run left.
    pub(crate) fn start_webhooks(self: &Shared, left: Vec<Event>) {
        let mut lanes = Vec::with_capacity(LANES);
        for _ in 0..LANES {
            let (sender, receiver) = unbounded_channel();
            tokio::spawn(drive(self.clone(), receiver));
            lanes.push(sender);
        }
        *self.webhooks.lanes.lock() = lanes;
        self.webhooks.send_to(Source::Razorpay, self.settings.razorpay_webhook_url.clone());
        self.webhooks.send_to(Source::Whatsapp, self.settings.whatsapp_webhook_url.clone());
        for event in left {
            self.send_webhook(event);
        }
    }

    /// Signs a Razorpay event and sends it.
    pub(crate) fn razorpay_webhook(self: &Shared, key: &str, event: &Value) {
        let body = event.to_string();
        let secret = self.settings.razorpay_webhook_secrets.first().map_or("", String::as_str);
        let signature = signing::razorpay_webhook(secret, body.as_bytes());
        self.send_webhook(Event {
            id: random::alphanumeric(14),
            source: Source::Razorpay,
            key: key.to_owned(),
            body,
            signature,
            created_at: self.clock.now().timestamp(),
        });
    }

    /// Signs a WhatsApp notification and sends it.
    pub(crate) fn whatsapp_webhook(self: &Shared, key: &str, notification: &Value) {
        self.send_webhook(self.whatsapp_event(key, notification));
    }

    fn whatsapp_event(&self, key: &str, notification: &Value) -> Event {
        let body = signing::escape_unicode(&notification.to_string());
        let signature = signing::meta(&self.settings.whatsapp_app_secret, body.as_bytes());
        Event {
            id: random::alphanumeric(14),
            source: Source::Whatsapp,
            key: key.to_owned(),
            body,
            signature,
            created_at: self.clock.now().timestamp(),
        }
    }

    fn send_webhook(self: &Shared, event: Event) {
        let system = event.source.name();
        self.webhooks.pending.lock().insert(event.id.clone(), event.clone());
        if self.faults.take(system, "webhooks", Kind::WithholdWebhooks).is_some() {
            self.webhooks.withheld.lock().push(event);
            return;
        }
        let copies = self.faults.take(system, "webhooks", Kind::DuplicateWebhooks).map_or(1, |fault| fault.value.unwrap_or(2));
        for _ in 0..copies {
            if let Some(fault) = self.faults.take(system, "webhooks", Kind::ShuffleWebhooks) {
                self.gather(event.clone(), fault.value, false);
            } else if let Some(fault) = self.faults.take(system, "webhooks", Kind::BatchWebhooks) {
                self.gather(event.clone(), fault.value, true);
            } else {
                self.enqueue(event.clone());
            }
        }
    }

    /// Sends what was held back; says how many.
    pub(crate) fn release_webhooks(self: &Shared, source: Source) -> usize {
        let released: Vec<Event> = {
            let mut withheld = self.webhooks.withheld.lock();
            let (released, kept) = std::mem::take(&mut *withheld).into_iter().partition(|event| event.source == source);
            *withheld = kept;
            released
        };
        let count = released.len();
        for event in released {
            self.enqueue(event);
        }
        count
    }

    /// Holds an event for a while, to send it among others in random order.
    fn gather(self: &Shared, event: Event, value: Option<u64>, batch: bool) {
        let source = event.source;
        let first = {
            let mut gathered = self.webhooks.gathered.lock();
            let events = gathered.entry(source).or_default();
            events.push(event);
            events.len() == 1
        };
        if !first {
            return;
        }
        let app = self.clone();
        tokio::spawn(async move {
            app.sleeps(Duration::from_millis(value.unwrap_or(1_000))).await;
            let mut events = app.webhooks.gathered.lock().remove(&source).unwrap_or_default();
            random::shuffle(&mut events);
            if batch && source == Source::Whatsapp {
                app.send_batch(&events);
                return;
            }
            for event in events {
                tokio::spawn(first_try(app.clone(), event));
                app.sleeps(Duration::from_millis(20)).await;
            }
        });
    }

    /// Several notifications in one body, as Meta does under load.
    fn send_batch(self: &Shared, events: &[Event]) {
        let mut entries = Vec::new();
        for event in events {
            self.webhooks.pending.lock().remove(&event.id);
            let mut body: Value = serde_json::from_str(&event.body).unwrap_or(Value::Null);
            if let Some(Value::Array(own)) = body.get_mut("entry").map(Value::take) {
                entries.extend(own);
            }
        }
        let event = self.whatsapp_event("batch", &json!({"object": "whatsapp_business_account", "entry": entries}));
        self.webhooks.pending.lock().insert(event.id.clone(), event.clone());
        self.enqueue(event);
    }

    fn enqueue(&self, event: Event) {
        let mut hasher = DefaultHasher::new();
        event.key.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % 1_000_003).unwrap_or(0) % LANES;
        if let Some(sender) = self.webhooks.lanes.lock().get(lane)
            && sender.send(event).is_err()
        {
            tracing::warn!("a webhook lane is closed");
        }
    }
}

async fn drive(app: Shared, mut events: UnboundedReceiver<Event>) {
    loop {
        let event = tokio::select! {
            () = app.stopping.cancelled() => return,
            event = events.recv() => event,
        };
        let Some(event) = event else { return };
        first_try(app.clone(), event).await;
    }
}

/// Tries once; further tries do not hold up what comes behind.
async fn first_try(app: Shared, event: Event) {
    if !attempt(&app, &event).await {
        tokio::spawn(keep_trying(app, event));
    }
}

async fn keep_trying(app: Shared, event: Event) {
    let mut pause = Duration::from_millis(app.settings.webhook_retry_ms);
    while !app.sleeps(pause).await {
        if !app.webhooks.pending.lock().contains_key(&event.id) {
            return;
        }
        if app.clock.now().timestamp() - event.created_at > GIVE_UP_SECONDS {
            tracing::warn!(id = event.id, "a webhook is a day old and given up");
            app.webhooks.pending.lock().remove(&event.id);
            app.touch();
            return;
        }
        if attempt(&app, &event).await {
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Posts the event; true when nothing is left to do.
async fn attempt(app: &Shared, event: &Event) -> bool {
    let (signature, id) = match event.source {
        Source::Razorpay => ("x-razorpay-signature", Some("x-razorpay-event-id")),
        Source::Whatsapp => ("x-hub-signature-256", None),
    };
    let url = app.webhooks.urls.lock().get(&event.source).cloned();
    let Some(url) = url else {
        app.webhooks.record(event, None);
        app.webhooks.pending.lock().remove(&event.id);
        return true;
    };
    let mut request = app
        .webhooks
        .client
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(signature, &event.signature)
        .body(event.body.clone());
    if let Some(id) = id {
        request = request.header(id, &event.id);
    }
    let status = match request.send().await {
        Ok(response) => Some(response.status()),
        Err(error) => {
            tracing::debug!(%error, "a webhook did not arrive");
            None
        }
    };
    app.webhooks.record(event, status.map(|status| status.as_u16()));
    let arrived = status.is_some_and(|status| status.is_success());
    if arrived {
        app.webhooks.pending.lock().remove(&event.id);
        app.touch();
    }
    arrived
}
