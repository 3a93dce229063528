//! `catalog seed`.

use anyhow::Context as _;
use domain::{SystemClock, SystemIds};
use service_kit::process;

use crate::{Config, seed_catalog};

#[derive(Debug, clap::Args)]
struct SeedConfig {
    #[command(flatten)]
    database: pg_kit::PgSettings,
    #[command(flatten)]
    own: Config,
}

/// Brings the catalogue to what the checked-in files say and prints how much of it was new.
///
/// # Errors
/// Settings, a file or the database.
pub async fn seed() -> anyhow::Result<()> {
    let config: SeedConfig = process::settings()?;
    let pool = pg_kit::connect(&config.database).await.context("cannot use DATABASE_URL")?;
    let seeded = seed_catalog(&pool, &SystemClock, &SystemIds, config.own.price_band_percent).await.context("seeding")?;
    for (what, counted) in [
        ("categories", seeded.categories),
        ("tax rates", seeded.gst_rates),
        ("materials", seeded.materials),
        ("kinds of labour", seeded.labor),
    ] {
        println!("{what}: {} in the file, {} new or changed", counted.rows, counted.changed);
    }
    Ok(())
}
