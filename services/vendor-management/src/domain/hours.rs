//! When a shop is open: weekly hours and holidays, by the clock of India.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use domain::business_time::{ist, ist_date, start_of_ist_day};
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::words::words;

words! {
    /// Days of the week.
    pub enum Day {
        /// Monday.
        Mon => "mon",
        /// Tuesday.
        Tue => "tue",
        /// Wednesday.
        Wed => "wed",
        /// Thursday.
        Thu => "thu",
        /// Friday.
        Fri => "fri",
        /// Saturday.
        Sat => "sat",
        /// Sunday.
        Sun => "sun",
    }
}

impl Day {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Mon,
            Self::Tue => Weekday::Tue,
            Self::Wed => Weekday::Wed,
            Self::Thu => Weekday::Thu,
            Self::Fri => Weekday::Fri,
            Self::Sat => Weekday::Sat,
            Self::Sun => Weekday::Sun,
        }
    }
}

/// `09:00`.
mod minute {
    use chrono::NaiveTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| de::Error::custom("a time of day as 09:00"))
    }
}

/// Open on one day of every week from one time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSpan {
    /// On which day.
    pub day: Day,
    /// From, as `09:00`.
    #[serde(with = "minute")]
    #[schema(value_type = String, example = "09:00")]
    pub opens: NaiveTime,
    /// To, as `18:00`; `00:00` is the end of the day.
    #[serde(with = "minute")]
    #[schema(value_type = String, example = "18:00")]
    pub closes: NaiveTime,
}

impl OpenSpan {
    fn minutes(&self) -> (TimeDelta, TimeDelta) {
        let opens = self.opens - NaiveTime::MIN;
        let closes = if self.closes == NaiveTime::MIN { TimeDelta::days(1) } else { self.closes - NaiveTime::MIN };
        (opens, closes)
    }
}

/// Weekly hours, none for always, and days off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// None: at all hours. An empty week is never open.
    pub week: Option<Vec<OpenSpan>>,
    /// Indian days.
    pub holidays: Vec<NaiveDate>,
}

/// So far ahead a change is looked for, in days.
const AHEAD: u64 = 400;

impl Hours {
    /// What is wrong with them.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut week = self.week.clone().unwrap_or_default();
        week.sort_unstable();
        let backwards = week.iter().any(|span| span.minutes().0 >= span.minutes().1);
        let overlapping = week.windows(2).any(|pair| match pair {
            [one, next] => one.day == next.day && next.minutes().0 < one.minutes().1,
            _ => false,
        });
        if backwards {
            vec![Problem::new("working_hours", "opens comes before closes")]
        } else if overlapping {
            vec![Problem::new("working_hours", "hours of one day overlap")]
        } else {
            Vec::new()
        }
    }

    /// Whether the shop is open at a moment.
    #[must_use]
    pub fn open_at(&self, at: DateTime<Utc>) -> bool {
        let day = ist_date(at);
        if self.holidays.contains(&day) {
            return false;
        }
        let Some(week) = &self.week else { return true };
        let minutes = at.with_timezone(&ist()).time() - NaiveTime::MIN;
        week.iter().any(|span| {
            let (opens, closes) = span.minutes();
            span.day.weekday() == day.weekday() && opens <= minutes && minutes < closes
        })
    }

    /// When that changes next after a moment, if it does.
    #[must_use]
    pub fn next_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let open = self.open_at(after);
        let today = ist_date(after);
        let days = (0..AHEAD).filter_map(|n| today.checked_add_days(Days::new(n)));
        let mut moments: Vec<DateTime<Utc>> = days.flat_map(|day| self.moments(day)).filter(|at| *at > after).collect();
        moments.sort_unstable();
        moments.into_iter().find(|at| self.open_at(*at) != open)
    }

    /// When something may change on a day.
    fn moments(&self, day: NaiveDate) -> Vec<DateTime<Utc>> {
        let start = start_of_ist_day(day);
        let spans = self.week.iter().flatten().filter(|span| span.day.weekday() == day.weekday());
        let mut moments: Vec<_> = spans.flat_map(|span| [start + span.minutes().0, start + span.minutes().1]).collect();
        moments.push(start);
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(day: Day, opens: &str, closes: &str) -> OpenSpan {
        serde_json::from_value(serde_json::json!({"day": day, "opens": opens, "closes": closes})).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn weekdays() -> Hours {
        let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri].map(|day| span(day, "09:00", "18:00")).to_vec();
        Hours { week: Some(week), holidays: vec!["2026-11-18".parse().unwrap()] }
    }

    #[test]
    fn a_shop_is_open_by_the_clock_of_india_and_closed_on_holidays() {
        let hours = weekdays();
        // Monday, 16 November: nine in India is half past three in UTC.
        for (moment, open) in [
            ("2026-11-16T03:29:59Z", false),
            ("2026-11-16T03:30:00Z", true),
            ("2026-11-16T12:29:59Z", true),
            ("2026-11-16T12:30:00Z", false),
            ("2026-11-18T06:00:00Z", false),
            ("2026-11-21T06:00:00Z", false),
        ] {
            assert_eq!(hours.open_at(at(moment)), open, "{moment}");
        }
        assert!(Hours::default().open_at(at("2026-11-21T20:00:00Z")));
        assert!(!Hours { week: Some(vec![]), holidays: vec![] }.open_at(at("2026-11-21T06:00:00Z")));
    }

    #[test]
    fn the_next_change_skips_holidays_and_the_weekend() {
        let hours = weekdays();
        for (after, next) in [
            ("2026-11-16T00:00:00Z", "2026-11-16T03:30:00Z"),
            ("2026-11-16T03:30:00Z", "2026-11-16T12:30:00Z"),
            ("2026-11-17T12:30:00Z", "2026-11-19T03:30:00Z"),
            ("2026-11-20T12:30:00Z", "2026-11-23T03:30:00Z"),
        ] {
            assert_eq!(hours.next_change(at(after)), Some(at(next)), "{after}");
        }
        let only_holidays = Hours { week: None, holidays: vec!["2026-11-18".parse().unwrap()] };
        assert_eq!(only_holidays.next_change(at("2026-11-16T00:00:00Z")), Some(at("2026-11-17T18:30:00Z")));
        assert_eq!(only_holidays.next_change(at("2026-11-17T18:30:00Z")), Some(at("2026-11-18T18:30:00Z")));
        assert_eq!(Hours::default().next_change(at("2026-11-16T00:00:00Z")), None);
    }

    #[test]
    fn hours_to_midnight_go_over_into_the_next_day_without_a_change() {
        let week = [Day::Mon, Day::Tue].map(|day| span(day, "00:00", "00:00")).to_vec();
        let hours = Hours { week: Some(week), holidays: vec![] };
        assert_eq!(hours.next_change(at("2026-11-16T06:00:00Z")), Some(at("2026-11-17T18:30:00Z")));
    }

    #[test]
    fn hours_backwards_or_over_each_other_are_refused() {
        let with = |week: Vec<OpenSpan>| Hours { week: Some(week), holidays: vec![] }.problems();
        assert!(with(vec![span(Day::Mon, "09:00", "13:00"), span(Day::Mon, "14:00", "18:00")]).is_empty());
        assert_eq!(with(vec![span(Day::Mon, "18:00", "09:00")]).len(), 1);
        assert_eq!(with(vec![span(Day::Mon, "14:00", "18:00"), span(Day::Mon, "09:00", "14:01")]).len(), 1);
        assert!(weekdays().problems().is_empty());
    }
}
