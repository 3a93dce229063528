//! When a message goes out: tries (rule 39) and quiet hours (rule 41).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use domain::business_time::ist;

use super::message::Category;

/// Pauses between tries.
const PAUSES_IN_MINUTES: [u64; 5] = [1, 5, 30, 120, 720];

/// Jitter makes a pause longer by at most this share of it, in percent.
pub const JITTER_PERCENT: u32 = 20;

/// The pause after try number `attempt`, counted from one; `None` when that was the last. `jitter` is 0 to
/// [`JITTER_PERCENT`]; a provider that asks for more gets more.
#[must_use]
pub fn pause_after(attempt: u32, jitter: u32, asked: Option<Duration>) -> Option<Duration> {
    let at = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let plain = Duration::from_secs(PAUSES_IN_MINUTES.get(at)? * 60);
    let pause = plain + plain * jitter.min(JITTER_PERCENT) / 100;
    Some(pause.max(asked.unwrap_or_default()))
}

/// When a message may go out that is ready at `now`: advertising waits from 21:00 to 08:00 Indian time.
#[must_use]
pub fn earliest(category: Category, now: DateTime<Utc>) -> DateTime<Utc> {
    if category != Category::Promotion {
        return now;
    }
    let local = now.with_timezone(&ist());
    let into_the_day = TimeDelta::seconds(i64::from(local.num_seconds_from_midnight()));
    let midnight = now - into_the_day - TimeDelta::nanoseconds(i64::from(local.nanosecond()));
    match local.hour() {
        0..8 => midnight + TimeDelta::hours(8),
        21.. => midnight + TimeDelta::hours(24 + 8),
        _ => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_failed_send_is_tried_again_after_1_5_30_120_and_720_minutes_and_then_no_more() {
        let minutes: Vec<Option<u64>> = (1..=6).map(|n| pause_after(n, 0, None).map(|p| p.as_secs() / 60)).collect();
        assert_eq!(minutes, [Some(1), Some(5), Some(30), Some(120), Some(720), None]);
        assert_eq!(pause_after(1, 20, None), Some(Duration::from_secs(72)));
        assert_eq!(pause_after(1, 900, None), Some(Duration::from_secs(72)));
        assert_eq!(pause_after(1, 0, Some(Duration::from_secs(300))), Some(Duration::from_secs(300)));
    }

    #[test]
    fn quiet_hours_hold_back_advertising_and_nothing_else() {
        // 15:29:59, 15:30 and 02:30 UTC are 20:59:59, 21:00 and 08:00 in India.
        for (now, then) in [
            ("2026-11-16T15:29:59Z", "2026-11-16T15:29:59Z"),
            ("2026-11-16T15:30:00Z", "2026-11-17T02:30:00Z"),
            ("2026-11-16T20:00:00.5Z", "2026-11-17T02:30:00Z"),
            ("2026-11-17T02:29:59Z", "2026-11-17T02:30:00Z"),
            ("2026-11-17T02:30:00Z", "2026-11-17T02:30:00Z"),
        ] {
            assert_eq!(earliest(Category::Promotion, at(now)), at(then), "{now}");
            assert_eq!(earliest(Category::Order, at(now)), at(now));
        }
    }
}
