//! Where a conversation stands. Kept in the database: a restart in the middle changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{DeliveryId, Money, OrderId, OrderNumber};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What we wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum State {
    /// Nothing.
    Idle,
    /// The buyer's six digits for a delivery.
    AwaitingCode {
        delivery_id: DeliveryId,
        order_id: OrderId,
        order_number: OrderNumber,
        /// To be collected in cash at the door.
        cash: Option<Money>,
    },
    /// Why an order is rejected.
    AwaitingReason { order_number: OrderNumber },
    /// The cash of an order that was just handed over, or a photo.
    Delivered { order_id: OrderId, order_number: OrderNumber },
}

/// After so long a conversation begins anew.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);
/// A question for a reason is soon out of mind.
const REASON_FORGOTTEN_AFTER: TimeDelta = TimeDelta::minutes(30);

impl State {
    /// Reads what was kept; what is too old or cannot be read any more is forgotten.
    pub(crate) fn read(kept: &Value, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let state = Self::deserialize(kept).unwrap_or(Self::Idle);
        let age = last.map_or(TimeDelta::zero(), |last| now - last);
        let limit = if matches!(state, Self::AwaitingReason { .. }) { REASON_FORGOTTEN_AFTER } else { FORGOTTEN_AFTER };
        if age > limit { Self::Idle } else { state }
    }

    /// Its word in the table.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::AwaitingCode { .. } => "awaiting_code",
            Self::AwaitingReason { .. } => "awaiting_reason",
            Self::Delivered { .. } => "delivered",
        }
    }

    /// As it is kept.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|_| Value::Object(serde_json::Map::new()))
    }
}
