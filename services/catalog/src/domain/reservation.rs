//! A reservation is made, committed or released once, whatever arrives twice and in whatever order (rule 26).

use std::fmt;
use std::str::FromStr;

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationStatus {
    /// Stock is kept.
    Active,
    /// It has left.
    Committed,
    /// It is free again, or was never kept.
    Released,
    /// It is free again because nobody came.
    Expired,
}

impl ReservationStatus {
    /// The word as stored and spoken.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for ReservationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a status of a reservation: {0}")]
pub struct UnknownStatus(String);

impl FromStr for ReservationStatus {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "committed" => Ok(Self::Committed),
            "released" => Ok(Self::Released),
            "expired" => Ok(Self::Expired),
            other => Err(UnknownStatus(other.to_owned())),
        }
    }
}

/// Where a reservation stands, and which revision of its lines is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where.
    pub status: ReservationStatus,
    /// 1 as it was made, then that of the last replacement.
    pub revision: i64,
}

/// What is to be done about other lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Keep these instead.
    Take,
    /// They are what is kept.
    AlreadyThere,
}

/// Why other lines are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReplaced {
    /// It has ended.
    #[error("the reservation is {0} already")]
    Ended(ReservationStatus),
    /// The request came late.
    #[error("revision {0} is kept")]
    Superseded(i64),
    /// Two different things are called by one number.
    #[error("this revision has other lines")]
    Differs,
}

/// Decides about lines of revision `asked`; `same` says that they are what is kept.
///
/// # Errors
/// [`NotReplaced`].
pub const fn replace(current: Standing, asked: i64, same: bool) -> Result<Replacement, NotReplaced> {
    if !matches!(current.status, ReservationStatus::Active) {
        return Err(NotReplaced::Ended(current.status));
    }
    if asked < current.revision {
        return Err(NotReplaced::Superseded(current.revision));
    }
    match (asked == current.revision, same) {
        (false, _) => Ok(Replacement::Take),
        (true, true) => Ok(Replacement::AlreadyThere),
        (true, false) => Err(NotReplaced::Differs),
    }
}

/// How a reservation is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The goods have left.
    Commit,
    /// The order was cancelled.
    Release,
    /// Its time is over.
    Expire,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// End it this way.
    End(ReservationStatus),
    /// It has ended so that nothing is left to do.
    AlreadyThere(ReservationStatus),
}

/// It ended the other way: goods that left cannot be freed, and what was freed cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reservation is {from} already")]
pub struct EndedOtherwise {
    /// How it ended.
    pub from: ReservationStatus,
}

/// Decides how a reservation ends.
///
/// # Errors
/// [`EndedOtherwise`].
pub const fn decide(current: ReservationStatus, ending: Ending) -> Result<Decision, EndedOtherwise> {
    use ReservationStatus::{Active, Committed, Expired, Released};
    match (current, ending) {
        (Active, Ending::Commit) => Ok(Decision::End(Committed)),
        (Active, Ending::Release) => Ok(Decision::End(Released)),
        (Active, Ending::Expire) => Ok(Decision::End(Expired)),
        (Committed, Ending::Commit) | (Released | Expired, Ending::Release | Ending::Expire) | (Committed, Ending::Expire) => {
            Ok(Decision::AlreadyThere(current))
        }
        (Committed, Ending::Release) | (Released | Expired, Ending::Commit) => Err(EndedOtherwise { from: current }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ending() -> impl Strategy<Value = Ending> {
        prop_oneof![Just(Ending::Commit), Just(Ending::Release), Just(Ending::Expire)]
    }

    proptest! {
        #[test]
        fn whatever_arrives_in_whatever_order_a_reservation_ends_once(endings in prop::collection::vec(ending(), 1..12)) {
            let mut status = ReservationStatus::Active;
            let mut ends = 0;
            for ending in endings {
                if let Ok(Decision::End(next)) = decide(status, ending) {
                    status = next;
                    ends += 1;
                }
            }
            prop_assert_eq!(ends, 1);
            prop_assert_ne!(status, ReservationStatus::Active);
        }
    }

    #[test]
    fn a_late_older_revision_never_undoes_a_newer_one() {
        let active = Standing { status: ReservationStatus::Active, revision: 3 };
        assert_eq!(replace(active, 2, true), Err(NotReplaced::Superseded(3)));
        assert_eq!(replace(active, 3, true), Ok(Replacement::AlreadyThere));
        assert_eq!(replace(active, 3, false), Err(NotReplaced::Differs));
        assert_eq!(replace(active, 4, true), Ok(Replacement::Take));
        for status in [ReservationStatus::Committed, ReservationStatus::Released, ReservationStatus::Expired] {
            assert_eq!(replace(Standing { status, revision: 3 }, 4, false), Err(NotReplaced::Ended(status)));
        }
    }

    #[test]
    fn goods_that_left_are_not_freed_and_freed_goods_do_not_leave() {
        assert!(decide(ReservationStatus::Committed, Ending::Release).is_err());
        assert!(decide(ReservationStatus::Released, Ending::Commit).is_err());
        assert!(decide(ReservationStatus::Expired, Ending::Commit).is_err());
    }

    #[test]
    fn a_status_reads_back_as_it_was_written() {
        for status in ["active", "committed", "released", "expired"] {
            assert_eq!(status.parse::<ReservationStatus>().unwrap().as_str(), status);
        }
        assert!("gone".parse::<ReservationStatus>().is_err());
    }
}
