//! The catalogue that RealServ starts with, from the checked-in files.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::NaiveDate;
use domain::{Actor, CategoryId, GstScheme, IdGen, ItemType, LaborId, MaterialId, Money, Quantity, Rate, ServiceName, Unit};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{save_labor, save_material};
use crate::store::categories::{self, CategoryRow};
use crate::store::gst::{self, GstRateRow};
use crate::store::labor::{self, LaborRow};
use crate::store::materials::{self, MaterialRow};

const CATEGORIES: &str = include_str!("../../seeds/categories.csv");
const MATERIALS: &str = include_str!("../../seeds/materials.csv");
const LABOR: &str = include_str!("../../seeds/labor.csv");
const GST_RATES: &str = include_str!("../../seeds/gst_rates.csv");

/// How many rows there are, and how many of them were new or other than before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Rows in the file.
    pub rows: usize,
    /// New or changed.
    pub changed: usize,
}

/// What came of seeding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Categories.
    pub categories: Counted,
    /// Materials.
    pub materials: Counted,
    /// Kinds of labour.
    pub labor: Counted,
    /// Tax rates.
    pub gst_rates: Counted,
}

#[derive(Deserialize)]
struct CategorySeed {
    id: CategoryId,
    slug: String,
    name: String,
    parent_slug: String,
    r#type: ItemType,
    display_order: i32,
}

#[derive(Deserialize)]
struct MaterialSeed {
    id: MaterialId,
    sku: String,
    name: String,
    category_slug: String,
    unit: Unit,
    base_price: String,
    min_order_quantity: String,
    hsn_code: String,
    description: String,
    specifications: String,
}

#[derive(Deserialize)]
struct LaborSeed {
    id: LaborId,
    slug: String,
    name: String,
    category_slug: String,
    hourly_rate: String,
    daily_rate: String,
    min_hours: String,
    sac_code: String,
    description: String,
    skills: String,
}

#[derive(Deserialize)]
struct GstSeed {
    id: Uuid,
    tax_code: String,
    scheme: GstScheme,
    rate: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    source: String,
}

/// Brings the catalogue to what the files say, all or nothing. What staff added stays; what they switched off stays off.
///
/// # Errors
/// A file that cannot be read, a row that contradicts another, a database that fails.
pub async fn seed_catalog(pool: &PgPool, clock: &dyn domain::Clock, ids: &dyn IdGen, band: Rate) -> anyhow::Result<Seeded> {
    let mut tx = pool.begin().await?;
    let now = clock.now();
    let by_slug = seed_categories(&mut tx, now).await?;
    let seeder = Seeder { now, ids, band, categories: by_slug.1 };
    let seeded = Seeded {
        categories: by_slug.0,
        gst_rates: seeder.gst_rates(&mut tx).await?,
        materials: seeder.materials(&mut tx).await?,
        labor: seeder.labor(&mut tx).await?,
    };
    tx.commit().await?;
    Ok(seeded)
}

type BySlug = HashMap<String, CategoryId>;

/// A parent stands above its children in the file.
async fn seed_categories(conn: &mut PgConnection, now: chrono::DateTime<chrono::Utc>) -> anyhow::Result<(Counted, BySlug)> {
    let seeds: Vec<CategorySeed> = read(CATEGORIES, "categories.csv")?;
    let mut counted = Counted { rows: seeds.len(), changed: 0 };
    let mut ids = BySlug::new();
    for seed in seeds {
        let parent_id = match seed.parent_slug.as_str() {
            "" => None,
            slug => {
                Some(*ids.get(slug).with_context(|| format!("categories.csv: {} stands above its parent {slug}", seed.slug))?)
            }
        };
        let row = CategoryRow {
            id: seed.id,
            name: seed.name,
            slug: seed.slug,
            parent_id,
            r#type: seed.r#type,
            icon_url: None,
            display_order: seed.display_order,
            is_active: true,
        };
        let changed = categories::upsert(conn, &row, now).await.with_context(|| format!("category {}", row.slug))?;
        counted.changed += usize::from(changed.is_some());
        let id = categories::id_of(conn, &row.slug).await?.context("the category just written")?;
        ids.insert(row.slug, id);
    }
    Ok((counted, ids))
}

struct Seeder<'a> {
    now: chrono::DateTime<chrono::Utc>,
    ids: &'a dyn IdGen,
    band: Rate,
    categories: BySlug,
}

