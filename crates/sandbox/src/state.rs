//! What the sandbox remembers, and how it outlives a restart.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use context::FileClock;
use domain::{SharedClock, SystemClock};
use serde::{Deserialize, Serialize, Serializer};
use tokio_util::sync::CancellationToken;

use crate::{
    faults::Faults,
    fcm::PushState,
    firebase::FirebaseState,
    keys::{RsaKey, StoredKey},
    razorpay::RazorpayState,
    settings::{ServiceAccount, Settings},
    sms::SmsState,
    webhooks::{Event, Webhooks},
    whatsapp::WhatsappState,
};

/// How long changes may wait before they are written, while there is little to write.
const SAVE_EVERY: Duration = Duration::from_millis(200);
/// Saving takes no more than one part in so many of the time, however much there is.
const SAVE_SHARE: u32 = 20;

/// A mutex that a panicking holder does not take with it.
#[derive(Default)]
pub(crate) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Serialize> Serialize for Locked<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

/// The memory of each outside system. Two of these are never held at once.
#[derive(Default, Serialize)]
pub(crate) struct World {
    pub(crate) firebase: Locked<FirebaseState>,
    pub(crate) razorpay: Locked<RazorpayState>,
    pub(crate) whatsapp: Locked<WhatsappState>,
    pub(crate) sms: Locked<SmsState>,
    pub(crate) push: Locked<PushState>,
}

/// The keys, newest ID-token key first.
#[derive(Clone, Serialize, Deserialize)]
struct StoredKeys {
    id_tokens: Vec<StoredKey>,
    service_account: ServiceAccount,
}

/// The state file.
#[derive(Deserialize)]
struct SavedState {
    keys: StoredKeys,
    firebase: FirebaseState,
    razorpay: RazorpayState,
    whatsapp: WhatsappState,
    sms: SmsState,
    push: PushState,
    webhooks: Vec<Event>,
}

/// The same, borrowed for writing.
#[derive(Serialize)]
struct SaveState<'a> {
    keys: StoredKeys,
    #[serde(flatten)]
    world: &'a World,
    webhooks: Vec<Event>,
}

/// Everything a handler needs.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) clock: SharedClock,
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) webhooks: Webhooks,
    pub(crate) service_account: ServiceAccount,
    pub(crate) service_key: RsaKey,
    pub(crate) stopping: CancellationToken,
    stored_keys: Locked<Vec<StoredKey>>,
    id_keys: RwLock<Vec<RsaKey>>,
    changed: AtomicBool,
    /// One writer of the state file at a time.
    saving: tokio::sync::Mutex<()>,
}

