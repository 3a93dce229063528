//! Who says what to whom: `infra/messaging/catalogue.json`, read by the services, the local topology
//! and Terraform alike.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::ServiceName;
use serde::Deserialize;

const FILE: &str = include_str!("../../../infra/messaging/catalogue.json");

/// Longest event pattern that EventBridge takes.
const LONGEST_PATTERN: usize = 2048;

/// The whole catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Name of the event bus.
    pub bus: String,
    /// The queue of each service.
    pub queues: BTreeMap<String, QueueSpec>,
    /// Every event with who says it and who acts on it.
    pub events: Vec<EventSpec>,
    /// Buckets for files.
    pub buckets: Vec<BucketSpec>,
    /// What e-mail is sent as.
    pub ses_identities: Vec<String>,
}

/// How a service's queue behaves.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// How long a received message is hidden from other receivers.
    pub visibility_seconds: u32,
    /// After so many receives it goes to the dead-letter queue.
    pub max_receive_count: u32,
    /// How long an unread message is kept.
    pub retention_seconds: u32,
    /// How long a dead letter is kept.
    pub dead_letter_retention_seconds: u32,
}

impl QueueSpec {
    /// How long a received message is hidden from other receivers.
    pub fn visibility(&self) -> Duration {
        Duration::from_secs(u64::from(self.visibility_seconds))
    }
}

/// One event.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// Its name, in the past tense.
    pub r#type: String,
    /// The version of its meaning.
    pub version: i16,
    /// Who may say it.
    pub from: Vec<String>,
    /// Who acts on it.
    pub to: Vec<String>,
}

/// One bucket.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct BucketSpec {
    /// Its name where names are ours alone, as in the local stack.
    pub name: String,
    /// The variable by which services learn its name.
    pub variable: String,
}

/// A catalogue that contradicts itself, or a question it has no answer to.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not the document we expect.
    #[error("the messaging catalogue cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It names something twice, or somebody who does not exist.
    #[error("the messaging catalogue is wrong: {0}")]
    Wrong(String),
    /// Another bus than the catalogue's.
    #[error("the catalogue's bus is {expected}, not {got}")]
    OtherBus {
        /// The catalogue's.
        expected: String,
        /// What was asked for.
        got: String,
    },
}

impl Catalogue {
    /// The catalogue this program was built with.
    pub fn load() -> Result<Self, CatalogueError> {
        Self::parse(FILE)
    }

    /// Reads a catalogue and refuses one that contradicts itself.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = serde_json::from_str(text)?;
        catalogue.check()?;
        Ok(catalogue)
    }

    fn check(&self) -> Result<(), CatalogueError> {
        let wrong = |text: String| Err(CatalogueError::Wrong(text));
        for service in ServiceName::ALL {
            if !self.queues.contains_key(service.as_str()) {
                return wrong(format!("{service} has no queue"));
            }
        }
        let mut seen = BTreeSet::new();
        for event in &self.events {
            if !seen.insert((event.r#type.as_str(), event.version)) {
                return wrong(format!("{} v{} is there twice", event.r#type, event.version));
            }
            if event.from.is_empty() || event.to.is_empty() {
                return wrong(format!("{} comes from or goes to nobody", event.r#type));
            }
            for service in event.from.iter().chain(&event.to) {
                if !self.queues.contains_key(service) {
                    return wrong(format!("{} names {service}, which has no queue", event.r#type));
                }
            }
        }
        for service in self.queues.keys() {
            let pattern = self.pattern(service);
            if pattern.len() > LONGEST_PATTERN {
                return wrong(format!("the pattern for {service} has {} characters", pattern.len()));
            }
        }
        Ok(())
    }

    /// The queue of a service.
    pub fn queue(&self, service: ServiceName) -> Option<&QueueSpec> {
        self.queues.get(service.as_str())
    }

    /// The event of this name and version.
    pub fn event(&self, r#type: &str, version: i16) -> Option<&EventSpec> {
        self.events.iter().find(|event| event.r#type == r#type && event.version == version)
    }

    /// What a service acts on.
    pub fn consumed_by(&self, service: ServiceName) -> impl Iterator<Item = &EventSpec> {
        self.events.iter().filter(move |event| event.to.iter().any(|to| to == service.as_str()))
    }

    /// What a service says.
    pub fn said_by(&self, service: ServiceName) -> impl Iterator<Item = &EventSpec> {
        self.events.iter().filter(move |event| event.from.iter().any(|from| from == service.as_str()))
    }

    /// The event pattern of the rule that leads to `service`.
    pub(crate) fn pattern(&self, service: &str) -> String {
        let types: BTreeSet<&str> = self
            .events
            .iter()
            .filter(|event| event.to.iter().any(|to| to == service))
            .map(|event| event.r#type.as_str())
            .collect();
        serde_json::json!({ "source": [{ "prefix": SOURCE_PREFIX }], "detail-type": types }).to_string()
    }
}

const SOURCE_PREFIX: &str = "realserv.";

/// What a service calls itself on the bus.
pub fn source(service: ServiceName) -> String {
    format!("{SOURCE_PREFIX}{service}")
}

/// The name of a service's queue.
pub fn queue_name(service: &str) -> String {
    format!("realserv-{service}-events")
}

/// The name or URL of the dead-letter queue beside a queue's name or URL.
pub fn dead_letter(queue: &str) -> String {
    format!("{queue}-dlq")
}

/// The name of the rule that leads to a service's queue.
pub fn rule_name(service: &str) -> String {
    format!("realserv-to-{service}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_and_the_code_know_the_same_events() {
        let catalogue = Catalogue::load().unwrap();
        let said: BTreeSet<_> = catalogue.events.iter().map(|e| (e.r#type.clone(), e.version)).collect();
        let known: BTreeSet<_> = domain::events::schemas().into_iter().map(|s| (s.r#type.to_owned(), s.version)).collect();
        assert_eq!(said, known);
    }

    #[test]
    fn a_changed_access_reaches_all_seven_services() {
        let catalogue = Catalogue::load().unwrap();
        let to: BTreeSet<_> = catalogue.event("UserAccessChanged", 1).unwrap().to.iter().cloned().collect();
        assert_eq!(to, ServiceName::ALL.iter().map(ToString::to_string).collect());
    }

    #[test]
    fn an_event_to_an_unknown_service_is_refused() {
        let text = FILE.replacen("\"from\": [\"user\"]", "\"from\": [\"users\"]", 1);
        assert!(matches!(Catalogue::parse(&text), Err(CatalogueError::Wrong(_))));
    }

    #[test]
    fn an_event_named_twice_is_refused() {
        let text = FILE.replacen("\"UserUpdated\"", "\"UserRegistered\"", 1);
        assert!(matches!(Catalogue::parse(&text), Err(CatalogueError::Wrong(_))));
    }
}
