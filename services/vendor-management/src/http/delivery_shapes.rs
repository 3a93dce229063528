//! Deliveries as they are spoken. The code and its hash never are.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::AddressSnapshot;
use domain::{BuyerId, Channel, DeliveryId, DeliveryStatus, MediaId, OrderId, OrderNumber, Phone, Slot, UserId, VendorId};
use serde::Serialize;
use service_kit::ApiError;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::delivery::ProvenBy;
use crate::domain::proof::{PlaceSource, ProofType};
use crate::store::deliveries::Delivery;
use crate::store::history::{self, Entry};
use crate::store::proofs::{self, Proof};
use crate::usecases::prove;

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryOut {
    id: DeliveryId,
    order_id: OrderId,
    order_number: OrderNumber,
    buyer_id: BuyerId,
    vendor_id: VendorId,
    status: DeliveryStatus,
    failure_reason: Option<String>,
    delivery_address: AddressSnapshot,
    scheduled_date: Option<NaiveDate>,
    scheduled_slot: Option<Slot>,
    dispatched_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    delivered_by: Option<UserId>,
    /// Who of the vendor's brings it. Buyers see it while it is on its way.
    helper: Option<HelperOut>,
    /// `otp` or `photo`.
    proven_by: Option<ProvenBy>,
    otp: OtpOut,
    delivery_photo_media_id: Option<MediaId>,
    delivery_notes: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Who brings it.
#[derive(Debug, Serialize, ToSchema)]
struct HelperOut {
    name: String,
    phone: Phone,
}

/// What may be known of the code.
#[derive(Debug, Serialize, ToSchema)]
struct OtpOut {
    generated_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    verified: bool,
}

impl From<Delivery> for DeliveryOut {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            order_id: delivery.order_id,
            order_number: delivery.order_number,
            buyer_id: delivery.buyer_id,
            vendor_id: delivery.vendor_id,
            status: delivery.status,
            failure_reason: delivery.failure_reason,
            delivery_address: delivery.delivery_address.0,
            scheduled_date: delivery.scheduled_date,
            scheduled_slot: delivery.scheduled_slot,
            dispatched_at: delivery.dispatched_at,
            delivered_at: delivery.delivered_at,
            delivered_by: delivery.delivered_by,
            helper: delivery.helper_name.zip(delivery.helper_phone).map(|(name, phone)| HelperOut { name, phone }),
            proven_by: delivery.proven_by,
            otp: OtpOut {
                generated_at: delivery.otp_generated_at,
                expires_at: delivery.otp_expires_at,
                verified: delivery.otp_verified,
            },
            delivery_photo_media_id: delivery.delivery_photo_media_id,
            delivery_notes: delivery.delivery_notes,
            created_at: delivery.created_at,
            updated_at: delivery.updated_at,
        }
    }
}

/// A delivery with its history and proofs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryWholeOut {
    #[serde(flatten)]
    delivery: DeliveryOut,
    /// Where it was last. Buyers see it, and the positions of the history, while it is on its way.
    position: Option<PositionOut>,
    history: Vec<HistoryOut>,
    proofs: Vec<ProofOut>,
    proof_chain: ProofChainOut,
}

/// Whether the proofs are as they were given.
#[derive(Debug, Serialize, ToSchema)]
struct ProofChainOut {
    intact: bool,
    /// Which proof is not, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
}

/// As whom somebody looks at a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewer {
    /// Who waits for it.
    Buyer,
    /// Who brings it, or watches over it.
    VendorOrStaff,
}

/// Where it was, and when.
#[derive(Debug, Serialize, ToSchema)]
struct PositionOut {
    latitude: f64,
    longitude: f64,
    at: DateTime<Utc>,
}

/// A change of state, or a position on the way.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryOut {
    previous_status: Option<DeliveryStatus>,
    new_status: DeliveryStatus,
    notes: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    changed_by: Option<Uuid>,
    changed_via: Channel,
    at: DateTime<Utc>,
}

impl From<Entry> for HistoryOut {
    fn from(entry: Entry) -> Self {
        Self {
            previous_status: entry.previous_status,
            new_status: entry.new_status,
            notes: entry.notes,
            latitude: entry.latitude,
            longitude: entry.longitude,
            changed_by: entry.changed_by,
            changed_via: entry.changed_via,
            at: entry.created_at,
        }
    }
}

/// A proof, chained to the one before by its hash.
#[derive(Debug, Serialize, ToSchema)]
struct ProofOut {
    id: Uuid,
    proof_type: ProofType,
    media_id: Option<MediaId>,
    /// SHA-256 of the content.
    content_hash: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// How the place is known.
    place_source: PlaceSource,
    uploaded_by: UserId,
    uploaded_via: Channel,
    notes: Option<String>,
    position: i32,
    prev_hash: String,
    hash: String,
    uploaded_at: DateTime<Utc>,
}

impl From<Proof> for ProofOut {
    fn from(proof: Proof) -> Self {
        Self {
            id: proof.id,
            proof_type: proof.proof_type,
            media_id: proof.media_id,
            content_hash: hex::encode(proof.content_hash),
            latitude: proof.latitude,
            longitude: proof.longitude,
            place_source: proof.place_source,
            uploaded_by: proof.uploaded_by,
            uploaded_via: proof.uploaded_via,
            notes: proof.notes,
            position: proof.position,
            prev_hash: hex::encode(proof.prev_hash),
            hash: hex::encode(proof.hash),
            uploaded_at: proof.uploaded_at,
        }
    }
}

/// The delivery with everything that belongs to it, as far as this viewer may see it.
pub(super) async fn whole(conn: &mut PgConnection, delivery: Delivery, viewer: Viewer) -> Result<DeliveryWholeOut, ApiError> {
    let mut history: Vec<HistoryOut> = history::of_delivery(conn, delivery.id).await?.into_iter().map(HistoryOut::from).collect();
    let proofs = proofs::of_delivery(conn, delivery.id).await?;
    let broken = prove::check_chain(&delivery, &proofs).err().map(|broken| broken.to_string());
    let hidden = viewer == Viewer::Buyer && delivery.status != DeliveryStatus::InTransit;
    let since = delivery.dispatched_at;
    let mut delivery = DeliveryOut::from(delivery);
    if viewer == Viewer::Buyer {
        // Of earlier attempts, and once it is over, where the vendor's people were is not the buyer's business.
        for entry in history.iter_mut().filter(|entry| hidden || since.is_none_or(|since| entry.at < since)) {
            (entry.latitude, entry.longitude) = (None, None);
        }
        if hidden {
            delivery.helper = None;
        }
    }
    let position = history
        .iter()
        .rev()
        .find_map(|entry| Some(PositionOut { latitude: entry.latitude?, longitude: entry.longitude?, at: entry.at }));
    Ok(DeliveryWholeOut {
        delivery,
        position,
        history,
        proofs: proofs.into_iter().map(ProofOut::from).collect(),
        proof_chain: ProofChainOut { intact: broken.is_none(), broken },
    })
}
