//! Puts events on the bus, and minds what became of each.

use std::sync::Arc;

use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use domain::ServiceName;
use domain::events::{Envelope, EventSink, PublishError};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::catalogue::{Catalogue, CatalogueError, source};

/// Entries in one call.
const MOST_ENTRIES: usize = 10;
/// Bytes of one entry, and of one call. AWS takes more by now; its guide still says this.
const MOST_BYTES: usize = 256 * 1024;

type Outcome = Result<(), PublishError>;

/// One service's way onto the bus.
#[derive(Clone, Debug)]
pub struct EventBridgePublisher {
    client: aws_sdk_eventbridge::Client,
    catalogue: Arc<Catalogue>,
    service: ServiceName,
    source: String,
}

struct Entry {
    /// Where in the caller's list it stands.
    index: usize,
    bytes: usize,
    entry: PutEventsRequestEntry,
}

impl EventBridgePublisher {
    /// Publishes for `service` on `bus`, which must be the catalogue's: a stand-in would take events
    /// for any bus and lose them.
    pub fn new(
        client: aws_sdk_eventbridge::Client,
        catalogue: Arc<Catalogue>,
        bus: &str,
        service: ServiceName,
    ) -> Result<Self, CatalogueError> {
        if bus != catalogue.bus {
            return Err(CatalogueError::OtherBus { expected: catalogue.bus.clone(), got: bus.to_owned() });
        }
        Ok(Self { client, catalogue, service, source: source(service) })
    }

    fn entry(&self, index: usize, envelope: &Envelope) -> Result<Entry, PublishError> {
        let reject = |why: String| Err(PublishError::Reject(why));
        let Some(spec) = self.catalogue.event(&envelope.r#type, envelope.version) else {
            return reject(format!("{} v{} is not in the catalogue", envelope.r#type, envelope.version));
        };
        if !spec.from.iter().any(|from| from == self.service.as_str()) {
            return reject(format!("{} is not for {} to say", envelope.r#type, self.service));
        }
        if !envelope.data.is_object() {
            return reject("its data is not a JSON object".to_owned());
        }
        let detail = serde_json::to_string(envelope).map_err(|error| PublishError::Reject(error.to_string()))?;
        let bytes = self.source.len() + envelope.r#type.len() + detail.len();
        if bytes > MOST_BYTES {
            return reject(format!("it has {bytes} bytes, more than {MOST_BYTES}"));
        }
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.catalogue.bus)
            .source(&self.source)
            .detail_type(&envelope.r#type)
            .detail(detail)
            .build();
        Ok(Entry { index, bytes, entry })
    }

    async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Outcome> {
        let unsent = || Err(PublishError::Retry("not sent yet".to_owned()));
        let mut outcomes: Vec<Outcome> = envelopes.iter().map(|_| unsent()).collect();
        let mut entries = Vec::with_capacity(envelopes.len());
        for (index, envelope) in envelopes.iter().enumerate() {
            match self.entry(index, envelope) {
                Ok(entry) => entries.push(entry),
                Err(refusal) => set(&mut outcomes, index, Err(refusal)),
            }
        }
        for call in calls(entries) {
            for (index, outcome) in self.put(call).await {
                set(&mut outcomes, index, outcome);
            }
        }
        for (envelope, outcome) in envelopes.iter().zip(&outcomes) {
            let label = match outcome {
                Ok(()) => "published",
                Err(PublishError::Retry(_)) => "retry",
                Err(PublishError::Reject(_)) => "refused",
            };
            metrics::counter!("events_published_total", "type" => envelope.r#type.clone(), "outcome" => label).increment(1);
        }
        outcomes
    }

    /// One call. Its results stand in the order of its entries; one that is missing was not taken.
    async fn put(&self, call: Vec<Entry>) -> Vec<(usize, Outcome)> {
        let (indexes, entries): (Vec<usize>, Vec<_>) = call.into_iter().map(|e| (e.index, e.entry)).unzip();
        match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(answer) => {
                let mut results = answer.entries().iter();
                indexes.into_iter().map(|index| (index, read(results.next()))).collect()
            }
            Err(error) => {
                let why = DisplayErrorContext(&error).to_string();
                indexes.into_iter().map(|index| (index, Err(PublishError::Retry(why.clone())))).collect()
            }
        }
    }
}

impl EventSink for EventBridgePublisher {
    fn publish<'a>(&'a self, envelopes: &'a [Envelope]) -> BoxFuture<'a, Vec<Outcome>> {
        self.publish_all(envelopes).boxed()
    }
}

fn set(outcomes: &mut [Outcome], index: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(index) {
        *place = outcome;
    }
}

/// Cuts entries into calls that are neither too long nor too large.
fn calls(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut calls: Vec<Vec<Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        match calls.last_mut() {
            Some(call) if call.len() < MOST_ENTRIES && bytes + entry.bytes <= MOST_BYTES => {
                bytes += entry.bytes;
                call.push(entry);
            }
            _ => {
                bytes = entry.bytes;
                calls.push(vec![entry]);
            }
        }
    }
    calls
}

fn read(result: Option<&PutEventsResultEntry>) -> Outcome {
    let Some(result) = result else {
        return Err(PublishError::Retry("the bus gave no result for this entry".to_owned()));
    };
    match (result.event_id(), result.error_code()) {
        (Some(_), None) => Ok(()),
        (_, code) => {
            let code = code.unwrap_or("no event id");
            let why = format!("{code}: {}", result.error_message().unwrap_or_default());
            match code {
                "MalformedDetail" | "InvalidArgument" | "InvalidArgumentException" => Err(PublishError::Reject(why)),
                _ => Err(PublishError::Retry(why)),
            }
        }
    }
}
