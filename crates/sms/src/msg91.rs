//! MSG91: messages by template ("flow"). A 200 may carry an error.

use futures::future::BoxFuture;
use outbound::{OutboundError, Remote};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Accepted, IncompleteSettings, Sms, SmsSender, SmsSettings, settings::secret};

/// Sends through MSG91.
#[derive(Debug, Clone)]
pub struct Msg91 {
    remote: Remote,
    url: String,
    auth_key: SecretString,
}

#[derive(Deserialize)]
struct Answer {
    r#type: String,
    #[serde(default)]
    message: String,
}

impl Msg91 {
    /// A client over the shared HTTP client.
    pub fn new(settings: SmsSettings, http: reqwest::Client) -> Result<Self, IncompleteSettings> {
        Ok(Self {
            remote: Remote::new("msg91", http, settings.timeout),
            url: outbound::join(&settings.msg91_url, "api/v5/flow"),
            auth_key: secret(settings.msg91_auth_key, "MSG91_AUTH_KEY")?,
        })
    }

    async fn flow(&self, sms: &Sms) -> Result<Accepted, OutboundError> {
        let template = &sms.template;
        let Some(template_id) = template.provider_template_id.as_deref() else {
            return Err(OutboundError::reject(0, "template_missing", "MSG91 sends by its template id only"));
        };
        let mut recipient = Map::new();
        for (name, value) in &sms.variables {
            recipient.insert(name.clone(), json!(value));
        }
        // Last, so that no variable can redirect the message.
        recipient.insert("mobiles".to_owned(), json!(sms.to.as_str().trim_start_matches('+')));
        let mut body = json!({"template_id": template_id, "short_url": "0", "realTimeResponse": "1",
            "recipients": [recipient]});
        let own: [(&str, Option<&String>); 3] = [
            ("sender", template.sender_id.as_ref()),
            ("DLT_TE_ID", template.dlt_template_id.as_ref()),
            ("PE_ID", template.dlt_entity_id.as_ref()),
        ];
        for (name, value) in own {
            if let Some(value) = value {
                body[name] = Value::String(value.clone());
            }
        }
        let request = self.remote.post(&self.url).header("authkey", self.auth_key.expose_secret()).json(&body);
        let reply = self.remote.send(request).await?;
        if !reply.is_success() {
            let message = reply.try_json::<Answer>().map(|answer| answer.message);
            return Err(reply.failure("msg91", message.unwrap_or_default()));
        }
        let answer: Answer = reply.json()?;
        if answer.r#type == "success" {
            Ok(Accepted { provider_id: answer.message })
        } else {
            Err(OutboundError::reject(reply.status.as_u16(), "msg91", answer.message))
        }
    }
}

impl SmsSender for Msg91 {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Accepted, OutboundError>> {
        Box::pin(self.flow(sms))
    }
}
