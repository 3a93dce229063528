//! Ordering: an order paid in cash, through the gateway and all services it concerns.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::{Clock as _, SystemClock};

use super::client::{Browser, Posted};
use super::crowd::{Crowd, VENDORS};
use super::limits::{self, DATABASE};
use super::report::{Level, Series, print_alone, print_ratio};
use super::stage::Stage;
use super::statements::{Ran, tally};
use crate::home::Home;

/// Orders that are placed one by one while Postgres writes down every statement.
const COUNTED: usize = 10;

/// Measures and prints.
pub(super) async fn run(stage: &Stage, home: &Home) -> Result<()> {
    let most = stage.users.iter().copied().max().unwrap_or(1);
    println!("\nORDERING: POST /api/v1/orders, cash, two lines; {most} buyers, {VENDORS} vendors");
    let crowd = Arc::new(Crowd::join(home, stage.ports, most).await.context("vendors and buyers could not join")?);
    let browser = Browser::new();
    let url = stage.at(stage.ports.gateway, "/api/v1/orders");
    stage.settle().await;
    count_statements(stage, &crowd, &browser, &url).await?;
    limits::make_database(&stage.server).await?;
    let (mut bare, address) = limits::start_bare(&stage.run, &stage.logs, stage.server.url(DATABASE), &[]).await?;
    let stage = &stage.with("bench-bare", bare.pid());
    let mut orders = Series::new("an order through the gateway and all services");
    let mut limit = Series::new("limit: a bare handler, one transaction in one database");
    for users in &stage.users {
        // One after the other at each level: what else this machine does then falls on both alike.
        orders.levels.push(load(stage, *users, &crowd, &browser, &url).await?);
        limit.levels.push(load_bare(stage, *users, &browser, &address).await?);
    }
    bare.stop(Duration::from_secs(2)).await;
    orders.print();
    orders.print_by_process();
    limit.print();
    let script = limits::write_script(&stage.scripts, "ordering.sql", &limits::order_script())?;
    if let Some(alone) = stage.pgbench(&script, DATABASE).await? {
        print_alone("limit: the SQL of the bare order alone (pgbench)", &alone);
    }
    println!();
    print_ratio("ordering / bare one-transaction order", &orders, &limit);
    Ok(())
}

async fn load(stage: &Stage, users: usize, crowd: &Arc<Crowd>, browser: &Browser, url: &str) -> Result<Level> {
    let (crowd, browser, url) = (Arc::clone(crowd), browser.clone(), url.to_owned());
    let ask = move |user: usize, question: usize| {
        let (crowd, browser, url) = (Arc::clone(&crowd), browser.clone(), url.clone());
        // Warming up and measuring ask the same questions; a key is for one of them only.
        let key = format!("bench-{users}-{user}-{question}-{}", SystemClock.now().timestamp_micros());
        async move { place(&crowd, &browser, &url, user, question, key).await }
    };
    stage.level_with_aftermath(users, ask).await
}

async fn place(crowd: &Crowd, browser: &Browser, url: &str, user: usize, question: usize, key: String) -> Result<(), String> {
    let (buyer, body) = crowd.order(user, question).ok_or("nobody is there to order")?;
    browser.post(url, Posted { token: &buyer.token, key, body }).await
}

async fn load_bare(stage: &Stage, users: usize, browser: &Browser, url: &str) -> Result<Level> {
    let (browser, url) = (browser.clone(), url.to_owned());
    let ask = move |_: usize, _: usize| {
        let (browser, url) = (browser.clone(), url.clone());
        async move { browser.post(&url, Posted { token: "-", key: "-".to_owned(), body: "{}".to_owned() }).await }
    };
    stage.level(users, true, ask).await
}

