//! The states of a delivery (rule 36).

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::business_time::ist_date;
use domain::{DeliveryStatus, Phone, Slot};

use super::Problem;
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

/// Somebody who brings deliveries for the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// Name.
    pub name: String,
    /// Phone, for the buyer while it is on its way.
    pub phone: Phone,
}

/// When a delivery is planned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// An Indian day.
    pub date: NaiveDate,
    /// Time of day.
    pub slot: Option<Slot>,
}

/// So far ahead a delivery may be planned, in days.
const AHEAD: u64 = 60;

/// What is wrong with a plan that somebody makes now for a delivery that goes to `to`.
#[must_use]
pub fn plan_problems(schedule: Option<&Schedule>, to: DeliveryStatus, now: DateTime<Utc>) -> Vec<Problem> {
    let Some(schedule) = schedule else { return Vec::new() };
    let today = ist_date(now);
    if to != DeliveryStatus::Assigned {
        return vec![Problem::new("scheduled_date", "a delivery is planned anew with status assigned")];
    }
    if schedule.date < today || today.checked_add_days(Days::new(AHEAD)).is_none_or(|last| schedule.date > last) {
        return vec![Problem::new("scheduled_date", format!("from today to {AHEAD} days ahead"))];
    }
    Vec::new()
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
    fn a_plan_is_for_an_indian_day_from_today_to_sixty_ahead() {
        // Half past midnight of the 21st in India.
        let now = "2026-11-20T19:00:00Z".parse().unwrap();
        let on = |day: &str| Schedule { date: day.parse().unwrap(), slot: Some(Slot::Morning) };
        for (day, fine) in [("2026-11-20", false), ("2026-11-21", true), ("2027-01-20", true), ("2027-01-21", false)] {
            assert_eq!(plan_problems(Some(&on(day)), Assigned, now).is_empty(), fine, "{day}");
        }
        assert_eq!(plan_problems(Some(&on("2026-11-21")), InTransit, now).len(), 1);
        assert!(plan_problems(None, InTransit, now).is_empty());
    }

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
