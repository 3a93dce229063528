//! Finance has looked at the proof of a cash payment.

use ::domain::{Actor, PaymentId, PaymentMethod, UserId};
use serde_json::json;

use super::PaymentError;
use super::audit::audit;
use crate::App;
use crate::store::changes;
use crate::store::payments::{self, PaymentRow};

/// Marks the proof as looked at, once.
pub(crate) async fn verify_proof(
    app: &App,
    actor: &Actor,
    by: UserId,
    id: PaymentId,
    notes: Option<&str>,
) -> Result<PaymentRow, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = payments::lock(&mut tx, id).await?.filter(|payment| payment.method == PaymentMethod::Cod);
    let payment = payment.ok_or(PaymentError::NotFound)?;
    let media = payment.cod_proof_media_id.ok_or(PaymentError::NoProof)?;
    if changes::verify_proof(&mut tx, id, by, now).await? {
        let seen = json!({"proof_media_id": media, "notes": notes});
        audit(app, &mut tx, actor, ("payment.cod_proof_verified", id), seen, now).await?;
    }
    let payment = payments::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(payment)
}
