//! Enter the buyer's code: the right one ends the delivery (rules 37 and 38).

use domain::{Actor, DeliveryId, DeliveryStatus, UserId, VendorId};

use super::prove::{self, Evidence};
use super::{Refusal, move_delivery};
use crate::App;
use crate::domain::delivery::ProvenBy;
use crate::domain::otp::{self, Check};
use crate::domain::place::Place;
use crate::domain::proof::{ProofType, sha256};
use crate::store::deliveries::Delivery;
use crate::store::otps;

/// Judges the code. A wrong try is counted also though the answer is a refusal; the code that did its work, entered again,
/// answers the same.
pub(crate) async fn verify_otp(
    app: &App,
    actor: &Actor,
    (owner, user): (VendorId, UserId),
    id: DeliveryId,
    code: &str,
    place: Option<Place>,
) -> Result<Delivery, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let delivery = move_delivery::hold(&mut tx, id, Some(owner)).await?;
    let kept = otps::newest(&mut tx, id).await?;
    if delivery.status == DeliveryStatus::Delivered {
        return match kept {
            Some(kept) if kept.verified && app.otp_key.is(kept.id, id, code, &kept.otp_hash) => Ok(delivery),
            _ => Err(Refusal::NotInTransit { status: delivery.status.as_str() }),
        };
    }
    if delivery.status != DeliveryStatus::InTransit {
        return Err(Refusal::NotInTransit { status: delivery.status.as_str() });
    }
    let kept = kept.ok_or(Refusal::OtpNotRequested)?;
    match otp::check(&app.otp_key, &kept, id, code, now) {
        Check::Right => {}
        Check::Expired => return Err(Refusal::OtpExpired),
        Check::Locked => return Err(Refusal::OtpLocked),
        Check::Wrong { left } => {
            otps::count_wrong_try(&mut tx, kept.id).await?;
            tx.commit().await?;
            return Err(if left == 0 { Refusal::OtpLocked } else { Refusal::OtpWrong { left } });
        }
    }
    otps::verified(&mut tx, kept.id, now).await?;
    let delivery = prove::deliver(&mut tx, app, actor, &delivery, ProvenBy::Otp, place, now).await?;
    let evidence = Evidence {
        proof_type: ProofType::Otp,
        media_id: None,
        content_hash: sha256(&kept.otp_hash),
        place,
        notes: None,
        by: user,
    };
    prove::keep(&mut tx, app, actor, &delivery, evidence).await?;
    tx.commit().await?;
    Ok(delivery)
}
