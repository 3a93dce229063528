//! Facts of the integration service.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domain_event;
use crate::{MediaId, UserId};

/// WhatsApp says what became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageStatusChanged {
    /// A key of our own for the message, made from Meta's id.
    pub message_key: Uuid,
    /// Meta's id (`wamid.…`).
    pub provider_message_id: String,
    /// `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// Meta's error code, when failed.
    pub error_code: Option<i32>,
    /// Meta's words, when failed.
    pub error: Option<String>,
    /// When, by Meta's clock.
    pub at: DateTime<Utc>,
}
domain_event!(MessageStatusChanged, "MessageStatusChanged", 1, |e| e.message_key);

/// A file was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaUploaded {
    /// The file.
    pub media_id: MediaId,
    /// `kyc_document`, `delivery_proof`, `cod_proof`, `product_image`, `dispute_evidence` …
    pub category: String,
    /// Type by content.
    pub file_type: String,
    /// Who stored it.
    pub uploaded_by: UserId,
    /// The kind of thing it belongs to.
    pub related_entity_type: Option<String>,
    /// The thing it belongs to.
    pub related_entity_id: Option<Uuid>,
}
domain_event!(MediaUploaded, "MediaUploaded", 1, |e| e.media_id.into());

/// A file was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaDeleted {
    /// The file.
    pub media_id: MediaId,
}
domain_event!(MediaDeleted, "MediaDeleted", 1, |e| e.media_id.into());
