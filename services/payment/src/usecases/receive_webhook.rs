//! The gateway tells us something: check the signature, keep it, work on it later.

use pg_kit::jobs::{self, NewJob};
use serde_json::{Value, json};

use super::PaymentError;
use crate::App;
use crate::jobs::PROCESS_WEBHOOK;
use crate::store::webhooks::{self, NewWebhook};

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookRefusal {
    /// Nobody who knows the secret signed it.
    #[error("the signature does not fit")]
    Signature,
    /// Signed, and no event.
    #[error("the body is not an event")]
    NotAnEvent,
    /// Could not be kept.
    #[error(transparent)]
    Failed(#[from] PaymentError),
}

/// Keeps the event and a job for it in one transaction, once for an event id. False when it was there.
pub(crate) async fn receive_webhook(
    app: &App,
    raw: &[u8],
    signature: Option<&str>,
    event_id: Option<&str>,
) -> Result<bool, WebhookRefusal> {
    let signature = signature.unwrap_or_default();
    if !app.razorpay.verify_webhook(raw, signature) {
        metrics::counter!("payment_signature_mismatch_total", "source" => "webhook").increment(1);
        tracing::warn!(bytes = raw.len(), "a webhook with a signature that does not fit");
        return Err(WebhookRefusal::Signature);
    }
    let mut payload: Value = serde_json::from_slice(raw).map_err(|_| WebhookRefusal::NotAnEvent)?;
    outbound::strip_nul(&mut payload);
    let event_type = payload.get("event").and_then(Value::as_str).ok_or(WebhookRefusal::NotAnEvent)?.to_owned();
    // Without an id of the gateway's, the same content is the same event.
    let event_id = match event_id.map(str::trim) {
        Some(id) if !id.is_empty() && id.len() <= 100 => id.to_owned(),
        _ => pg_kit::idempotency::hash(&payload).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let new = NewWebhook {
        id: app.kit.ids.uuid(),
        event_id: &event_id,
        event_type: event_type.get(..50).unwrap_or(&event_type),
        payload: &payload,
        signature: signature.get(..512).unwrap_or(signature),
    };
    Ok(keep(app, new).await?)
}

async fn keep(app: &App, new: NewWebhook<'_>) -> Result<bool, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    if !webhooks::insert(&mut tx, new, now).await? {
        return Ok(false);
    }
    let job = NewJob {
        id: app.kit.ids.uuid(),
        kind: PROCESS_WEBHOOK,
        payload: json!({"webhook_id": new.id}),
        run_at: now,
        dedupe_key: None,
    };
    jobs::enqueue(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(true)
}
