//! The report, as tables of text.

use super::cpu::Used;
use super::limits::Alone;
use super::load::Measured;

/// What one kind of load on one target came to.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) title: String,
    pub(super) levels: Vec<Level>,
}

/// So many users at once.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) measured: Measured,
    /// From the first question to the last answer.
    pub(super) used: Used,
    /// The part of the processors that programs had which are not of the benchmark.
    pub(super) elsewhere: f64,
    /// To the end of everything that followed, where something does.
    pub(super) used_in_all: Option<Used>,
    /// Seconds until everything that followed was done; none when it was not.
    pub(super) settled_after: Option<f64>,
}

/// Whose processor time is told apart.
const OTHERS: [&str; 5] = ["gateway", "postgres", "sandbox", "ministack", "bench"];

impl Level {
    fn each(&self, milliseconds: f64) -> f64 {
        milliseconds / self.measured.answers().max(1) as f64
    }

    fn of(&self, used: &Used, name: &str) -> f64 {
        self.each(used.of(|other| other == name))
    }

    /// The seven services, or the bare handler.
    fn services(&self, used: &Used) -> f64 {
        self.each(used.of(|name| !OTHERS.contains(&name)))
    }

    /// Services and Postgres: what an answer costs.
    pub(super) fn cost(&self) -> f64 {
        self.services(&self.used) + self.of(&self.used, "postgres")
    }

    /// The same with what followed the answer.
    pub(super) fn cost_in_all(&self) -> Option<f64> {
        self.used_in_all.as_ref().map(|used| self.services(used) + self.of(used, "postgres"))
    }
}

impl Series {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), levels: Vec::new() }
    }

    /// The level of so many users.
    pub(super) fn at(&self, users: usize) -> Option<&Level> {
        self.levels.iter().find(|level| level.measured.users == users)
    }

    pub(super) fn print(&self) {
        println!("\n{}", self.title);
        println!(
            "{:>6} {:>10} {:>9} {:>9} {:>9} {:>7}  CPU ms each: {:>8} {:>8} {:>8} {:>9} {:>8}   others",
            "users", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors", "services", "postgres", "gateway", "stand-ins", "load"
        );
        for level in &self.levels {
            let Measured { users, .. } = level.measured;
            let stand_ins = level.of(&level.used, "sandbox") + level.of(&level.used, "ministack");
            println!(
                "{users:>6} {:>10.0} {:>9.2} {:>9.2} {:>9.2} {:>7}               {:>8.3} {:>8.3} {:>8.3} {stand_ins:>9.3} {:>8.3} {:>6.0} %",
                level.measured.per_second(),
                level.measured.percentile(50),
                level.measured.percentile(95),
                level.measured.percentile(99),
                level.measured.error_count(),
                level.services(&level.used),
                level.of(&level.used, "postgres"),
                level.of(&level.used, "gateway"),
                level.of(&level.used, "bench"),
                level.elsewhere * 100.0,
            );
        }
        for level in &self.levels {
            for (what, times) in &level.measured.errors {
                println!("       {} users: {times} × {what}", level.measured.users);
            }
        }
    }

    /// Process by process, and with what follows the answer.
    pub(super) fn print_by_process(&self) {
        println!("\n{}: CPU ms a request by process", self.title);
        let mut names: Vec<&String> = self.levels.iter().flat_map(|level| level.used.0.keys()).collect();
        names.sort_unstable();
        names.dedup();
        println!(
            "{:<20}{}",
            "",
            self.levels.iter().map(|level| format!("{:>22}", format!("{} users", level.measured.users))).collect::<String>()
        );
        for name in names {
            let cells = self.levels.iter().map(|level| {
                let later = level.used_in_all.as_ref().map_or(f64::NAN, |used| level.of(used, name));
                format!("{:>13.2} /{later:>7.2}", level.of(&level.used, name))
            });
            println!("{name:<20}{}", cells.collect::<String>());
        }
        let cells =
            self.levels.iter().map(|level| format!("{:>13.2} /{:>7.2}", level.cost(), level.cost_in_all().unwrap_or(f64::NAN)));
        println!("{:<20}{}", "services + postgres", cells.collect::<String>());
        let cells = self.levels.iter().map(|level| {
            let settled =
                level.settled_after.map_or_else(|| "not all done".to_owned(), |seconds| format!("done {seconds:.1} s later"));
            format!("{settled:>22}")
        });
        println!("{:<20}{}", "", cells.collect::<String>());
        println!("(until the last answer / until every event was heard and every message sent)");
    }
}

pub(super) fn print_alone(title: &str, alone: &[(Alone, f64)]) {
    println!("\n{title}");
    for (found, postgres) in alone {
        println!(
            "{:>6} clients {:>10.0}/s, average {:.2} ms, Postgres {:.3} CPU ms each",
            found.clients,
            found.per_second,
            found.average_ms,
            postgres / found.transactions.max(1.0)
        );
    }
}

/// One series as a part of another, level by level.
pub(super) fn print_ratio(title: &str, of: &Series, to: &Series) {
    let parts: Vec<String> = of
        .levels
        .iter()
        .filter_map(|level| {
            let limit = to.at(level.measured.users)?;
            let ratio = level.measured.per_second() / limit.measured.per_second();
            Some(format!("{} users {ratio:.2} (cost ×{:.1})", level.measured.users, level.cost() / limit.cost()))
        })
        .collect();
    println!("{title}: {}", parts.join("   "));
}
