//! A material is taken out of the catalogue.

use domain::business_time::ist_date;
use domain::{Actor, MaterialId};

use super::CatalogError;
use super::audit::{self, Deed};
use super::save_material::changed;
use crate::App;
use crate::store::materials;

/// Takes a material out of the catalogue; nothing of it is deleted. Again: the same.
pub(crate) async fn retire_material(app: &App, actor: &Actor, id: MaterialId) -> Result<(), CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let news = materials::deactivate(&mut tx, id, now).await?;
    let row = materials::find(&mut tx, id, ist_date(now)).await?.ok_or(CatalogError::NotFound("material"))?;
    if news {
        let before = materials::MaterialRow { is_active: true, ..row.clone() };
        let (before, after) = (Some(&before), Some(&row));
        let deed = Deed { action: "material.retired", entity: "material", id: id.as_uuid(), before, after };
        audit::record(app, &mut tx, actor, deed).await?;
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &changed(&row)).await?;
    }
    tx.commit().await?;
    Ok(())
}
