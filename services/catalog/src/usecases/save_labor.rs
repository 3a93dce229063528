//! A new kind of labour, or one with other content.

use domain::business_time::ist_date;
use domain::events::MaterialChanged;
use domain::{Actor, CategoryId, ItemType, LaborId, Money, Quantity, Rate};
use sqlx::types::Json;

use super::audit::{self, Deed};
use super::save_material::know_rate;
use super::{CatalogError, said};
use crate::App;
use crate::domain::offer;
use crate::store::inventory;
use crate::store::labor::{self, LaborRow};

/// What a kind of labour is to be.
#[derive(Debug, Clone)]
pub(crate) struct LaborDraft {
    pub category_id: CategoryId,
    pub name: String,
    pub slug: String,
    pub description: Option<String>,
    pub hourly_rate: Option<Money>,
    pub daily_rate: Option<Money>,
    pub min_hours: Quantity,
    pub skills_required: Vec<String>,
    pub image_url: Option<String>,
    pub sac_code: String,
    pub gst_rate: Rate,
    pub price_band_percent: Option<Rate>,
    pub is_active: bool,
}

/// A new kind of labour, or `id` with other content. When a rate or the band moves, vendors' rates outside the new band
/// are taken back.
pub(crate) async fn save_labor(
    app: &App,
    actor: &Actor,
    id: Option<LaborId>,
    draft: LaborDraft,
) -> Result<LaborRow, CatalogError> {
    let now = app.kit.clock.now();
    if draft.hourly_rate.is_none() && draft.daily_rate.is_none() {
        return Err(CatalogError::field("hourly_rate", "labour needs an hourly or a daily rate"));
    }
    let row = LaborRow {
        id: id.unwrap_or_else(|| app.kit.ids.next()),
        category_id: draft.category_id,
        name: draft.name,
        slug: draft.slug,
        description: draft.description,
        hourly_rate: draft.hourly_rate,
        daily_rate: draft.daily_rate,
        min_hours: draft.min_hours,
        skills_required: Json(draft.skills_required),
        image_url: draft.image_url,
        sac_code: draft.sac_code,
        price_band_percent: draft.price_band_percent.unwrap_or(app.config.price_band_percent),
        is_active: draft.is_active,
        updated_at: now,
        gst_rate: Some(draft.gst_rate),
    };
    let refused = |error| CatalogError::from_write(error, ("labor_categories_slug", "slug"), "labor_categories_category");
    let mut tx = app.kit.pool.begin().await?;
    know_rate(app, &mut tx, actor, &row.sac_code, draft.gst_rate, now).await?;
    let before = match id {
        Some(id) if labor::lock(&mut tx, id).await? => labor::find(&mut tx, id, ist_date(now)).await?,
        _ => None,
    };
    if id.is_none() {
        labor::insert(&mut tx, &row).await.map_err(refused)?;
    } else {
        if before.is_none() || !labor::update(&mut tx, &row).await.map_err(refused)? {
            return Err(CatalogError::NotFound("labour"));
        }
        let limits = |rate: Option<Money>| rate.map(|rate| offer::band(rate, row.price_band_percent)).transpose();
        let (hourly, daily) = (limits(row.hourly_rate)?, limits(row.daily_rate)?);
        for offer in inventory::drop_rates_outside(&mut tx, row.id, hourly, daily, now).await? {
            said::offer_changed(app, &mut tx, actor, offer, now).await?;
        }
    }
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &changed(&row)).await?;
    let action = if id.is_none() { "labor.created" } else { "labor.updated" };
    let deed = Deed { action, entity: "labor", id: row.id.as_uuid(), before: before.as_ref(), after: Some(&row) };
    audit::record(app, &mut tx, actor, deed).await?;
    tx.commit().await?;
    Ok(row)
}

/// What others hear of a kind of labour.
pub(super) fn changed(row: &LaborRow) -> MaterialChanged {
    MaterialChanged {
        item_type: ItemType::Labor,
        item_id: row.id.as_uuid(),
        category_id: row.category_id,
        name: row.name.clone(),
        is_active: row.is_active,
    }
}
