//! The client.

use firebase::AccessTokens;
use futures::future::BoxFuture;
use outbound::{OutboundError, Remote, Reply};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{AcceptedPush, Device, Push, PushError, PushSender, PushSettings, error::read_failure};

/// Most bytes a notification may take.
const PAYLOAD_LIMIT: usize = 4096;

/// Sends through FCM.
#[derive(Debug, Clone)]
pub struct Fcm {
    remote: Remote,
    url: String,
    tokens: AccessTokens,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Fcm {
    /// A client over the shared HTTP client and the service account's access tokens.
    pub fn new(settings: &PushSettings, http: reqwest::Client, tokens: AccessTokens) -> Self {
        let path = format!("v1/projects/{}/messages:send", settings.project_id);
        Self { remote: Remote::new("fcm", http, settings.timeout), url: outbound::join(&settings.base_url, &path), tokens }
    }

    async fn send_message(&self, push: &Push) -> Result<AcceptedPush, PushError> {
        let body = body(push)?;
        let token = self.tokens.token().await?;
        let mut reply = self.post(&body, &token).await?;
        if reply.status.as_u16() == 401 {
            // Perhaps only our token ended; a second one settles it.
            self.tokens.forget(&token).await;
            reply = self.post(&body, &self.tokens.token().await?).await?;
        }
        if !reply.is_success() {
            return Err(read_failure(&reply));
        }
        let named: Named = reply.json()?;
        Ok(AcceptedPush { provider_id: named.name })
    }

    async fn post(&self, body: &Value, token: &SecretString) -> Result<Reply, OutboundError> {
        self.remote.send(self.remote.post(&self.url).bearer_auth(token.expose_secret()).json(body)).await
    }
}

impl PushSender for Fcm {
    fn send<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<AcceptedPush, PushError>> {
        Box::pin(self.send_message(push))
    }
}

fn body(push: &Push) -> Result<Value, PushError> {
    let refused = |message: String| PushError::Refused { code: "INVALID_ARGUMENT".to_owned(), message };
    let reserved = |key: &str| key == "from" || key.starts_with("gcm") || key.starts_with("google");
    if let Some(key) = push.data.keys().find(|key| reserved(key)) {
        return Err(refused(format!("the data key {key} is reserved")));
    }
    let mut android = json!({
        "priority": if push.urgent { "HIGH" } else { "NORMAL" },
        "ttl": format!("{}s", push.keep_for.as_secs()),
    });
    if let Some(key) = &push.collapse_key {
        android["collapse_key"] = json!(key);
    }
    let mut message = json!({
        "notification": {"title": push.title, "body": push.body},
        "data": push.data,
        "android": android,
        "apns": {"headers": {"apns-priority": if push.urgent { "10" } else { "5" }}},
    });
    if message.to_string().len() > PAYLOAD_LIMIT {
        return Err(refused("a notification has at most 4096 bytes".to_owned()));
    }
    match &push.to {
        Device::Token(token) => message["token"] = json!(token),
        Device::Installation(id) => message["fid"] = json!(id),
    }
    Ok(json!({"message": message}))
}
