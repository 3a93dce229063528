//! WhatsApp: the webhook, messages sent by others, conversations for support.

use ::http::{StatusCode, header};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use domain::{Phone, UserId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Accepted, Allowed, Body, Data, Params, PathId, Problems, RawBody};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use whatsapp::{SIGNATURE_HEADER, parse_webhook};

use crate::App;
use crate::store::conversations::Conversation;
use crate::store::messages::Listed;
use crate::usecases::send_message::{self, Kept, To};
use crate::usecases::{list_conversations, receive_webhook};

service_kit::policy!(
    /// Who has messages sent.
    pub(crate) Senders: admin[Support], service
);
service_kit::policy!(
    /// Who reads conversations.
    pub(crate) Support: admin[Support]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify, receive)).routes(routes!(send)).routes(routes!(conversations))
}

/// Meta's question when the webhook is set up.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Handshake {
    /// `subscribe`.
    #[garde(skip)]
    #[serde(rename = "hub.mode", default)]
    mode: String,
    /// Our word.
    #[garde(skip)]
    #[serde(rename = "hub.verify_token", default)]
    token: String,
    /// To be said back.
    #[garde(length(max = 1024))]
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
}

/// Meta sets the webhook up: its challenge is said back when it knows our word.
#[utoipa::path(get, path = "/api/v1/whatsapp/webhook", tag = "whatsapp", params(Handshake),
    responses((status = 200, description = "The challenge, bare", body = String, content_type = "text/plain"), Problems))]
async fn verify(State(app): State<App>, Params(asked): Params<Handshake>) -> Result<Response, ApiError> {
    if !app.whatsapp.verify_handshake(&asked.mode, &asked.token) {
        return Err(ApiError::forbidden("verify_token_mismatch", "this is not our word"));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], asked.challenge).into_response())
}

/// Takes what people wrote and what became of our messages. Written down before the answer, worked on after it. The
/// signature is over the bytes as they came.
#[utoipa::path(post, path = "/api/v1/whatsapp/webhook", tag = "whatsapp", request_body(content = Object, description = "Meta's webhook"),
    params(("X-Hub-Signature-256" = String, Header, description = "Meta's signature of the body")),
    responses((status = 200, description = "Written down"), Problems))]
async fn receive(State(app): State<App>, raw: RawBody) -> Result<StatusCode, ApiError> {
    let signature = raw.headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !app.whatsapp.verify_webhook(&raw.bytes, signature) {
        metrics::counter!("webhook_refused_total", "system" => "whatsapp").increment(1);
        tracing::warn!(bytes = raw.bytes.len(), "a webhook without Meta's signature was refused");
        return Err(ApiError::unauthorized("signature_mismatch", "the signature does not fit the body"));
    }
    let webhook = parse_webhook(&raw.bytes).map_err(|error| ApiError::bad_request("malformed_webhook", error.to_string()))?;
    receive_webhook::receive(&app, webhook).await?;
    Ok(StatusCode::OK)
}

/// A message to be sent: to a phone or a user, a text or a template.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessageIn {
    /// To this phone.
    #[garde(skip)]
    #[serde(default)]
    phone: Option<Phone>,
    /// Or to this user.
    #[garde(skip)]
    #[serde(default)]
    user_id: Option<UserId>,
    /// Free text; only within 24 hours of the person's last message.
    #[garde(inner(length(min = 1, max = 4096)))]
    #[serde(default)]
    text: Option<String>,
    /// Or an approved template.
    #[garde(dive)]
    #[serde(default)]
    template: Option<TemplateIn>,
    /// The same key is sent once.
    #[garde(inner(length(min = 1, max = 200)))]
    #[serde(default)]
    dedupe_key: Option<String>,
}

/// A template and what is filled in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateIn {
    /// Its approved name.
    #[garde(length(min = 1, max = 512))]
    name: String,
    /// Its language.
    #[garde(length(min = 2, max = 10))]
    language: String,
    /// Texts for the body's slots, in order.
    #[garde(length(max = 20), inner(length(max = 1024)))]
    #[serde(default)]
    variables: Vec<String>,
}

