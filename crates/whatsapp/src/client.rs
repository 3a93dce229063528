//! The client.

use bytes::Bytes;
use outbound::{Remote, Reply, RetryPolicy, retry};
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{Media, MediaInfo, Outgoing, WhatsappError, WhatsappSettings, error::read_failure, media, signature};

/// WhatsApp's API for our number.
#[derive(Debug, Clone)]
pub struct Whatsapp {
    remote: Remote,
    files: Remote,
    base_url: String,
    phone_number_id: String,
    access_token: SecretString,
    app_secret: SecretString,
    verify_token: SecretString,
    media_hosts: Vec<String>,
}

/// A message that WhatsApp accepted. Whether it arrives is told later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `wamid.…`: statuses and answers name it.
    pub message_id: String,
    /// The recipient's WhatsApp id, if told.
    pub wa_id: Option<String>,
    /// The recipient's business-scoped user id, if told.
    pub user_id: Option<String>,
}

#[derive(Deserialize)]
struct SentAnswer {
    messages: Vec<SentMessage>,
    #[serde(default)]
    contacts: Vec<SentContact>,
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
}

#[derive(Deserialize)]
struct SentContact {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

impl Whatsapp {
    /// A client over the shared HTTP client.
    pub fn new(settings: WhatsappSettings, http: reqwest::Client) -> Self {
        Self {
            remote: Remote::new("whatsapp", http.clone(), settings.timeout),
            files: Remote::new("whatsapp_media", http, settings.media_timeout),
            base_url: outbound::join(&settings.base_url, &settings.api_version),
            phone_number_id: settings.phone_number_id,
            access_token: settings.access_token,
            app_secret: settings.app_secret,
            verify_token: settings.verify_token,
            media_hosts: settings.media_hosts,
        }
    }

    /// Our number's id: webhooks for another number are not ours.
    pub fn phone_number_id(&self) -> &str {
        &self.phone_number_id
    }

    /// Sends a message.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Sent, WhatsappError> {
        let url = format!("{}/{}/messages", self.base_url, self.phone_number_id);
        let request = self.remote.post(url).json(&outgoing.body()?);
        let answer: SentAnswer = self.ask(&self.remote, request).await?;
        let contact = answer.contacts.into_iter().next();
        let (wa_id, user_id) = contact.map_or((None, None), |contact| (contact.wa_id, contact.user_id));
        let Some(message) = answer.messages.into_iter().next() else {
            return Err(WhatsappError::Unknown { reason: "a sent message without an id".to_owned() });
        };
        Ok(Sent { message_id: message.id, wa_id, user_id })
    }

    /// Shows a message as read, and with `typing` that an answer is being written.
    pub async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), WhatsappError> {
        let url = format!("{}/{}/messages", self.base_url, self.phone_number_id);
        let mut body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": message_id});
        if typing {
            body["typing_indicator"] = json!({"type": "text"});
        }
        let _done: Value = retry(RetryPolicy::default(), || self.ask(&self.remote, self.remote.post(&url).json(&body))).await?;
        Ok(())
    }

    /// Uploads a file and yields its id.
    pub async fn upload_media(&self, content: Bytes, mime_type: &str, filename: &str) -> Result<String, WhatsappError> {
        let url = format!("{}/{}/media", self.base_url, self.phone_number_id);
        let part = Part::stream(content)
            .file_name(filename.to_owned())
            .mime_str(mime_type)
            .map_err(|_| WhatsappError::permanent(format!("{mime_type} is not a file type")))?;
        let form = Form::new().text("messaging_product", "whatsapp").text("type", mime_type.to_owned()).part("file", part);
        let uploaded: Uploaded = self.ask(&self.files, self.files.post(url).multipart(form)).await?;
        Ok(uploaded.id)
    }

    /// What is known of a file: among it the address, which is good for minutes.
    pub async fn media_info(&self, media_id: &str) -> Result<MediaInfo, WhatsappError> {
        let id = media::checked_id(media_id)?;
        let url = format!("{}/{id}", self.base_url);
        let own = self.phone_number_id.as_str();
        retry(RetryPolicy::default(), || self.ask(&self.remote, self.remote.get(&url).query(&[("phone_number_id", own)]))).await
    }

    /// Fetches a file of at most `limit` bytes and checks it against its announced hash. Our token
    /// goes to the expected hosts only, whatever address the answer names.
    pub async fn download_media(&self, media_id: &str, limit: usize) -> Result<Media, WhatsappError> {
        // The address is asked for anew on each try: it may have run out meanwhile.
        retry(RetryPolicy::default(), || async {
            let info = self.media_info(media_id).await?;
            let url = media::trusted_url(&info.url, &self.base_url, &self.media_hosts)?;
            let request = self.files.get(url).bearer_auth(self.access_token.expose_secret());
            let reply = self.files.send_within(request, limit).await?;
            if !reply.is_success() {
                return Err(match reply.status.as_u16() {
                    404 | 410 => WhatsappError::Retry { reason: "the address ran out".to_owned(), after: None },
                    _ => read_failure(&reply),
                });
            }
            media::checked(info, reply)
        })
        .await
    }

    /// Whether a webhook's raw bytes carry Meta's signature.
    pub fn verify_webhook(&self, raw: &[u8], header: &str) -> bool {
        signature::verify_signature(raw, header, &self.app_secret)
    }

    /// Whether the call that sets the webhook up is Meta's.
    pub fn verify_handshake(&self, mode: &str, token: &str) -> bool {
        signature::verify_handshake(mode, token, &self.verify_token)
    }

    async fn ask<T: DeserializeOwned>(&self, remote: &Remote, request: RequestBuilder) -> Result<T, WhatsappError> {
        let reply: Reply = remote.send(request.bearer_auth(self.access_token.expose_secret())).await?;
        if reply.is_success() { Ok(reply.json()?) } else { Err(read_failure(&reply)) }
    }
}
