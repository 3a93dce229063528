//! `realserv books check`: recomputes every balance and compares order, payment, gateway, ledger, cash and settlement pair
//! by pair; the stock as well. Each mismatch names its row and the rule that it breaks.

use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use books::{Facts, Mismatch, read};
use bus::Catalogue;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use domain::{Clock as _, Money};
use outbound::HttpSettings;
use razorpay::{Razorpay, RazorpaySettings};
use secrecy::SecretString;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::fleet::{Environment, Secrets, State};
use crate::home::Home;
use crate::service::Service;

/// Arguments of `books`.
#[derive(Debug, Clone, Args)]
pub struct BooksArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Compare everything. Succeeds when all agrees; fails with 1 when something does not, with 2 when it cannot be read.
    Check(Box<CheckArgs>),
}

/// Where everything is; the running local fleet when no database is named.
#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// The order service's database.
    #[arg(long, env = "ORDER_DATABASE_URL", hide_env_values = true, requires_all = ["payment_database_url", "vendor_database_url"])]
    order_database_url: Option<String>,
    /// The payment service's database.
    #[arg(long, env = "PAYMENT_DATABASE_URL", hide_env_values = true)]
    payment_database_url: Option<String>,
    /// Vendor-management's database.
    #[arg(long, env = "VENDOR_MANAGEMENT_DATABASE_URL", hide_env_values = true)]
    vendor_database_url: Option<String>,
    /// The catalog service's database, for the stock; left out when it is not named.
    #[arg(long, env = "CATALOG_DATABASE_URL", hide_env_values = true)]
    catalog_database_url: Option<String>,
    /// Razorpay, without `/v1`; the gateway is not asked when its key is not named.
    #[arg(long, env = "RAZORPAY_URL", default_value = "https://api.razorpay.com")]
    razorpay_url: String,
    /// The key's id.
    #[arg(long, env = "RAZORPAY_KEY_ID", requires = "razorpay_key_secret")]
    razorpay_key_id: Option<String>,
    /// The key's secret.
    #[arg(long, env = "RAZORPAY_KEY_SECRET", hide_env_values = true)]
    razorpay_key_secret: Option<String>,
    /// Do not ask the gateway.
    #[arg(long)]
    no_gateway: bool,
    /// What changed within so many seconds may still be on its way between the services and is not held against them.
    #[arg(long, default_value_t = 60)]
    grace: i64,
    /// One JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// What is read from where.
struct Places {
    order: String,
    payment: String,
    vendor: String,
    catalog: Option<String>,
    gateway: Option<RazorpaySettings>,
    now: DateTime<Utc>,
}

