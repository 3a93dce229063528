//! How well a vendor does, from what happened to orders.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::business_time::{end_of_ist_day, start_of_ist_day};
use domain::{ActorKind, Slot};

/// The moment by which a promised delivery is on time: the end of its slot, or of its Indian day.
#[must_use]
pub fn due_by(date: NaiveDate, slot: Option<Slot>) -> DateTime<Utc> {
    let hour = |hour| start_of_ist_day(date) + TimeDelta::hours(hour);
    match slot {
        Some(Slot::Morning) => hour(12),
        Some(Slot::Afternoon) => hour(16),
        Some(Slot::Evening) => hour(20),
        None => end_of_ist_day(date),
    }
}

/// Whether a cancellation counts against the vendor: its own doing, or its silence (rule 16).
#[must_use]
pub fn is_vendors_doing(by: ActorKind, reason_code: &str) -> bool {
    by == ActorKind::Vendor || matches!(reason_code, "vendor_rejected" | "vendor_timeout")
}

/// Part of a whole in percent to two places, rounded half up, as text; none of nothing.
#[must_use]
pub fn share(part: i64, whole: i64) -> Option<String> {
    if whole <= 0 || part < 0 {
        return None;
    }
    let hundredths = part.checked_mul(20_000)?.checked_add(whole)?.checked_div(whole.checked_mul(2)?)?;
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_ends_by_the_clock_of_india() {
        let day: NaiveDate = "2026-11-20".parse().unwrap();
        for (slot, end) in [
            (Some(Slot::Morning), "2026-11-20T06:30:00Z"),
            (Some(Slot::Afternoon), "2026-11-20T10:30:00Z"),
            (Some(Slot::Evening), "2026-11-20T14:30:00Z"),
            (None, "2026-11-20T18:30:00Z"),
        ] {
            assert_eq!(due_by(day, slot), end.parse::<DateTime<Utc>>().unwrap(), "{slot:?}");
        }
    }

    #[test]
    fn silence_counts_against_the_vendor_and_the_buyers_change_of_mind_does_not() {
        assert!(is_vendors_doing(ActorKind::Vendor, "vendor_rejected"));
        assert!(is_vendors_doing(ActorKind::System, "vendor_timeout"));
        assert!(!is_vendors_doing(ActorKind::Buyer, "buyer_request"));
        assert!(!is_vendors_doing(ActorKind::System, "payment_timeout"));
    }

    #[test]
    fn a_share_has_two_places_and_there_is_none_of_nothing() {
        assert_eq!(share(1, 3).unwrap(), "33.33");
        assert_eq!(share(2, 3).unwrap(), "66.67");
        assert_eq!(share(0, 5).unwrap(), "0.00");
        assert_eq!(share(5, 5).unwrap(), "100.00");
        assert_eq!(share(0, 0), None);
    }
}
