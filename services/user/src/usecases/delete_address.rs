//! Removes a delivery address. Orders keep their own copy.

use domain::{AddressId, BuyerId};

use super::refusal::Refusal;
use crate::App;
use crate::store;

/// Removes an address; when it was the default one, the one changed last takes its place.
pub(crate) async fn delete_address(app: &App, buyer: BuyerId, id: AddressId) -> Result<(), Refusal> {
    let mut tx = app.kit.pool.begin().await?;
    store::buyers::lock(&mut tx, buyer).await?.ok_or(Refusal::NotFound("buyer"))?;
    let was_default = store::addresses::delete(&mut tx, buyer, id).await?.ok_or(Refusal::NotFound("address"))?;
    if was_default {
        store::addresses::promote_newest(&mut tx, buyer).await?;
    }
    tx.commit().await?;
    Ok(())
}