/// The app as handlers share it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Loads the state file or begins anew.
    pub(crate) async fn build(settings: Settings) -> anyhow::Result<Shared> {
        let saved = match &settings.state_file {
            Some(file) => load(file).await?,
            None => None,
        };
        let project = settings.firebase_project_id.clone();
        let (world, stored, events) = match saved {
            Some(SavedState { keys, firebase, razorpay, whatsapp, sms, push, webhooks }) => {
                let world = World {
                    firebase: Locked::new(firebase),
                    razorpay: Locked::new(razorpay),
                    whatsapp: Locked::new(whatsapp),
                    sms: Locked::new(sms),
                    push: Locked::new(push),
                };
                (world, keys, webhooks)
            }
            None => (World::default(), tokio::task::spawn_blocking(move || new_keys(project)).await??, Vec::new()),
        };
        let service_account = match &settings.firebase_service_account {
            Some(text) => serde_json::from_str(text).context("FIREBASE_SERVICE_ACCOUNT")?,
            None => stored.service_account,
        };
        let clock: SharedClock = match &settings.clock_file {
            Some(file) => FileClock::follow(file.clone()),
            None => Arc::new(SystemClock),
        };
        let app = Arc::new(Self {
            clock,
            world,
            faults: Faults::default(),
            webhooks: Webhooks::new()?,
            service_key: RsaKey::from_pem(&service_account.private_key).context("the service account's key")?,
            service_account,
            stopping: CancellationToken::new(),
            id_keys: RwLock::new(stored.id_tokens.iter().map(|key| RsaKey::from_pem(&key.pem)).collect::<Result<_, _>>()?),
            stored_keys: Locked::new(stored.id_tokens),
            changed: AtomicBool::new(true),
            saving: tokio::sync::Mutex::default(),
            settings,
        });
        app.start_webhooks(events);
        Ok(app)
    }

    /// Notes that the state file is out of date.
    pub(crate) fn touch(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// The keys that sign ID tokens, the current one first.
    pub(crate) fn id_keys(&self) -> RwLockReadGuard<'_, Vec<RsaKey>> {
        self.id_keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs with a new key from now on; the one before stays published.
    pub(crate) async fn rotate_keys(&self) -> anyhow::Result<()> {
        let stored = tokio::task::spawn_blocking(StoredKey::generate).await??;
        let key = RsaKey::from_pem(&stored.pem)?;
        let mut kept = self.stored_keys.lock();
        let mut keys = self.id_keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.truncate(1);
        kept.truncate(1);
        keys.insert(0, key);
        kept.insert(0, stored);
        self.touch();
        Ok(())
    }

    /// Forgets everything but the keys.
    pub(crate) fn reset(&self) {
        *self.world.firebase.lock() = FirebaseState::default();
        *self.world.razorpay.lock() = RazorpayState::default();
        *self.world.whatsapp.lock() = WhatsappState::default();
        *self.world.sms.lock() = SmsState::default();
        *self.world.push.lock() = PushState::default();
        self.faults.clear();
        self.webhooks.forget();
        self.touch();
    }

    /// Writes the state file, if there is to be one.
    pub(crate) async fn save(&self) -> anyhow::Result<()> {
        let Some(file) = &self.settings.state_file else { return Ok(()) };
        let _one = self.saving.lock().await;
        self.changed.store(false, Ordering::Relaxed);
        let keys = StoredKeys { id_tokens: self.stored_keys.lock().clone(), service_account: self.service_account.clone() };
        let text = serde_json::to_vec(&SaveState { keys, world: &self.world, webhooks: self.webhooks.pending() })?;
        let draft = file.with_extension("writing");
        tokio::fs::write(&draft, text).await.with_context(|| format!("write {}", draft.display()))?;
        tokio::fs::rename(&draft, file).await.with_context(|| format!("write {}", file.display()))
    }

    /// Saves changes a little after they happen, until told to stop.
    pub(crate) async fn keep_saving(self: Arc<Self>) {
        let mut pause = SAVE_EVERY;
        while !self.sleeps(pause).await {
            if !self.changed.load(Ordering::Relaxed) {
                continue;
            }
            let begun = Instant::now();
            if let Err(error) = self.save().await {
                tracing::warn!(%error, "the state was not saved");
            }
            pause = SAVE_EVERY.max(begun.elapsed() * SAVE_SHARE);
        }
    }

    /// Sleeps; true when the sandbox is stopping.
    pub(crate) async fn sleeps(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stopping.cancelled() => true,
            () = tokio::time::sleep(time) => false,
        }
    }
}

fn new_keys(project_id: String) -> anyhow::Result<StoredKeys> {
    Ok(StoredKeys {
        id_tokens: vec![StoredKey::generate()?],
        service_account: ServiceAccount {
            client_email: format!("firebase-adminsdk@{project_id}.iam.gserviceaccount.com"),
            private_key: StoredKey::generate()?.pem,
            project_id,
        },
    })
}

async fn load(file: &Path) -> anyhow::Result<Option<SavedState>> {
    match tokio::fs::read(file).await {
        Ok(text) => Ok(Some(serde_json::from_slice(&text).with_context(|| format!("read {}", file.display()))?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", file.display())),
    }
}
