//! Photos as proof of delivery: by caption, or by what we talk about.

use domain::{DeliveryStatus, OrderNumber, OrderStatus};
use reqwest::multipart::{Form, Part};
use serde_json::json;
use uuid::Uuid;
use whatsapp::{InboundMessage, MediaRef, MessageKind, WhatsappError};

use super::intent::Intent;
use super::market::{DeliveryView, MediaView, OrderView, Trouble, read};
use super::recognise::{Heard, Recognised, Understood, recognise};
use super::say::{self, Reply};
use super::state::State;
use super::vendor::Turn;
use super::{Answer, words};
use crate::domain::file::MEDIA_LIMIT;
use crate::store::messages;

const INTENT: &str = Intent::Photo.as_str();

/// Takes a photo that came in just now.
pub(crate) async fn receive(turn: &Turn<'_>, file: &MediaRef, forwarded: bool) -> Result<Answer, Trouble> {
    let caption = file.caption.as_deref().unwrap_or_default();
    let said = words::read(caption);
    if forwarded {
        let reply = Reply::text("This photo was forwarded, so I have not used it. Please take it with the camera.");
        return Ok(Answer::plain(reply, turn.state.clone(), INTENT));
    }
    if said.orders.len() > 1 || said.unclear_number {
        let reply = Reply::text("Please send the photo again with one order number. I have not used it.");
        return Ok(Answer::plain(reply, turn.state.clone(), INTENT));
    }
    let order = match meant(turn, said.orders.into_iter().next()).await? {
        Ok(order) => order,
        Err(reply) => return Ok(Answer::plain(reply, turn.state.clone(), INTENT)),
    };
    attach(turn, file, order, caption).await
}

/// Takes a photo of an earlier message, when a button says which order it belongs to.
pub(crate) async fn attach_earlier(turn: &Turn<'_>, order: Option<OrderNumber>, message_id: &str) -> Result<Answer, Trouble> {
    let gone =
        || Ok(Answer::plain(Reply::text("I cannot find that photo any more. Please send it again."), turn.state.clone(), INTENT));
    let (Some(number), Ok(id)) = (order, message_id.parse::<Uuid>()) else {
        return gone();
    };
    let kept = async {
        let mut conn = turn.app.kit.pool.acquire().await?;
        messages::inbound(&mut conn, turn.conversation_id, id).await
    };
    let kept = kept.await.map_err(|error: sqlx::Error| Trouble::Later(error.to_string()))?;
    let message = kept.and_then(|content| serde_json::from_value::<InboundMessage>(content).ok());
    let Some(MessageKind::Image(file) | MessageKind::Document(file)) = message.map(|message| message.kind) else {
        return gone();
    };
    match turn.order(&number).await? {
        Some(order) => attach(turn, &file, order, "").await,
        None => Ok(Answer::plain(say::not_found(&number), turn.state.clone(), INTENT)),
    }
}

/// The order a photo belongs to: by its caption, by what we talk about, or the only one on its way.
async fn meant(turn: &Turn<'_>, named: Option<OrderNumber>) -> Result<Result<OrderView, Reply>, Trouble> {
    let number = named.or(match &turn.state {
        State::AwaitingCode { order_number, .. } | State::Delivered { order_number, .. } => Some(order_number.clone()),
        _ => None,
    });
    if let Some(number) = number {
        return Ok(turn.order(&number).await?.ok_or_else(|| say::not_found(&number)));
    }
    let mut on_their_way: Vec<OrderView> =
        turn.orders().await?.into_iter().filter(|order| order.status == OrderStatus::InTransit).collect();
    match on_their_way.len() {
        0 => Ok(Err(Reply::text(
            "Thank you for the photo. I find no order of yours that is out for delivery, so I have not used it.",
        ))),
        1 => Ok(Ok(on_their_way.remove(0))),
        _ => {
            let mut reply = Reply::text("Which order does this photo belong to?");
            for order in on_their_way.iter().take(3) {
                let id = format!("{INTENT}:{}:{}", order.order_number, turn.steps.message_id());
                reply = reply.own_button(id, format!("Photo {}", order.order_number));
            }
            Ok(Err(reply))
        }
    }
}