/// Compares, prints, and tells by its exit status.
///
/// # Errors
/// No fleet runs and no databases are named.
pub async fn run(home: &Home, args: BooksArgs) -> Result<ExitCode> {
    let What::Check(args) = args.what;
    let places = Places::find(home, &args)?;
    let facts = match gather(&places, args.grace).await {
        Ok(facts) => facts,
        Err(error) => {
            eprintln!("realserv: the books cannot be read: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let mismatches = books::check(&facts);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&document(&facts, &mismatches))?);
    } else {
        print(&facts, &mismatches);
    }
    let stock = places.catalog.as_deref().is_none_or(|url| stock_agrees(home, url, args.json));
    Ok(if mismatches.is_empty() && stock { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

impl Places {
    fn find(home: &Home, args: &CheckArgs) -> Result<Self> {
        if let (Some(order), Some(payment), Some(vendor)) =
            (&args.order_database_url, &args.payment_database_url, &args.vendor_database_url)
        {
            return Ok(Self {
                order: order.clone(),
                payment: payment.clone(),
                vendor: vendor.clone(),
                catalog: args.catalog_database_url.clone(),
                gateway: args.gateway(),
                now: domain::SystemClock.now(),
            });
        }
        let Some(state) = State::read(home) else {
            bail!("nothing runs; `realserv up` starts the fleet, or name the databases");
        };
        let secrets = Secrets::ensure(home)?;
        let variable = |name: &str| secrets.variables.get(name).cloned().unwrap_or_default();
        let gateway = RazorpaySettings {
            base_url: format!("http://127.0.0.1:{}/razorpay", state.ports.sandbox),
            key_id: variable("RAZORPAY_KEY_ID"),
            key_secret: SecretString::from(variable("RAZORPAY_KEY_SECRET")),
            webhook_secrets: Vec::new(),
            timeout: Duration::from_secs(10),
        };
        let environment = Environment::new(home, state.ports, secrets, &Catalogue::load()?);
        let url = |name: &str| Service::named(name).map(|service| environment.database_url(service));
        Ok(Self {
            order: url("order")?,
            payment: url("payment")?,
            vendor: url("vendor-management")?,
            catalog: Some(url("catalog")?),
            gateway: (!args.no_gateway).then_some(gateway),
            now: context::FileClock::follow(home.state.join("clock")).now(),
        })
    }
}

impl CheckArgs {
    fn gateway(&self) -> Option<RazorpaySettings> {
        let (Some(key_id), Some(secret), false) = (&self.razorpay_key_id, &self.razorpay_key_secret, self.no_gateway) else {
            return None;
        };
        Some(RazorpaySettings {
            base_url: self.razorpay_url.clone(),
            key_id: key_id.clone(),
            key_secret: SecretString::from(secret.clone()),
            webhook_secrets: Vec::new(),
            timeout: Duration::from_secs(10),
        })
    }
}

/// The gateway last: what it has is at least as new as what we have, and what we lack then is still on its way.
async fn gather(places: &Places, grace: i64) -> Result<Facts> {
    let mut facts = Facts { settled_before: (grace > 0).then(|| places.now - TimeDelta::seconds(grace)), ..Facts::default() };
    let mut conn = PgConnection::connect(&places.order).await.context("the order service's database")?;
    read::orders(&mut conn, &mut facts).await.context("reading orders")?;
    let mut conn = PgConnection::connect(&places.payment).await.context("the payment service's database")?;
    read::payments(&mut conn, &read::Scope::All, &mut facts).await.context("reading payments")?;
    let mut conn = PgConnection::connect(&places.vendor).await.context("vendor-management's database")?;
    read::vendors(&mut conn, &mut facts).await.context("reading settlements")?;
    if let Some(settings) = &places.gateway {
        let razorpay = Razorpay::new(settings.clone(), outbound::http_client(HttpSettings::default())?);
        let until = places.now + TimeDelta::days(1);
        let all = read::begun_between(&razorpay, DateTime::UNIX_EPOCH, until).await.context("asking the gateway")?;
        facts.gateway = Some(read::with_missing(&razorpay, all, &facts.payments).await.context("asking the gateway")?);
    }
    Ok(facts)
}

/// The catalog looks at its own stock, when it is built.
fn stock_agrees(home: &Home, database_url: &str, quiet: bool) -> bool {
    let Some(binary) = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("catalog"))) else { return true };
    if !binary.is_file() {
        return true;
    }
    let done = Command::new(binary)
        .arg("reconcile-stock")
        .env("DATABASE_URL", database_url)
        .env("RUST_LOG", "error")
        .current_dir(&home.root)
        .output();
    match done {
        Ok(output) => {
            if !quiet || !output.status.success() {
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
                let said = String::from_utf8_lossy(&output.stdout);
                said.lines().for_each(|line| if quiet { eprintln!("{line}") } else { println!("rule 26 · stock · {line}") });
            }
            output.status.success()
        }
        Err(error) => {
            eprintln!("realserv: the stock cannot be looked at: {error}");
            false
        }
    }
}

fn print(facts: &Facts, mismatches: &[Mismatch]) {
    println!(
        "{} orders, {} payments, {} refunds, {} ledger movements, {} settlements with {} lines, gateway: {}",
        facts.orders.len(),
        facts.payments.len(),
        facts.refunds.len(),
        facts.movements.len(),
        facts.settlements.as_ref().map_or(0, Vec::len),
        facts.lines.len(),
        facts.gateway.as_ref().map_or_else(|| "not asked".to_owned(), |all| format!("{} payments", all.len())),
    );
    for balance in books::balances(facts) {
        println!("  {:<60} {:>16}", balance.account, Money::from_paise(balance.paise).to_string());
    }
    for mismatch in mismatches {
        println!("{mismatch}");
    }
    match mismatches.len() {
        0 => println!("the books agree"),
        count => println!("{count} things do not agree"),
    }
}

fn document(facts: &Facts, mismatches: &[Mismatch]) -> serde_json::Value {
    let row = |row: &books::Row| json!({"table": row.table, "key": row.key});
    let balances = books::balances(facts);
    json!({
        "clean": mismatches.is_empty(),
        "balances": balances.iter()
            .map(|balance| json!({"account": balance.account, "balance": Money::from_paise(balance.paise)})).collect::<Vec<_>>(),
        "mismatches": mismatches.iter().map(|mismatch| json!({
            "pair": mismatch.pair, "rule": mismatch.rule, "row": row(&mismatch.row),
            "against": mismatch.against.as_ref().map(row), "order_number": mismatch.order_number, "what": mismatch.what,
            "expected": mismatch.expected, "found": mismatch.found,
        })).collect::<Vec<_>>(),
    })
}
