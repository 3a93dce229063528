//! `realserv replay`: what the recorded events say of an order, beside what the tables say.
//!
//! The events are those of the outboxes of the order, payment and vendor-management services, where every event stays as it
//! was appended, in the transaction of its change. The order service's timeline would not do: it keeps a sentence of each
//! event, not what the event says.

mod compare;
mod order;
mod payment;
mod recorded;
mod row;
mod vendor;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bus::Catalogue;
use clap::Args;
use domain::OrderNumber;
use tokio::time::sleep;

use crate::fleet::{Environment, Secrets, State};
use crate::home::Home;
use compare::{Checked, check};
use recorded::{Databases, Story};

/// Arguments of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The order's number, as people type it: ORD000001, ord 1, #ORD1.
    #[arg(required_unless_present = "all")]
    number: Option<String>,
    /// Every order.
    #[arg(long, conflicts_with = "number")]
    all: bool,
    /// How many seconds a difference may last: events on their way explain it until then.
    #[arg(long, default_value_t = 10)]
    patience: u64,
}

/// Rebuilds and compares. Succeeds when nothing differs, fails with 1 when something does, with 2 when there is no such
/// order.
///
/// # Errors
/// No fleet runs, the number cannot be read, a database does not answer.
pub async fn run(home: &Home, args: ReplayArgs) -> Result<ExitCode> {
    let number = args.number.as_deref().map(str::parse::<OrderNumber>).transpose().context("that is no order number")?;
    let mut databases = connect(home).await?;
    let begun = Instant::now();
    loop {
        let stories = databases.stories(number.as_ref()).await?;
        if stories.is_empty() && number.is_some() {
            println!("there is no such order, neither in the events nor in the tables");
            return Ok(ExitCode::from(2));
        }
        let mut checked = Vec::with_capacity(stories.len());
        for story in &stories {
            checked.push(check(&mut databases, story).await?);
        }
        let settled = checked.iter().all(|order| order.differences.is_empty());
        if settled || begun.elapsed() >= Duration::from_secs(args.patience) {
            return Ok(report(&checked));
        }
        sleep(Duration::from_millis(500)).await;
    }
}

async fn connect(home: &Home) -> Result<Databases> {
    let Some(state) = State::read(home) else { bail!("nothing runs; `realserv up` starts the fleet") };
    let environment = Environment::new(home, state.ports, Secrets::ensure(home)?, &Catalogue::load()?);
    Databases::connect(&environment).await
}

fn report(checked: &[Checked]) -> ExitCode {
    let mut different = 0;
    for order in checked {
        for difference in &order.differences {
            println!("{}: {difference}", order.number);
        }
        different += usize::from(!order.differences.is_empty());
    }
    let (events, rows) = checked.iter().fold((0, 0), |(events, rows), order| (events + order.events, rows + order.rows));
    let orders = if checked.len() == 1 { "1 order".to_owned() } else { format!("{} orders", checked.len()) };
    println!("{orders}: {events} events rebuilt, {rows} rows compared, {different} with differences");
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything that the events of one order say the tables hold.
fn rebuild(story: &Story) -> Result<Vec<row::Row>> {
    let order = order::Rebuilt::of(story)?;
    let mut rows = order.rows();
    rows.extend(payment::rows(story, &order)?);
    rows.extend(vendor::rows(story, &order)?);
    Ok(rows)
}