async fn attach(turn: &Turn<'_>, file: &MediaRef, order: OrderView, caption: &str) -> Result<Answer, Trouble> {
    let number = order.order_number.clone();
    let Some(delivery) = turn.delivery(order.id).await? else {
        let reply = Reply::text(format!("There is no delivery of {number} yet, so I have not used the photo."));
        return Ok(Answer::plain(reply, turn.state.clone(), INTENT));
    };
    let media_id = match turn.steps.done("media") {
        Some(known) => known,
        None => match store(turn, file, &delivery).await {
            Ok(stored) => stored,
            Err(Trouble::Refused { message, .. }) => {
                let reply = Reply::text(format!("I could not take this photo: {message}. Please send it again."));
                return Ok(Answer::plain(reply, turn.state.clone(), INTENT));
            }
            Err(trouble) => return Err(trouble),
        },
    };
    if turn.steps.done("proof").is_none() {
        let body = json!({ "media_id": media_id, "proof_type": "photo" });
        match turn.post(&format!("/api/v1/deliveries/{}/upload-proof", delivery.id), Some(&body), "proof").await {
            Ok(_) => turn.steps.mark("proof", media_id).await?,
            Err(trouble @ Trouble::Refused { .. }) => {
                return Ok(Answer::plain(say::refused(Some(&number), &trouble), turn.state.clone(), INTENT));
            }
            Err(trouble) => return Err(trouble),
        }
    }
    after(turn, &order, &delivery, caption).await
}

/// What is said once the photo is kept. A code in the caption counts as if it were written.
async fn after(turn: &Turn<'_>, order: &OrderView, delivery: &DeliveryView, caption: &str) -> Result<Answer, Trouble> {
    let number = &order.order_number;
    if delivery.status != DeliveryStatus::InTransit {
        let reply = Reply::text(format!("📷 Photo kept for {number}."));
        return Ok(Answer::plain(reply, turn.state.clone(), INTENT));
    }
    let heard = Heard { text: caption, forwarded: false, code_awaited: true, limit: turn.app.config.confidence_limit() };
    let awaited = matches!(&turn.state, State::AwaitingCode { order_number, .. } if order_number == number);
    if let Understood::Wanted(Recognised { intent: Intent::Code, code, .. }) = recognise(&heard)
        && awaited
    {
        let wanted =
            Recognised { intent: Intent::Code, order: Some(number.clone()), code, reason: None, amount: None, confidence: 1.0 };
        let (reply, state) = super::acts::act(turn, wanted).await?;
        return Ok(Answer::plain(reply, state, Intent::Code.as_str()));
    }
    let state =
        State::AwaitingCode { delivery_id: delivery.id, order_id: order.id, order_number: number.clone(), cash: order.cash() };
    let text =
        format!("📷 Photo kept for {number}. Now send me the buyer's 6-digit code. Without a code our team looks at the photo.");
    Ok(Answer::plain(Reply::text(text).button(Intent::ResendCode, number), state, INTENT))
}

/// Fetches the photo from Meta at once and stores it through the same door as any client.
async fn store(turn: &Turn<'_>, file: &MediaRef, delivery: &DeliveryView) -> Result<serde_json::Value, Trouble> {
    let media = turn.app.whatsapp.download_media(&file.id, MEDIA_LIMIT).await.map_err(|error| match error {
        WhatsappError::Retry { reason, .. } | WhatsappError::Unknown { reason } => Trouble::Later(reason),
        other => Trouble::Refused {
            status: 422,
            code: "media_unavailable".to_owned(),
            message: "it cannot be fetched".to_owned(),
            details: json!(other.to_string()),
        },
    })?;
    let form = || {
        let part = Part::stream(media.content.clone())
            .file_name(file.filename.clone().unwrap_or_else(|| "photo".to_owned()))
            .mime_str("application/octet-stream")
            .map_err(|error| Trouble::Later(error.to_string()))?;
        Ok(Form::new()
            .text("category", "delivery_proof")
            .text("related_entity_type", "delivery")
            .text("related_entity_id", delivery.id.to_string())
            .part("file", part))
    };
    let stored: MediaView = read(turn.upload("/api/v1/media/upload", form, "media").await?)?;
    let media_id = json!(stored.media_id);
    turn.steps.mark("media", media_id.clone()).await?;
    Ok(media_id)
}