/// A message that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageTaken {
    /// Our id of it.
    message_id: Uuid,
    /// `queued`, or where it stands when the same key was taken before.
    status: String,
}

/// Send a message. It is taken at once and goes out a moment later; what becomes of it is told by `MessageStatusChanged`.
#[utoipa::path(post, path = "/api/v1/whatsapp/send-message", tag = "whatsapp", request_body = SendMessageIn,
    responses((status = 202, description = "Taken", body = Data<MessageTaken>), Problems))]
async fn send(
    State(app): State<App>,
    allowed: Allowed<Senders>,
    Body(body): Body<SendMessageIn>,
) -> Result<Accepted<MessageTaken>, ApiError> {
    let to = match (body.phone, body.user_id) {
        (Some(phone), None) => To::Phone(phone),
        (None, Some(user_id)) => To::User(user_id),
        _ => return Err(ApiError::invalid_field("phone", "give either a phone or a user_id")),
    };
    let message = match (body.text, body.template) {
        (Some(body), None) => Kept::Text { body },
        (None, Some(template)) => Kept::Template { name: template.name, language: template.language, body: template.variables },
        _ => return Err(ApiError::invalid_field("text", "give either a text or a template")),
    };
    let (message_id, status) = send_message::send(&app, &allowed.actor, &to, &message, body.dedupe_key.as_deref()).await?;
    Ok(Accepted(MessageTaken { message_id, status }))
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationOut {
    /// Its id.
    conversation_id: Uuid,
    /// The user.
    user_id: Option<UserId>,
    /// The phone, when shown.
    phone_number: Option<String>,
    /// WhatsApp's lasting id of the person.
    bsuid: Option<String>,
    /// What we wait for.
    conversation_state: String,
    /// When somebody last wrote.
    last_message_at: Option<DateTime<Utc>>,
    /// The newest hundred messages, the newest first.
    messages: Vec<MessageOut>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageOut {
    /// Our id of it.
    message_id: Uuid,
    /// `inbound` or `outbound`.
    direction: String,
    /// Its kind.
    message_type: String,
    /// What it says.
    message_text: Option<String>,
    /// Where it stands.
    status: String,
    /// What it was taken for.
    detected_intent: Option<String>,
    /// How surely.
    confidence: Option<f64>,
    /// Why it failed.
    error: Option<String>,
    /// When it came or was made.
    created_at: DateTime<Utc>,
}

/// The WhatsApp conversations with a user, with their messages.
#[utoipa::path(get, path = "/api/v1/whatsapp/conversations/{userId}", tag = "whatsapp",
    params(("userId" = UserId, Path, description = "The user")),
    responses((status = 200, description = "The conversations, the newest first", body = Data<Vec<ConversationOut>>), Problems))]
async fn conversations(
    State(app): State<App>,
    _caller: Allowed<Support>,
    PathId(user_id): PathId<UserId>,
) -> Result<Data<Vec<ConversationOut>>, ApiError> {
    let found = list_conversations::of_user(&app, user_id).await?;
    Ok(Data::new(found.into_iter().map(|(conversation, messages)| conversation_out(conversation, messages)).collect()))
}

fn conversation_out(conversation: Conversation, messages: Vec<Listed>) -> ConversationOut {
    let message = |message: Listed| MessageOut {
        message_id: message.id,
        direction: message.direction,
        message_type: message.message_type,
        message_text: message.message_text,
        status: message.status,
        detected_intent: message.detected_intent,
        confidence: message.confidence,
        error: message.error,
        created_at: message.created_at,
    };
    ConversationOut {
        conversation_id: conversation.id,
        user_id: conversation.user_id,
        phone_number: conversation.phone_number,
        bsuid: conversation.bsuid,
        conversation_state: conversation.conversation_state,
        last_message_at: conversation.last_message_at,
        messages: messages.into_iter().map(message).collect(),
    }
}
