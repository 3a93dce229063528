//! The states of a delivery (rule 36).

use domain::DeliveryStatus;

use crate::words::words;

words! {
    /// What proved that a delivery arrived.
    pub enum ProvenBy {
        /// The buyer's code.
        Otp => "otp",
        /// A photo and the approval of staff.
        Photo => "photo",
    }
}

/// What a wish for a state comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// It stands so already.
    AlreadyThere,
    /// Through these, in this order.
    Through(Vec<DeliveryStatus>),
}

/// Why it does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveRefused {
    /// Not from here.
    Illegal,
    /// Delivered follows from a code or an approved photo, never from a wish (rule 38).
    NeedsProof,
}

/// The way from one state to another, as the vendor or staff may take it.
///
/// # Errors
/// [`MoveRefused`].
pub fn way(from: DeliveryStatus, to: DeliveryStatus) -> Result<Move, MoveRefused> {
    use DeliveryStatus::{Assigned, Delivered, Failed, InTransit, Pending};
    match (from, to) {
        (a, b) if a == b => Ok(Move::AlreadyThere),
        (InTransit, Delivered) => Err(MoveRefused::NeedsProof),
        (Pending | Failed, Assigned) => Ok(Move::Through(vec![Assigned])),
        (Pending | Failed, InTransit) => Ok(Move::Through(vec![Assigned, InTransit])),
        (Assigned, InTransit) => Ok(Move::Through(vec![InTransit])),
        (Assigned | InTransit, Failed) => Ok(Move::Through(vec![Failed])),
        _ => Err(MoveRefused::Illegal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryStatus::{Assigned, Delivered, Failed, InTransit, Pending};

    #[test]
    fn out_for_delivery_passes_through_assigned_by_itself() {
        assert_eq!(way(Pending, InTransit), Ok(Move::Through(vec![Assigned, InTransit])));
        assert_eq!(way(Failed, InTransit), Ok(Move::Through(vec![Assigned, InTransit])));
    }

    #[test]
    fn delivered_is_never_reached_by_wishing() {
        for from in [Pending, Assigned, InTransit, Failed] {
            assert!(way(from, Delivered).is_err());
        }
        assert_eq!(way(InTransit, Delivered), Err(MoveRefused::NeedsProof));
    }

    #[test]
    fn nothing_follows_delivered_and_nothing_becomes_pending_again() {
        for to in [Pending, Assigned, InTransit, Failed] {
            assert_eq!(way(Delivered, to), Err(MoveRefused::Illegal));
        }
        for from in [Assigned, InTransit, Failed, Delivered] {
            assert_eq!(way(from, Pending), Err(MoveRefused::Illegal));
        }
        assert_eq!(way(Pending, Failed), Err(MoveRefused::Illegal));
    }
}
