//! Business days, settlement periods and financial years are Asia/Kolkata (rule 4): UTC+05:30, no summer time.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Utc};

const IST_SECONDS: i32 = 5 * 3600 + 30 * 60;

/// Indian standard time.
#[must_use]
pub fn ist() -> FixedOffset {
    FixedOffset::east_opt(IST_SECONDS).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// The Indian day of a moment.
#[must_use]
pub fn ist_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&ist()).date_naive()
}

/// The moment an Indian day begins.
#[must_use]
pub fn start_of_ist_day(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN) - chrono::TimeDelta::seconds(i64::from(IST_SECONDS));
    midnight.and_utc()
}

/// The moment an Indian day ends, which is the beginning of the next.
#[must_use]
pub fn end_of_ist_day(date: NaiveDate) -> DateTime<Utc> {
    start_of_ist_day(date.checked_add_days(Days::new(1)).unwrap_or(date))
}

/// The financial year of a moment, April to March, as `26-27`.
#[must_use]
pub fn financial_year(at: DateTime<Utc>) -> String {
    let date = ist_date(at);
    let start = if date.month() >= 4 { date.year() } else { date.year() - 1 };
    format!("{:02}-{:02}", start.rem_euclid(100), (start + 1).rem_euclid(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_financial_year_turns_at_half_past_six_utc_on_31_march() {
        assert_eq!(financial_year("2026-03-31T18:29:59Z".parse().unwrap()), "25-26");
        assert_eq!(financial_year("2026-03-31T18:30:00Z".parse().unwrap()), "26-27");
    }

    #[test]
    fn an_indian_day_runs_from_half_past_six_to_half_past_six_utc() {
        let day: NaiveDate = "2026-11-20".parse().unwrap();
        assert_eq!(start_of_ist_day(day), "2026-11-19T18:30:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(end_of_ist_day(day), "2026-11-20T18:30:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(ist_date("2026-11-20T18:30:00Z".parse().unwrap()).to_string(), "2026-11-21");
    }
}
