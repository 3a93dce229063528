//! How long support may take: targets by category and priority, counted in business hours (Monday to Saturday, 9 to 18
//! Indian time), standing still while support waits for the customer.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use domain::business_time::{ist, ist_date, start_of_ist_day};

use super::words::{TicketCategory, TicketPriority};

const OPENS_AT_HOUR: i64 = 9;
const CLOSES_AT_HOUR: i64 = 18;
const HOUR: i64 = 3600;

/// Business time that support has, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    /// Until somebody answers.
    pub first_response: i64,
    /// Until it is solved.
    pub resolution: i64,
}

/// Hours to the first answer and to the solution for `low`, `medium`, `high`, `urgent`. A business day has nine.
const fn hours(category: TicketCategory) -> [(i64, i64); 4] {
    match category {
        TicketCategory::PaymentIssue => [(9, 36), (4, 18), (2, 9), (1, 4)],
        TicketCategory::DeliveryIssue => [(9, 27), (3, 9), (1, 5), (1, 3)],
        TicketCategory::OrderIssue => [(9, 36), (4, 18), (2, 9), (1, 5)],
        TicketCategory::QualityIssue => [(9, 45), (4, 27), (2, 18), (1, 9)],
        TicketCategory::Other => [(18, 63), (9, 45), (4, 27), (2, 9)],
    }
}

/// What support has promised for such a ticket.
#[must_use]
pub const fn targets(category: TicketCategory, priority: TicketPriority) -> Targets {
    let [low, medium, high, urgent] = hours(category);
    let (first_response, resolution) = match priority {
        TicketPriority::Low => low,
        TicketPriority::Medium => medium,
        TicketPriority::High => high,
        TicketPriority::Urgent => urgent,
    };
    Targets { first_response: first_response * HOUR, resolution: resolution * HOUR }
}

/// When business begins and ends on the Indian day of a moment; the same moment twice on a Sunday.
fn business_of_day(at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let start = start_of_ist_day(ist_date(at));
    if start.with_timezone(&ist()).weekday() == Weekday::Sun {
        return (start, start);
    }
    (start + TimeDelta::hours(OPENS_AT_HOUR), start + TimeDelta::hours(CLOSES_AT_HOUR))
}

fn next_day(at: DateTime<Utc>) -> DateTime<Utc> {
    let day = ist_date(at);
    start_of_ist_day(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

/// Seconds of business between two moments; none when the second is not later.
#[must_use]
pub fn business_between(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let (mut at, mut seconds) = (from, 0);
    while at < to {
        let (opens, closes) = business_of_day(at);
        let (begin, end) = (at.max(opens), to.min(closes));
        seconds += (end - begin).num_seconds().max(0);
        at = next_day(at);
    }
    seconds
}

/// The moment when so many seconds of business have passed.
#[must_use]
pub fn after_business(from: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let (mut at, mut left) = (from, seconds.max(0));
    loop {
        let (opens, closes) = business_of_day(at);
        let begin = at.max(opens);
        let today = (closes - begin).num_seconds().max(0);
        if left <= today && begin <= closes && opens < closes {
            return begin + TimeDelta::seconds(left);
        }
        left -= today;
        at = next_day(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An Indian moment; 20 November 2026 is a Friday.
    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00+05:30").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    #[test]
    fn nights_and_sundays_do_not_count() {
        assert_eq!(business_between(at("2026-11-20T17:00"), at("2026-11-21T10:00")), 2 * HOUR);
        assert_eq!(business_between(at("2026-11-21T17:30"), at("2026-11-23T09:30")), HOUR);
        assert_eq!(business_between(at("2026-11-22T10:00"), at("2026-11-22T17:00")), 0);
        assert_eq!(business_between(at("2026-11-20T12:00"), at("2026-11-20T11:00")), 0);
    }

    #[test]
    fn what_is_promised_in_the_evening_is_due_on_the_next_business_day() {
        assert_eq!(after_business(at("2026-11-21T17:00"), 2 * HOUR), at("2026-11-23T10:00"));
        assert_eq!(after_business(at("2026-11-22T12:00"), HOUR), at("2026-11-23T10:00"));
        assert_eq!(after_business(at("2026-11-20T20:00"), 9 * HOUR), at("2026-11-21T18:00"));
        assert_eq!(after_business(at("2026-11-20T09:00"), 9 * HOUR), at("2026-11-20T18:00"));
    }

    #[test]
    fn what_is_more_urgent_is_never_due_later() {
        use TicketCategory as C;
        use TicketPriority as P;
        for category in [C::OrderIssue, C::PaymentIssue, C::DeliveryIssue, C::QualityIssue, C::Other] {
            for pair in [P::Low, P::Medium, P::High, P::Urgent].windows(2) {
                let (less, more) = (targets(category, pair[0]), targets(category, pair[1]));
                assert!(more.first_response <= less.first_response && more.resolution < less.resolution);
                assert!(more.first_response < more.resolution);
            }
        }
    }

    proptest! {
        #[test]
        fn counting_back_what_was_added_gives_the_same(minutes in 0_i64..2_000_000, seconds in 0_i64..400_000) {
            let from = at("2026-01-01T00:00") + TimeDelta::minutes(minutes);
            let due = after_business(from, seconds);
            prop_assert_eq!(business_between(from, due), seconds);
        }
    }
}
