//! What the demo prints: each step with who, what, the answer and the time it took; and what it checked.

use std::time::Instant;

use anyhow::{Result, bail};

use super::figures::{Paise, rupees};

/// The demo's narrator and its list of checks.
pub(super) struct Story {
    begun: Instant,
    last: Instant,
    checks: usize,
    wrong: Vec<String>,
}

impl Story {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), last: Instant::now(), checks: 0, wrong: Vec::new() }
    }

    /// A heading.
    pub(super) fn chapter(&mut self, title: &str) {
        println!("\n── {title} {}", "─".repeat(90_usize.saturating_sub(title.chars().count())));
        self.last = Instant::now();
    }

    /// One step: who did what, and what came of it.
    pub(super) fn step(&mut self, who: &str, what: &str, answer: &str) {
        let took = self.last.elapsed().as_millis();
        self.last = Instant::now();
        println!("{:>6.1}s {took:>5} ms  {who:<9} {what:<50} {answer}", self.begun.elapsed().as_secs_f32());
    }

    /// A line that belongs to the step before.
    pub(super) fn detail(&self, text: &str) {
        println!("{:>27}{text}", "");
    }

    /// Holds an amount against the figure computed here.
    pub(super) fn amount(&mut self, what: &str, got: Paise, expected: Paise) {
        self.checks += 1;
        if got == expected {
            self.detail(&format!("✓ {what}: {}", rupees(got)));
        } else {
            let line = format!("✗ {what}: got {}, expected {}", rupees(got), rupees(expected));
            self.detail(&line);
            self.wrong.push(line);
        }
    }

    /// Holds anything else against what it should be.
    pub(super) fn same(&mut self, what: &str, got: &str, expected: &str) {
        self.checks += 1;
        if got == expected {
            self.detail(&format!("✓ {what}: {got}"));
        } else {
            let line = format!("✗ {what}: got {got:?}, expected {expected:?}");
            self.detail(&line);
            self.wrong.push(line);
        }
    }

    /// The last word.
    pub(super) fn end(self) -> Result<()> {
        println!();
        if self.wrong.is_empty() {
            println!("{} checks, all agree. {:.1} s.", self.checks, self.begun.elapsed().as_secs_f32());
            return Ok(());
        }
        for line in &self.wrong {
            println!("{line}");
        }
        bail!("{} of {} checks do not agree", self.wrong.len(), self.checks)
    }
}
