//! `realserv clock`: moves the clock of the whole local fleet.

use crate::home::Home;
use anyhow::{Context as _, Result, bail};
use context::FileClock;
use domain::Clock as _;
use std::{env, fs, process::ExitCode};

/// `+2h`, `+1d`, `-30m`, `reset` or `show`.
pub async fn run(home: &Home, what: &str) -> Result<ExitCode> {
    if env::var("REALSERV_ENV").is_ok_and(|name| name == "production") {
        bail!("the clock is not moved in production");
    }
    let offset = set(home, what)?;
    let now = FileClock::follow(home.state.join("clock")).now();
    println!("the fleet's clock: {} ({})", now.format("%Y-%m-%d %H:%M:%S UTC"), describe(offset));
    Ok(ExitCode::SUCCESS)
}

/// Writes the clock file, and gives the offset in seconds that is in it now.
pub(crate) fn set(home: &Home, what: &str) -> Result<i64> {
    let file = home.state.join("clock");
    let before = FileClock::offset_in(&file);
    let after = match what {
        "show" => return Ok(before),
        "reset" => 0,
        step => before.checked_add(seconds(step)?).context("that is too far")?,
    };
    // Services read it at any moment: they must never see half of it.
    let fresh = home.state.join("clock.new");
    fs::write(&fresh, after.to_string())?;
    fs::rename(fresh, &file)?;
    Ok(after)
}

/// Seconds of a step such as `+1d12h`; the sign is wanted.
pub fn seconds(step: &str) -> Result<i64> {
    let wrong = || format!("{step} is not a step: write +2h, +1d, -30m, +90s, reset or show");
    let (sign, rest) = match step.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => bail!(wrong()),
    };
    let mut total: i64 = 0;
    let mut digits = String::new();
    for letter in rest.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => bail!(wrong()),
        };
        let count: i64 = digits.parse().with_context(wrong)?;
        digits.clear();
        total = count.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).with_context(wrong)?;
    }
    if total == 0 || !digits.is_empty() {
        bail!(wrong());
    }
    Ok(sign * total)
}

/// An offset in words.
pub fn describe(offset: i64) -> String {
    if offset == 0 {
        return "as the machine's".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let rest = offset.unsigned_abs();
    let (days, hours, minutes, seconds) = (rest / 86_400, rest / 3600 % 24, rest / 60 % 60, rest % 60);
    format!("{sign}{days}d {hours:02}:{minutes:02}:{seconds:02}")
}
