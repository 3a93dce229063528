//! Facts that services tell each other: one struct an event and version, in the past tense.
//!
//! No consumer relies on order or on being first. A new meaning is a new version. Money is written as in the API.

mod catalog;
mod integration;
mod notification;
mod order;
mod payment;
mod user;
mod vendor;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use catalog::*;
pub use integration::*;
pub use notification::*;
pub use order::*;
pub use payment::*;
pub use user::*;
pub use vendor::*;

use crate::{Actor, CorrelationId, EventId};

/// One kind of fact.
pub trait DomainEvent: Serialize + DeserializeOwned + Send + Sync {
    /// The name on the bus, such as `OrderPlaced`.
    const TYPE: &'static str;
    /// The version of its meaning.
    const VERSION: i16;
    /// The thing it is about; events of one thing are numbered without gaps.
    fn aggregate_id(&self) -> Uuid;
}

/// What goes over the bus, in the `detail` of an EventBridge event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Envelope {
    /// Our id; consumers dedupe on it. EventBridge's and SQS's own ids are not stable over redelivery.
    pub event_id: EventId,
    /// The name of the fact.
    pub r#type: String,
    /// The version of its meaning.
    pub version: i16,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The thing it is about.
    pub aggregate_id: Uuid,
    /// The number of the fact among those of its thing, from 1.
    pub sequence: i64,
    /// The piece of work it belongs to.
    pub correlation_id: CorrelationId,
    /// The event that led to it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// W3C trace context; EventBridge carries no attributes to SQS, so it travels here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// The fact itself.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// An envelope whose content is not what its type promises.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Another type or version than asked for.
    #[error("expected {expected}, got {got}")]
    OtherType {
        /// What was asked for.
        expected: String,
        /// What was there.
        got: String,
    },
    /// The data does not fit the type.
    #[error("{kind}: {source}")]
    Malformed {
        /// The type.
        kind: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl Envelope {
    /// Whether it carries this kind of fact.
    #[must_use]
    pub fn is<E: DomainEvent>(&self) -> bool {
        self.r#type == E::TYPE && self.version == E::VERSION
    }

    /// The fact inside.
    ///
    /// # Errors
    /// [`EventError`] when it is of another type or does not fit.
    pub fn parse<E: DomainEvent>(&self) -> Result<E, EventError> {
        if !self.is::<E>() {
            return Err(EventError::OtherType {
                expected: format!("{} v{}", E::TYPE, E::VERSION),
                got: format!("{} v{}", self.r#type, self.version),
            });
        }
        E::deserialize(&self.data).map_err(|source| EventError::Malformed { kind: self.r#type.clone(), source })
    }
}

/// Why an event did not get onto the bus.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// Another attempt may work.
    #[error("not published: {0}")]
    Retry(String),
    /// It will never work: too large, not an object, not in the catalogue.
    #[error("cannot be published: {0}")]
    Reject(String),
}

/// Takes events to the bus. The answer has one result for each envelope, in the order given.
pub trait EventSink: Send + Sync {
    /// Publishes a few envelopes.
    fn publish<'a>(&'a self, envelopes: &'a [Envelope]) -> BoxFuture<'a, Vec<Result<(), PublishError>>>;
}

/// Gives a struct its name, version and aggregate, and lists it in [`schemas`].
macro_rules! domain_event {
    ($name:ty, $type:literal, $version:literal, |$event:ident| $id:expr) => {
        impl crate::events::DomainEvent for $name {
            const TYPE: &'static str = $type;
            const VERSION: i16 = $version;
            fn aggregate_id(&self) -> uuid::Uuid {
                let $event = self;
                $id
            }
        }
    };
}
pub(crate) use domain_event;

/// A JSON schema of one event, for `openapi/events/`.
#[derive(Debug)]
pub struct EventSchema {
    /// The name on the bus.
    pub r#type: &'static str,
    /// The version.
    pub version: i16,
    /// JSON Schema 2020-12, with what it refers to under `$defs`.
    pub schema: serde_json::Value,
}

fn schema_of<E: DomainEvent + utoipa::ToSchema>() -> EventSchema {
    let mut parts = Vec::new();
    E::schemas(&mut parts);
    let to_json = |schema| {
        let text = serde_json::to_string(&schema).unwrap_or_default().replace("#/components/schemas/", "#/$defs/");
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default()
    };
    let mut schema = to_json(<E as utoipa::PartialSchema>::schema());
    let defs: serde_json::Map<String, serde_json::Value> = parts.into_iter().map(|(name, part)| (name, to_json(part))).collect();
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        object.insert("title".into(), format!("{} v{}", E::TYPE, E::VERSION).into());
        if !defs.is_empty() {
            object.insert("$defs".into(), defs.into());
        }
    }
    EventSchema { r#type: E::TYPE, version: E::VERSION, schema }
}

macro_rules! all_schemas {
    ($($event:ty),+ $(,)?) => {
        /// The schema of every event that the code knows. A test holds it against the catalogue.
        #[must_use]
        pub fn schemas() -> Vec<EventSchema> {
            vec![$(schema_of::<$event>()),+]
        }
    };
}

all_schemas![
    UserRegistered,
    UserUpdated,
    UserAccessChanged,
    AuditRecorded,
    VendorOnboarded,
    VendorKycSubmitted,
    VendorKycApproved,
    VendorKycRejected,
    VendorUpdated,
    VendorAvailabilityChanged,
    VendorStatusChanged,
    OrderPlaced,
    OrderConfirmed,
    OrderPreparing,
    OrderInTransit,
    OrderDelivered,
    OrderCompleted,
    OrderCancelled,
    OrderItemsChanged,
    TicketOpened,
    TicketMessageAdded,
    TicketResolved,
    SlaBreached,
    DisputeRaised,
    DisputeResolved,
    PaymentOpened,
    PaymentCaptured,
    PaymentFailed,
    CodCollected,
    RefundRequested,
    RefundProcessed,
    RefundFailed,
    PaymentQuarantined,
    StockReserved,
    StockReleased,
    StockCommitted,
    StockLow,
    StockExpiring,
    StockExpired,
    OfferChanged,
    MaterialChanged,
    DeliveryCreated,
    DeliveryAssigned,
    DeliveryDispatched,
    DeliveryOtpGenerated,
    DeliveryDelivered,
    DeliveryFailed,
    DeliveryProofAdded,
    SettlementGenerated,
    SettlementApproved,
    SettlementPaid,
    MessageStatusChanged,
    MediaUploaded,
    MediaDeleted,
    NotificationSent,
    NotificationFailed,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, ServiceName};

    #[test]
    fn every_event_has_a_name_and_version_of_its_own() {
        let mut names: Vec<_> = schemas().into_iter().map(|s| (s.r#type, s.version)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn an_envelope_of_another_type_is_not_taken_for_the_wanted_one() {
        let envelope = Envelope {
            event_id: Uuid::nil().into(),
            r#type: "StockLow".into(),
            version: 1,
            occurred_at: DateTime::UNIX_EPOCH,
            aggregate_id: Uuid::nil(),
            sequence: 1,
            correlation_id: Uuid::nil().into(),
            causation_id: None,
            traceparent: None,
            actor: Actor {
                kind: crate::ActorKind::System,
                user_id: None,
                channel: Channel::System,
                service: Some(ServiceName::Catalog),
            },
            data: serde_json::json!({}),
        };
        assert!(matches!(envelope.parse::<OrderPlaced>(), Err(EventError::OtherType { .. })));
        assert!(matches!(envelope.parse::<StockLow>(), Err(EventError::Malformed { .. })));
    }
}