impl Seeder<'_> {
    fn category(&self, slug: &str) -> anyhow::Result<CategoryId> {
        self.categories.get(slug).copied().with_context(|| format!("there is no category {slug}"))
    }

    async fn materials(&self, conn: &mut PgConnection) -> anyhow::Result<Counted> {
        let seeds: Vec<MaterialSeed> = read(MATERIALS, "materials.csv")?;
        let mut counted = Counted { rows: seeds.len(), changed: 0 };
        for seed in seeds {
            let sku = seed.sku.clone();
            let mut row = self.material(seed).with_context(|| format!("material {sku}"))?;
            if let Some(id) = materials::upsert(conn, &row).await.with_context(|| format!("material {sku}"))? {
                row.id = id;
                counted.changed += 1;
                self.tell(conn, &save_material::changed(&row)).await?;
            }
        }
        Ok(counted)
    }

    fn material(&self, seed: MaterialSeed) -> anyhow::Result<MaterialRow> {
        Ok(MaterialRow {
            id: seed.id,
            category_id: self.category(&seed.category_slug)?,
            name: seed.name,
            description: some(seed.description),
            sku: Some(seed.sku),
            base_price: seed.base_price.parse::<Money>()?,
            unit: seed.unit,
            min_order_quantity: seed.min_order_quantity.parse::<Quantity>()?,
            image_urls: Json(Vec::new()),
            specifications: serde_json::from_str(&seed.specifications)?,
            hsn_code: seed.hsn_code,
            price_band_percent: self.band,
            is_active: true,
            updated_at: self.now,
            gst_rate: None,
        })
    }

    async fn labor(&self, conn: &mut PgConnection) -> anyhow::Result<Counted> {
        let seeds: Vec<LaborSeed> = read(LABOR, "labor.csv")?;
        let mut counted = Counted { rows: seeds.len(), changed: 0 };
        for seed in seeds {
            let slug = seed.slug.clone();
            let mut row = self.labor_kind(seed).with_context(|| format!("labour {slug}"))?;
            if let Some(id) = labor::upsert(conn, &row).await.with_context(|| format!("labour {slug}"))? {
                row.id = id;
                counted.changed += 1;
                self.tell(conn, &save_labor::changed(&row)).await?;
            }
        }
        Ok(counted)
    }

    fn labor_kind(&self, seed: LaborSeed) -> anyhow::Result<LaborRow> {
        let rate = |text: String| some(text).map(|text| text.parse::<Money>()).transpose();
        Ok(LaborRow {
            id: seed.id,
            category_id: self.category(&seed.category_slug)?,
            name: seed.name,
            slug: seed.slug,
            description: some(seed.description),
            hourly_rate: rate(seed.hourly_rate)?,
            daily_rate: rate(seed.daily_rate)?,
            min_hours: seed.min_hours.parse::<Quantity>()?,
            skills_required: Json(seed.skills.split(';').filter(|s| !s.is_empty()).map(|s| s.trim().to_owned()).collect()),
            image_url: None,
            sac_code: seed.sac_code,
            price_band_percent: self.band,
            is_active: true,
            updated_at: self.now,
            gst_rate: None,
        })
    }

    async fn gst_rates(&self, conn: &mut PgConnection) -> anyhow::Result<Counted> {
        let seeds: Vec<GstSeed> = read(GST_RATES, "gst_rates.csv")?;
        let mut counted = Counted { rows: seeds.len(), changed: 0 };
        for seed in seeds {
            let what = format!("tax rate of {} ({}) from {}", seed.tax_code, seed.scheme, seed.valid_from);
            let row = GstRateRow {
                id: seed.id,
                tax_code: seed.tax_code,
                scheme: seed.scheme,
                rate: seed.rate.parse::<Rate>().with_context(|| what.clone())?,
                valid_from: seed.valid_from,
                valid_to: seed.valid_to,
                source: seed.source,
            };
            counted.changed += usize::from(gst::upsert(conn, &row).await.context(what)?);
        }
        Ok(counted)
    }

    async fn tell(&self, conn: &mut PgConnection, event: &domain::events::MaterialChanged) -> anyhow::Result<()> {
        pg_kit::outbox::append(conn, self.now, self.ids, &Actor::system(ServiceName::Catalog), event).await?;
        Ok(())
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn read<T: DeserializeOwned>(text: &str, file: &'static str) -> anyhow::Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().with_context(|| file)
}
