//! Media: uploaded by the business, sent by phones, fetched in two steps.

use aws_lc_rs::digest;
use axum::{
    Json,
    extract::{Multipart, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{WhatsappState, check_number, check_token, error::WhatsappError};
use crate::{random, state::Shared};

/// Seconds a download address is good for.
const ADDRESS_LIFE: i64 = 300;

/// Types Meta takes, each with its limit in bytes.
const TYPES: &[(&str, usize)] = &[
    ("image/jpeg", 5_000_000),
    ("image/png", 5_000_000),
    ("image/webp", 500_000),
    ("audio/", 16_000_000),
    ("video/", 16_000_000),
    ("text/plain", 100_000_000),
    ("application/pdf", 100_000_000),
    ("application/msword", 100_000_000),
    ("application/vnd.", 100_000_000),
];

/// One stored file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Media {
    mime: String,
    base64: String,
}

impl WhatsappState {
    /// Keeps a file; gives its id and the hash that goes with it.
    pub(super) fn keep(&mut self, bytes: &[u8], mime: &str) -> (String, String) {
        let id = random::digits(16);
        let hash = digest::digest(&digest::SHA256, bytes);
        self.media.insert(id.clone(), Media { mime: mime.to_owned(), base64: STANDARD.encode(bytes) });
        (id, STANDARD.encode(hash.as_ref()))
    }
}

/// `POST /{number}/media`
pub(super) async fn upload(
    State(app): State<Shared>,
    Path((_, number)): Path<(String, String)>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Json<Value>, WhatsappError> {
    check_token(&app, &headers)?;
    check_number(&app, &number)?;
    let unreadable = |_| WhatsappError::new(131_053, "The upload could not be read");
    let (mut file, mut mime, mut product) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("file") => {
                mime = mime.or(field.content_type().map(str::to_owned));
                file = Some(field.bytes().await.map_err(unreadable)?);
            }
            Some("type") => mime = Some(field.text().await.map_err(unreadable)?),
            Some("messaging_product") => product = Some(field.text().await.map_err(unreadable)?),
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err(WhatsappError::new(100, "The parameter messaging_product is required."));
    }
    let file = file.ok_or_else(|| WhatsappError::new(100, "The parameter file is required."))?;
    let mime = mime.unwrap_or_default();
    let limit = TYPES.iter().find(|(kind, _)| mime.starts_with(kind)).map(|(_, limit)| *limit);
    let limit = limit.ok_or_else(|| {
        WhatsappError::new(100, format!("Param file must be a file with one of the supported types; received {mime}"))
    })?;
    if file.len() > limit {
        return Err(WhatsappError::new(131_053, "The file is too large"));
    }
    let (id, _) = app.world.whatsapp.lock().keep(&file, &mime);
    Ok(Json(json!({"id": id})))
}

/// `GET /{media}`: where the file can be had for a while.
pub(super) async fn get(
    State(app): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, WhatsappError> {
    check_token(&app, &headers)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let token = random::alphanumeric(32);
    let now = app.clock.now().timestamp();
    let mut state = app.world.whatsapp.lock();
    let media = state.media.get(&id).cloned().ok_or_else(|| WhatsappError::unknown_object(&id))?;
    state.downloads.retain(|_, (_, until)| *until > now);
    state.downloads.insert(token.clone(), (id.clone(), now + ADDRESS_LIFE));
    let bytes = STANDARD.decode(&media.base64).unwrap_or_default();
    Ok(Json(json!({
        "messaging_product": "whatsapp", "url": format!("http://{host}/whatsapp/download/{token}"), "mime_type": media.mime,
        "sha256": hex::encode(digest::digest(&digest::SHA256, &bytes)), "file_size": bytes.len().to_string(), "id": id,
    })))
}

/// `DELETE /{media}`
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, WhatsappError> {
    check_token(&app, &headers)?;
    app.world.whatsapp.lock().media.remove(&id).ok_or_else(|| WhatsappError::unknown_object(&id))?;
    Ok(Json(json!({"success": true})))
}

/// The file itself, with the token again.
pub(super) async fn download(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = check_token(&app, &headers) {
        return refusal.into_response();
    }
    let now = app.clock.now().timestamp();
    let media = {
        let state = app.world.whatsapp.lock();
        let id = state.downloads.get(&token).filter(|(_, until)| *until > now).map(|(id, _)| id);
        id.and_then(|id| state.media.get(id)).cloned()
    };
    let Some(media) = media else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = STANDARD.decode(&media.base64).unwrap_or_default().into_response();
    if let Ok(kind) = HeaderValue::from_str(&media.mime) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
