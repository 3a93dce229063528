//! Small parsers that the settings of all adapters share.

use std::time::Duration;

/// Reads a time-out given in seconds (`10`, `2.5`).
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.trim().parse().map_err(|_| format!("{text:?} is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero()).ok_or_else(|| format!("{text:?} is not a time-out"))
}

/// Joins a base URL with a path, whether or not the base ends in a slash.
pub fn join(base: &str, path: &str) -> String {
    format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// An empty variable counts as one that is not set.
pub fn optional(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|text| !text.is_empty())
}
