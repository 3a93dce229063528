//! Which standings of a vendor follow which.

use domain::{KycStatus, VendorStatus};

/// What a change of standing comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It stands so already.
    AlreadyThere,
    /// It moves.
    Moves,
}

/// Why a standing cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandingRefused {
    /// Not from here.
    Illegal,
    /// Active is only who has approved papers.
    PapersNotApproved,
}

/// Whether staff may move a vendor from one standing to another. Who is blocked stays so.
///
/// # Errors
/// [`StandingRefused`].
pub fn change(from: VendorStatus, to: VendorStatus, kyc: KycStatus) -> Result<Change, StandingRefused> {
    use VendorStatus::{Active, Blocked, Pending, Suspended};
    match (from, to) {
        (a, b) if a == b => Ok(Change::AlreadyThere),
        (Pending | Suspended, Active) if kyc != KycStatus::Approved => Err(StandingRefused::PapersNotApproved),
        (Pending | Suspended, Active) | (Active, Suspended) | (Pending | Active | Suspended, Blocked) => Ok(Change::Moves),
        _ => Err(StandingRefused::Illegal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VendorStatus::{Active, Blocked, Pending, Suspended};

    #[test]
    fn active_needs_approved_papers() {
        assert_eq!(change(Pending, Active, KycStatus::Submitted), Err(StandingRefused::PapersNotApproved));
        assert_eq!(change(Suspended, Active, KycStatus::Approved), Ok(Change::Moves));
    }

    #[test]
    fn who_is_blocked_stays_blocked_and_nobody_becomes_pending_again() {
        for to in [Pending, Active, Suspended] {
            assert!(change(Blocked, to, KycStatus::Approved).is_err());
        }
        for from in [Active, Suspended, Blocked] {
            assert_eq!(change(from, Pending, KycStatus::Approved), Err(StandingRefused::Illegal));
        }
        assert_eq!(change(Blocked, Blocked, KycStatus::Approved), Ok(Change::AlreadyThere));
    }
}
