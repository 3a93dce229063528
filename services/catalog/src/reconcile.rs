//! `catalog reconcile-stock`.

use anyhow::{Context as _, bail};
use service_kit::process;

use crate::usecases::reconcile_stock::reconcile_stock;

#[derive(Debug, clap::Args)]
struct ReconcileConfig {
    #[command(flatten)]
    database: pg_kit::PgSettings,
}

/// Compares stock, reservations, batches and the book of movements, and names every row that does not agree.
///
/// # Errors
/// Settings or the database; and when anything does not agree.
pub async fn reconcile() -> anyhow::Result<()> {
    let config: ReconcileConfig = process::settings()?;
    let pool = pg_kit::connect(&config.database).await.context("cannot use DATABASE_URL")?;
    let wrong = reconcile_stock(&pool).await.context("reading the stock")?;
    for row in &wrong {
        println!(
            "{}: {} {} (offer {}) says {}, should say {}",
            row.what, row.table_name, row.row_id, row.offer_id, row.found, row.expected
        );
    }
    if !wrong.is_empty() {
        bail!("{} rows do not agree", wrong.len());
    }
    println!("stock, reservations and movements agree");
    Ok(())
}