/// How many statements an order costs: until its answer, and by what follows it.
async fn count_statements(stage: &Stage, crowd: &Crowd, browser: &Browser, url: &str) -> Result<()> {
    const QUIET: Duration = Duration::from_secs(10);
    const BETWEEN: Duration = Duration::from_secs(2);
    for question in 0..3 {
        place(crowd, browser, url, 0, question, format!("bench-first-{question}")).await.map_err(anyhow::Error::msg)?;
    }
    stage.settle().await;
    let ((), idle) = stage.watch.during(tokio::time::sleep(QUIET)).await?;
    let seconds = |at: chrono::DateTime<chrono::Utc>| at.timestamp_micros() as f64 / 1e6;
    let placing = async {
        let mut windows = Vec::new();
        for number in 0..COUNTED {
            let begun = seconds(SystemClock.now());
            place(crowd, browser, url, number, 100 + number, format!("bench-counted-{number}")).await?;
            windows.push((begun, seconds(SystemClock.now())));
            tokio::time::sleep(BETWEEN).await;
        }
        Ok::<_, String>(windows)
    };
    let (windows, ran) = stage.watch.during(placing).await?;
    let windows = windows.map_err(anyhow::Error::msg)?;
    if ran.is_empty() {
        bail!("the log of Postgres shows no statement");
    }
    let inside = |one: &&Ran| windows.iter().any(|(begun, ended)| (*begun..=*ended).contains(&one.at));
    let (during, after): (Vec<&Ran>, Vec<&Ran>) = ran.iter().partition(inside);
    let time = BETWEEN.as_secs_f64() * COUNTED as f64;
    print_counts(&idle, QUIET.as_secs_f64(), &during, &after, time);
    write_statements(&stage.scripts, &during, &after)
}

/// Statements by what they are for: the request, relays and workers meanwhile, everything afterwards, and idleness.
fn print_counts(idle: &[Ran], quiet: f64, during: &[&Ran], after: &[&Ran], time: f64) {
    let (meanwhile, request): (Vec<&Ran>, Vec<&Ran>) = during.iter().partition(|one| one.is_background());
    let idle: Vec<&Ran> = idle.iter().collect();
    let mut databases: Vec<&str> = during.iter().chain(after).map(|one| one.database.as_str()).collect();
    databases.sort_unstable();
    databases.dedup();
    println!("\nSQL statements an order (average of {COUNTED} placed one by one), and in brackets BEGIN and COMMIT");
    println!("{:<28} {:>14} {:>20} {:>16} {:>18}", "", "of the request", "workers meanwhile", "afterwards", "idle, each second");
    let orders = COUNTED as f64;
    for database in databases.into_iter().map(Some).chain([None]) {
        let count = |list: &[&Ran], brackets: bool| {
            let fits = |one: &&&Ran| database.is_none_or(|name| one.database == name) && one.is_bracket() == brackets;
            list.iter().filter(fits).count() as f64
        };
        let cell = |list: &[&Ran], by: f64, less: f64| {
            let each = |brackets| ((count(list, brackets) - count(&idle, brackets) / quiet * less) / by).max(0.0);
            format!("{:.1} ({:.1})", each(false), each(true))
        };
        println!(
            "{:<28} {:>14} {:>20} {:>16} {:>18}",
            database.unwrap_or("together"),
            cell(&request, orders, 0.0),
            cell(&meanwhile, orders, 0.0),
            cell(after, orders, time),
            cell(&idle, quiet, 0.0)
        );
    }
}

fn write_statements(folder: &Path, during: &[&Ran], after: &[&Ran]) -> Result<()> {
    let mut text = String::new();
    for (title, list) in [("until answered", during), ("afterwards, with what runs anyway", after)] {
        text.push_str(&format!("{title}: times in {COUNTED} orders, database, statement\n"));
        let owned: Vec<Ran> = list.iter().map(|one| (*one).clone()).collect();
        for (times, database, statement) in tally(&owned) {
            text.push_str(&format!("{times:>5}  {database:<28} {statement}\n"));
        }
        text.push('\n');
    }
    let file = limits::write_script(folder, "statements.txt", &text)?;
    println!("each of them: {}", file.display());
    Ok(())
}
