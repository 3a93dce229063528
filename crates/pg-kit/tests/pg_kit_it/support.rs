//! What these tests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::events::{DomainEvent, Envelope, EventSink, PublishError};
use domain::{Actor, ServiceName, SharedIds, SystemIds};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use testkit::{TestClock, TestDb};
use uuid::Uuid;

/// Only the kit's tables: a service without any of its own.
pub(crate) async fn database() -> TestDb {
    testkit::database(&Migrator::with_migrations(Vec::new()), "pg_kit").await
}

/// Looks until it is so, for five seconds at most.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{what} did not happen within five seconds");
}

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ids: SharedIds,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self { db: database().await, clock: TestClock::start(), ids: Arc::new(SystemIds) }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::system(ServiceName::Order)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BrickLaid {
    pub(crate) wall: Uuid,
    pub(crate) row: u32,
}

impl DomainEvent for BrickLaid {
    const TYPE: &'static str = "BrickLaid";
    const VERSION: i16 = 1;
    fn aggregate_id(&self) -> Uuid {
        self.wall
    }
}

/// Remembers what it got; answers by a script.
#[derive(Default)]
pub(crate) struct FakeBus {
    pub(crate) taken: Mutex<BTreeMap<Uuid, u32>>,
    /// Rows that fail, with how often still.
    pub(crate) failing: Mutex<BTreeMap<u64, u32>>,
    pub(crate) pause: Option<std::time::Duration>,
}

impl FakeBus {
    fn answer(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let row = envelope.data.get("row").and_then(serde_json::Value::as_u64).unwrap();
        if let Some(times) = self.failing.lock().unwrap().get_mut(&row)
            && *times > 0
        {
            *times -= 1;
            return Err(PublishError::Retry("throttled".into()));
        }
        *self.taken.lock().unwrap().entry(envelope.event_id.as_uuid()).or_default() += 1;
        Ok(())
    }

    pub(crate) fn counts(&self) -> Vec<u32> {
        self.taken.lock().unwrap().values().copied().collect()
    }
}

impl EventSink for FakeBus {
    fn publish<'a>(&'a self, envelopes: &'a [Envelope]) -> BoxFuture<'a, Vec<Result<(), PublishError>>> {
        async move {
            assert!(envelopes.len() <= 10, "the bus takes ten at once");
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
            envelopes.iter().map(|envelope| self.answer(envelope)).collect()
        }
        .boxed()
    }
}
