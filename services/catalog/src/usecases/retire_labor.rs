//! A kind of labour is taken out of the catalogue.

use domain::business_time::ist_date;
use domain::{Actor, LaborId};

use super::CatalogError;
use super::audit::{self, Deed};
use super::save_labor::changed;
use crate::App;
use crate::store::labor;

/// Takes a kind of labour out of the catalogue; nothing of it is deleted. Again: the same.
pub(crate) async fn retire_labor(app: &App, actor: &Actor, id: LaborId) -> Result<(), CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let news = labor::deactivate(&mut tx, id, now).await?;
    let row = labor::find(&mut tx, id, ist_date(now)).await?.ok_or(CatalogError::NotFound("labour"))?;
    if news {
        let before = labor::LaborRow { is_active: true, ..row.clone() };
        let (before, after) = (Some(&before), Some(&row));
        let deed = Deed { action: "labor.retired", entity: "labor", id: id.as_uuid(), before, after };
        audit::record(app, &mut tx, actor, deed).await?;
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &changed(&row)).await?;
    }
    tx.commit().await?;
    Ok(())
}
