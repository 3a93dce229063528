//! Changes a buyer's profile.

use std::net::IpAddr;

use domain::{Actor, ActorKind, BuyerId};
use serde_json::json;

use super::audit::{Deed, record};
use super::refusal::Refusal;
use crate::App;
use crate::domain::Buyer;
use crate::store;

/// What to change; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct BuyerChange {
    pub(crate) business_name: Option<Option<String>>,
    pub(crate) business_type: Option<Option<String>>,
    pub(crate) preferred_payment_method: Option<Option<String>>,
}

/// Changes a profile.
pub(crate) async fn update_buyer(
    app: &App,
    actor: &Actor,
    address: Option<IpAddr>,
    id: BuyerId,
    change: BuyerChange,
) -> Result<Buyer, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let before = store::buyers::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("buyer"))?;
    let after = Buyer {
        business_name: change.business_name.unwrap_or_else(|| before.business_name.clone()),
        business_type: change.business_type.unwrap_or_else(|| before.business_type.clone()),
        preferred_payment_method: change.preferred_payment_method.unwrap_or_else(|| before.preferred_payment_method.clone()),
        updated_at: now,
        ..before.clone()
    };
    store::buyers::update(&mut tx, &after, now).await?;
    if actor.kind == ActorKind::Admin {
        let what = |buyer: &Buyer| {
            json!({
                "business_name": buyer.business_name, "business_type": buyer.business_type,
                "preferred_payment_method": buyer.preferred_payment_method,
            })
        };
        let deed =
            Deed { action: "buyer.updated", user: after.user_id, before: what(&before), after: what(&after), actor, address };
        record(app, &mut tx, deed, now).await?;
    }
    tx.commit().await?;
    Ok(after)
}
