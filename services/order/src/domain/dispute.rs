//! A dispute about an order, and how it is decided.

use chrono::{DateTime, Utc};
use domain::{ActorKind, DisputeId, DisputeNumber, Money, OrderId, OrderStatus, UserId};
use uuid::Uuid;

use super::Order;
use super::words::{DisputeResolution, DisputeStatus, DisputeType};

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The dispute.
    pub id: DisputeId,
    /// Its number.
    pub dispute_number: DisputeNumber,
    /// The order.
    pub order_id: OrderId,
    /// Who raised it.
    pub raised_by: UserId,
    /// As what.
    pub raised_by_kind: ActorKind,
    /// The other party.
    pub raised_against: UserId,
    /// What about.
    pub dispute_type: DisputeType,
    /// In words.
    pub description: String,
    /// Media ids.
    pub evidence_media_ids: Vec<Uuid>,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Who decided.
    pub resolved_by: Option<UserId>,
    /// How.
    pub resolution: Option<DisputeResolution>,
    /// In words.
    pub resolution_notes: Option<String>,
    /// What goes back.
    pub refund_amount: Option<Money>,
    /// When it was decided.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was raised.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Why a decision does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecidable {
    /// It was decided otherwise.
    #[error("the dispute is decided already")]
    DecidedAlready,
    /// No money of it is in our hands.
    #[error("there is no money of this order to give back")]
    NothingToRefund,
    /// A part without its size, or a size without a part.
    #[error("an amount is given with refund_partial, and only with it")]
    AmountMissing,
    /// Not a part of what is left.
    #[error("the amount must be more than nothing and less than the ₹{left} that are left; for all of it decide refund_full")]
    NoPart {
        /// What is left.
        left: Money,
    },
}

/// Whether the order has come so far that it can be disputed.
#[must_use]
pub const fn can_be_disputed(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Delivered | OrderStatus::Completed)
}

/// What goes back by such a decision.
///
/// # Errors
/// [`Undecidable`].
pub fn refund_of(order: &Order, resolution: DisputeResolution, amount: Option<Money>) -> Result<Option<Money>, Undecidable> {
    if amount.is_some() != (resolution == DisputeResolution::RefundPartial) {
        return Err(Undecidable::AmountMissing);
    }
    let left = if order.was_paid() { order.total.checked_sub(order.refunded).unwrap_or_default() } else { Money::ZERO };
    match (resolution, amount) {
        (DisputeResolution::Rejected | DisputeResolution::Replacement, _) => Ok(None),
        _ if left <= Money::ZERO => Err(Undecidable::NothingToRefund),
        (_, None) => Ok(Some(left)),
        (_, Some(part)) if part > Money::ZERO && part < left => Ok(Some(part)),
        _ => Err(Undecidable::NoPart { left }),
    }
}

impl Dispute {
    /// Whether it is still to be decided.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, DisputeStatus::Open | DisputeStatus::UnderReview)
    }

    /// Whether it was decided just so.
    #[must_use]
    pub fn was_decided(&self, resolution: DisputeResolution, amount: Option<Money>) -> bool {
        self.resolution == Some(resolution) && (amount.is_none() || self.refund_amount == amount)
    }
}
