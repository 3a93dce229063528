//! `realserv saga`: how far the placing or editing of an order is, as the order service's own table says.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use bus::Catalogue;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use domain::OrderNumber;
use sqlx::{Connection as _, PgConnection};

use crate::fleet::{Environment, Secrets, State};
use crate::home::Home;
use crate::service::Service;

/// Arguments of `saga`.
#[derive(Debug, Clone, Args)]
pub struct SagaArgs {
    /// The order's number, as people type it: ORD000001, ord 1, #ORD1.
    #[arg(required_unless_present = "stuck")]
    number: Option<String>,
    /// All that are neither done nor undone, the longest first.
    #[arg(long, conflicts_with = "number")]
    stuck: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Saga {
    order_number: String,
    order_status: String,
    step: String,
    since: DateTime<Utc>,
    attempts: i32,
    deadline: DateTime<Utc>,
    next_attempt: Option<DateTime<Utc>>,
    overdue: bool,
    last_error: Option<String>,
}

const SAGAS: &str = "SELECT o.order_number, o.status AS order_status, s.step, s.updated_at AS since, s.attempts, s.deadline,
           CASE WHEN s.step NOT IN ('done', 'undone') THEN s.leased_until END AS next_attempt,
           s.step NOT IN ('done', 'undone') AND s.leased_until < clock_timestamp() - interval '60 seconds' AS overdue,
           s.last_error
      FROM order_sagas s JOIN orders o ON o.id = s.order_id
     WHERE CASE WHEN $1::text IS NULL THEN s.step NOT IN ('done', 'undone') ELSE o.order_number = $1 END
     ORDER BY s.updated_at";

/// Prints them. Fails with 1 when one of them should have been taken up a minute ago, with 2 when there is no such order.
///
/// # Errors
/// No fleet runs, the number cannot be read, the database does not answer.
pub async fn run(home: &Home, args: SagaArgs) -> Result<ExitCode> {
    let number = args.number.as_deref().map(str::parse::<OrderNumber>).transpose().context("that is no order number")?;
    let Some(state) = State::read(home) else { bail!("nothing runs; `realserv up` starts the fleet") };
    let environment = Environment::new(home, state.ports, Secrets::ensure(home)?, &Catalogue::load()?);
    let mut conn = PgConnection::connect(&environment.database_url(Service::named("order")?)).await?;
    let sagas: Vec<Saga> = sqlx::query_as(SAGAS).bind(number.as_ref().map(OrderNumber::as_str)).fetch_all(&mut conn).await?;
    if sagas.is_empty() {
        if let Some(number) = number {
            println!("there is no order {number}");
            return Ok(ExitCode::from(2));
        }
        println!("nothing is under way");
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", table(&sagas));
    Ok(if sagas.iter().any(|saga| saga.overdue) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn table(sagas: &[Saga]) -> String {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut text = format!(
        "{:<12} {:<11} {:<15} {:<14} {:<21} {:<9} {:<21} {:<21} {}\n",
        "order", "status", "step", "what is next", "since", "attempts", "next attempt", "given up after", "last error"
    );
    for saga in sagas {
        let next_attempt = saga.next_attempt.map_or_else(|| "-".to_owned(), time);
        let deadline = if saga.next_attempt.is_some() { time(saga.deadline) } else { "-".to_owned() };
        text.push_str(&format!(
            "{:<12} {:<11} {:<15} {:<14} {:<21} {:<9} {:<21} {:<21} {}{}\n",
            saga.order_number,
            saga.order_status,
            saga.step,
            next(&saga.step),
            time(saga.since),
            saga.attempts,
            next_attempt,
            deadline,
            saga.last_error.as_deref().unwrap_or("-"),
            if saga.overdue { "  (nobody took it up for a minute: does the order service run?)" } else { "" },
        ));
    }
    text
}

/// What whoever works on it does next.
fn next(step: &str) -> &'static str {
    match step {
        "placed" => "reserve stock",
        "stock_reserved" => "open payment",
        "undoing" => "free stock",
        "editing" => "keep for both",
        "edit_reserved" => "new amount",
        "edit_undoing" => "old amount",
        "edit_settling" => "settle stock",
        _ => "-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saga_is_shown_with_step_since_when_and_next_attempt() {
        let at: DateTime<Utc> = "2026-11-16T10:00:00Z".parse().unwrap();
        let saga = Saga {
            order_number: "ORD000007".to_owned(),
            order_status: "pending".to_owned(),
            step: "stock_reserved".to_owned(),
            since: at,
            attempts: 3,
            deadline: at,
            next_attempt: Some(at + chrono::TimeDelta::seconds(20)),
            overdue: false,
            last_error: Some("payment is not available".to_owned()),
        };
        let text = table(&[saga]);
        let line = text.lines().nth(1).unwrap();
        for word in
            ["ORD000007", "stock_reserved", "open payment", "2026-11-16T10:00:00Z", "2026-11-16T10:00:20Z", "not available"]
        {
            assert!(line.contains(word), "{word} is not in: {line}");
        }
    }
}
