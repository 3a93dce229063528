//! Browsing: a page of the catalogue, through the gateway and at the service alone.

use std::time::Duration;

use anyhow::{Result, bail};

use super::client::Browser;
use super::limits;
use super::report::{Level, Series, print_alone, print_ratio};
use super::stage::Stage;
use crate::service::Service;

const PAGE: &str = "/api/v1/materials?limit=20";

/// Measures and prints.
pub(super) async fn run(stage: &Stage) -> Result<()> {
    let catalog = Service::named("catalog")?;
    let browser = Browser::new();
    let (gateway, service) = (stage.at(stage.ports.gateway, PAGE), stage.at(stage.ports.of(catalog), PAGE));
    let statements = statements(stage, &browser, &service).await?;
    println!("\nBROWSING: GET {PAGE}");
    for statement in &statements {
        println!("  runs: {statement}");
    }
    let url = stage.server.url(catalog.database);
    let (mut bare, address) = limits::start_bare(&stage.run, &stage.logs, url, &statements).await?;
    let stage = &stage.with("bench-bare", bare.pid());
    let [mut through_gateway, mut at_service, mut limit] =
        ["through the gateway", "at the service alone", "limit: a bare handler, the same SQL"].map(Series::new);
    for users in &stage.users {
        // One after the other at each level: what else this machine does then falls on all of them alike.
        through_gateway.levels.push(load(stage, *users, &browser, &gateway).await?);
        at_service.levels.push(load(stage, *users, &browser, &service).await?);
        limit.levels.push(load(stage, *users, &browser, &address).await?);
    }
    bare.stop(Duration::from_secs(2)).await;
    for series in [&through_gateway, &at_service, &limit] {
        series.print();
    }
    let script = limits::write_script(&stage.scripts, "browsing.sql", &limits::read_script(&statements))?;
    if let Some(alone) = stage.pgbench(&script, catalog.database).await? {
        print_alone("limit: the SQL alone (pgbench)", &alone);
    }
    println!();
    print_ratio("browsing at the service / bare handler", &at_service, &limit);
    print_ratio("browsing through the gateway / bare handler", &through_gateway, &limit);
    Ok(())
}

async fn load(stage: &Stage, users: usize, browser: &Browser, url: &str) -> Result<Level> {
    let (browser, url) = (browser.clone(), url.to_owned());
    let ask = move |_: usize, _: usize| {
        let (browser, url) = (browser.clone(), url.clone());
        async move { browser.get(&url).await }
    };
    stage.level(users, true, ask).await
}

/// What the service runs for one page, seen in the log of Postgres.
async fn statements(stage: &Stage, browser: &Browser, url: &str) -> Result<Vec<String>> {
    // Twice: the first one also prepares.
    let (asked, ran) = stage
        .watch
        .during(async {
            browser.get(url).await?;
            browser.get(url).await
        })
        .await?;
    if let Err(error) = asked {
        bail!("{url}: {error}");
    }
    let mut statements = Vec::new();
    for one in ran.iter().filter(|one| one.text.contains(" materials ")) {
        let filled_in = one.filled_in();
        if !statements.contains(&filled_in) {
            statements.push(filled_in);
        }
    }
    if statements.is_empty() {
        bail!("the catalog service ran no SQL for {url}: there is nothing to hold it against");
    }
    Ok(statements)
}
