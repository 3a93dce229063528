//! A new material, or one with other content.

use chrono::{DateTime, Utc};
use domain::business_time::ist_date;
use domain::events::MaterialChanged;
use domain::{Actor, CategoryId, GstScheme, ItemType, MaterialId, Money, Quantity, Rate, Unit};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::audit::{self, Deed};
use super::{CatalogError, said};
use crate::App;
use crate::domain::offer;
use crate::store::gst::{self, GstRateRow};
use crate::store::materials::MaterialRow;
use crate::store::{inventory, materials};

/// What a material is to be.
#[derive(Debug, Clone)]
pub(crate) struct MaterialDraft {
    pub category_id: CategoryId,
    pub name: String,
    pub description: Option<String>,
    pub sku: Option<String>,
    pub base_price: Money,
    pub unit: Unit,
    pub min_order_quantity: Quantity,
    pub image_urls: Vec<String>,
    pub specifications: serde_json::Value,
    pub hsn_code: String,
    pub gst_rate: Rate,
    pub price_band_percent: Option<Rate>,
    pub is_active: bool,
}

/// A new material, or `id` with other content. When the catalogue's price or its band moves, vendors' prices outside the
/// new band are taken back.
pub(crate) async fn save_material(
    app: &App,
    actor: &Actor,
    id: Option<MaterialId>,
    draft: MaterialDraft,
) -> Result<MaterialRow, CatalogError> {
    let now = app.kit.clock.now();
    let row = row(app, id.unwrap_or_else(|| app.kit.ids.next()), draft.clone(), now);
    let refused = |error| CatalogError::from_write(error, ("materials_sku", "sku"), "materials_category");
    let mut tx = app.kit.pool.begin().await?;
    know_rate(app, &mut tx, actor, &row.hsn_code, draft.gst_rate, now).await?;
    let before = match id {
        Some(id) if materials::lock(&mut tx, id).await? => materials::find(&mut tx, id, ist_date(now)).await?,
        _ => None,
    };
    if id.is_none() {
        materials::insert(&mut tx, &row).await.map_err(refused)?;
    } else {
        if before.is_none() || !materials::update(&mut tx, &row).await.map_err(refused)? {
            return Err(CatalogError::NotFound("material"));
        }
        let (lowest, highest) = offer::band(row.base_price, row.price_band_percent)?;
        for offer in inventory::drop_prices_outside(&mut tx, row.id, lowest, highest, now).await? {
            said::offer_changed(app, &mut tx, actor, offer, now).await?;
        }
    }
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &changed(&row)).await?;
    let action = if id.is_none() { "material.created" } else { "material.updated" };
    let deed = Deed { action, entity: "material", id: row.id.as_uuid(), before: before.as_ref(), after: Some(&row) };
    audit::record(app, &mut tx, actor, deed).await?;
    tx.commit().await?;
    Ok(row)
}

fn row(app: &App, id: MaterialId, draft: MaterialDraft, now: DateTime<Utc>) -> MaterialRow {
    MaterialRow {
        id,
        category_id: draft.category_id,
        name: draft.name,
        description: draft.description,
        sku: draft.sku,
        base_price: draft.base_price,
        unit: draft.unit,
        min_order_quantity: draft.min_order_quantity,
        image_urls: Json(draft.image_urls),
        specifications: draft.specifications,
        hsn_code: draft.hsn_code,
        price_band_percent: draft.price_band_percent.unwrap_or(app.config.price_band_percent),
        is_active: draft.is_active,
        updated_at: now,
        gst_rate: Some(draft.gst_rate),
    }
}

/// What others hear of a material.
pub(super) fn changed(row: &MaterialRow) -> MaterialChanged {
    MaterialChanged {
        item_type: ItemType::Material,
        item_id: row.id.as_uuid(),
        category_id: row.category_id,
        name: row.name.clone(),
        is_active: row.is_active,
    }
}

/// The rate given must be the tax table's for the code; a code the table does not know yet is added from today on, for
/// every kind of supplier. A rate that the table has changes there, dated, and nowhere else.
pub(super) async fn know_rate(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    code: &str,
    rate: Rate,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let today = ist_date(now);
    if rate.basis_points() < 0 || rate.basis_points() > 10_000 {
        return Err(CatalogError::field("gst_rate", "must be a percentage from 0.00 to 100.00"));
    }
    match gst::rate_on(conn, code, GstScheme::Regular, today).await? {
        Some(known) if known == rate => return Ok(()),
        Some(known) => return Err(CatalogError::TaxRateDiffers { known }),
        None => {}
    }
    for scheme in GstScheme::ALL {
        let new = GstRateRow {
            id: app.kit.ids.uuid(),
            tax_code: code.to_owned(),
            scheme: *scheme,
            rate: if *scheme == GstScheme::Regular { rate } else { Rate::ZERO },
            valid_from: today,
            valid_to: None,
            source: "entered with an item of the catalogue".to_owned(),
        };
        if gst::rate_on(conn, code, *scheme, today).await?.is_none() {
            gst::insert(conn, &new).await?;
            let deed = Deed { action: "gst_rate.created", entity: "gst_rate", id: new.id, before: None, after: Some(&new) };
            audit::record(app, conn, actor, deed).await?;
        }
    }
    Ok(())
}
