//! What happened to an order, as it is spoken.

use chrono::{DateTime, Utc};
use domain::{ActorKind, Channel, EventId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::timeline::Entry;

/// Something that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineOut {
    /// The event.
    event_id: EventId,
    /// When.
    occurred_at: DateTime<Utc>,
    /// Which service said it.
    #[schema(example = "payment")]
    source: String,
    /// What.
    #[serde(rename = "type")]
    #[schema(example = "PaymentCaptured")]
    event_type: String,
    /// In a sentence.
    summary: String,
    /// What kind of actor.
    actor_kind: ActorKind,
    /// The user, when a person did it.
    actor_id: Option<UserId>,
    /// Through which channel.
    channel: Channel,
}

impl From<Entry> for TimelineOut {
    fn from(entry: Entry) -> Self {
        Self {
            event_id: entry.event_id,
            occurred_at: entry.occurred_at,
            source: entry.source,
            event_type: entry.event_type,
            summary: entry.summary,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            channel: entry.channel,
        }
    }
}
