//! Browsing and searching a large catalogue: 50,000 materials, 2,000,000 offers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::client::Browser;
use super::report::Series;
use super::stage::Stage;
use crate::service::Service;

const DATA: &str = include_str!("large_catalogue.sql");

/// How many people at once; the target is set for the larger number.
const USERS: [usize; 2] = [1, 16];
/// Milliseconds that 95 of 100 listings and searches may take.
const TARGET_MS: f64 = 30.0;

/// What is asked for, and whether the target holds for it.
struct Kind {
    title: &'static str,
    is_held_to_target: bool,
    paths: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        title: "listing: first pages in every order",
        is_held_to_target: true,
        paths: &["limit=20", "limit=20&sort=price", "limit=20&sort=price_desc", "limit=20&sort=newest"],
    },
    Kind {
        title: "listing with filters: unit, price, brand, specification",
        is_held_to_target: true,
        paths: &[
            "unit=bag&sort=price",
            "min_price=100&max_price=400",
            "brand=dalmia",
            "spec=grade:BWP&sort=price",
            "brand=zenith&unit=square_meter&sort=newest",
        ],
    },
    Kind {
        title: "listing near a PIN code or a point",
        is_held_to_target: true,
        paths: &["pincode=500007", "pincode=503333", "latitude=17.4&longitude=78.4", "pincode=500011&sort=price"],
    },
    Kind {
        title: "search: exact, misspelt, Hindi, Telugu, with filters and places",
        is_held_to_target: true,
        paths: &[
            "q=cement",
            "q=cemnt%2053%20grade",
            "q=8mm%20sariya",
            "q=isuka",
            "q=retti%20coarse",
            "q=%E0%B0%B8%E0%B0%BF%E0%B0%AE%E0%B1%86%E0%B0%82%E0%B0%9F%E0%B1%8D",
            "q=%E0%A4%B8%E0%A4%B0%E0%A4%BF%E0%A4%AF%E0%A4%BE%2012mm",
            "q=plywod%2018mm&sort=price",
            "q=zenith%20tile&unit=square_meter",
            "q=GEN-4711",
            "q=20mm%20kankara&pincode=500007",
            "q=cement%20paint",
        ],
    },
    Kind {
        title: "a listing with facet counts",
        is_held_to_target: false,
        paths: &["facets=true", "facets=true&q=cement", "facets=true&brand=dalmia", "facets=true&q=8mm%20sariya"],
    },
];

/// Fills the catalogue, measures and prints.
pub(super) async fn run(stage: &Stage) -> Result<()> {
    let catalog = Service::named("catalog")?;
    let begun = Instant::now();
    fill(stage, catalog.database).await.context("filling the catalogue")?;
    println!("\nLARGE CATALOGUE, filled in {:.0} s", begun.elapsed().as_secs_f64());
    let categories = categories(stage, catalog.database).await?;
    let browser = Browser::new();
    let service = stage.at(stage.ports.of(catalog), "/api/v1/materials");
    let urls = |paths: &[&str]| -> Vec<String> { paths.iter().map(|path| format!("{service}?{path}")).collect() };
    let mut kinds: Vec<(&str, bool, Vec<String>)> =
        KINDS.iter().map(|kind| (kind.title, kind.is_held_to_target, urls(kind.paths))).collect();
    let of_category = categories.iter().map(|id| format!("{service}/category/{id}?limit=20")).collect();
    kinds.insert(1, ("listing of a category with all below it", true, of_category));
    explain(stage, catalog.database, &browser, kinds.iter().flat_map(|(_, _, urls)| urls)).await?;
    let mut verdicts = Vec::new();
    for (title, is_held_to_target, urls) in kinds {
        let mut series = Series::new(title);
        for users in USERS {
            series.levels.push(load(stage, users, &browser, &urls).await?);
        }
        series.print();
        if let Some(level) = series.levels.last().filter(|_| is_held_to_target) {
            let p95 = level.measured.percentile(95);
            let verdict = if p95 < TARGET_MS { "holds" } else { "MISSED" };
            verdicts.push(format!("  {title}: p95 {p95:.1} ms, {verdict}"));
        }
    }
    println!("\nTarget: p95 below {TARGET_MS} ms at the service with {} users\n{}", USERS[1], verdicts.join("\n"));
    Ok(())
}

async fn load(stage: &Stage, users: usize, browser: &Browser, urls: &[String]) -> Result<super::report::Level> {
    let (browser, urls): (Browser, Arc<[String]>) = (browser.clone(), urls.into());
    let ask = move |user: usize, question: usize| {
        let (browser, urls) = (browser.clone(), Arc::clone(&urls));
        async move { browser.get(&urls[(user + question) % urls.len()]).await }
    };
    stage.level(users, true, ask).await
}

async fn fill(stage: &Stage, database: &str) -> Result<()> {
    let mut own = stage.server.connect(database).await?;
    for statement in DATA.split("\n\n") {
        own.execute(statement).await.with_context(|| statement.chars().take(120).collect::<String>())?;
    }
    Ok(())
}

/// Categories at the top and one below.
async fn categories(stage: &Stage, database: &str) -> Result<Vec<sqlx::types::Uuid>> {
    let mut own = stage.server.connect(database).await?;
    let query = "SELECT id FROM categories WHERE slug IN ('cement', 'steel', 'tiles-stone', 'tiles', 'sand') ORDER BY slug";
    let found: Vec<_> = sqlx::query(query).fetch_all(&mut own).await?.iter().map(|row| row.get(0)).collect();
    if found.len() < 3 {
        bail!("the categories of the seeds are not there");
    }
    Ok(found)
}

/// Leaves the plan of each statement, as it really ran, in a file.
async fn explain(stage: &Stage, database: &str, browser: &Browser, urls: impl Iterator<Item = &String>) -> Result<()> {
    let mut own = stage.server.connect(database).await?;
    let mut report = String::new();
    let mut slowest = BTreeMap::new();
    for url in urls {
        let (asked, ran) = stage.watch.during(browser.get(url)).await?;
        if let Err(error) = asked {
            bail!("{url}: {error}");
        }
        let of_page =
            |text: &str| ["m.shuffle", "WITH found", "search_words", "FROM vendors"].iter().any(|mark| text.contains(mark));
        for one in ran.iter().filter(|one| of_page(&one.text)) {
            let statement = one.filled_in();
            let explain = AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {statement}"));
            let lines: Vec<String> = match sqlx::query(explain).fetch_all(&mut own).await {
                Ok(plan) => plan.iter().map(|row| row.get(0)).collect(),
                // A text that the log does not tell in full.
                Err(error) => vec![error.to_string()],
            };
            let _ = writeln!(report, "{url}\n{statement}\n{}\n", lines.join("\n"));
            let whole = |line: &&String| line.contains("Seq Scan on materials") || line.contains("Seq Scan on vendor_inventory");
            if let Some(line) = lines.iter().find(whole) {
                slowest.insert(url.clone(), line.trim().to_owned());
            }
        }
    }
    let file = stage.scripts.join("large-catalogue-plans.txt");
    fs::write(&file, report)?;
    println!("The plan of every statement: {}", file.display());
    for (url, line) in slowest {
        println!("  reads a whole table: {url}: {line}");
    }
    Ok(())
}
