//! Browsing: a page of the catalogue, through the gateway and at the service alone.

use anyhow::{Result, bail};

use super::client::Browser;
use super::limits;
use super::report::{Series, print_alone, print_ratio};
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
    let through_gateway = load(stage, "through the gateway", &browser, &gateway).await?;
    let at_service = load(stage, "at the service alone", &browser, &service).await?;
    let url = stage.server.url(catalog.database);
    let (mut bare, address) = limits::start_bare(&stage.run, &stage.logs, url, &statements).await?;
    let bare_stage = stage.with("bench-bare", bare.pid());
    let limit = load(&bare_stage, "limit: a bare handler, the same SQL", &browser, &address).await;
    bare.stop(std::time::Duration::from_secs(2)).await;
    let limit = limit?;
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

async fn load(stage: &Stage, title: &str, browser: &Browser, url: &str) -> Result<Series> {
    let (browser, url) = (browser.clone(), url.to_owned());
    let ask = move |_: usize, _: usize| {
        let (browser, url) = (browser.clone(), url.clone());
        async move { browser.get(&url).await }
    };
    let mut levels = Vec::new();
    for users in &stage.users {
        levels.push(stage.level(*users, true, ask.clone()).await?);
    }
    Ok(Series { title: title.to_owned(), levels })
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
