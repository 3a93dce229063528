//! Sending because a service or staff asks for it.

use std::collections::BTreeMap;

use axum::extract::State;
use clients::notification::SentOut;
use domain::{NotificationChannel, OrderId, UserId};
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Accepted, Allowed, Body, Caller, Data, Problems};

use crate::App;
use crate::usecases::send_message::{Asked, send_message};

service_kit::policy!(
    /// Who may send.
    pub(crate) Senders: admin[Operations], service
);

/// The template that carries words of one's own.
const FREE_TEXT: &str = "admin_message";

/// A message: a template with its variables, or from staff a subject and a text.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessageIn {
    /// To whom.
    #[garde(skip)]
    user_id: UserId,
    /// By which template.
    #[garde(inner(length(min = 1, max = 100)))]
    #[schema(example = "order_reminder")]
    template: Option<String>,
    /// What fills it.
    #[garde(length(max = 50))]
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// About which order, if any.
    #[garde(skip)]
    #[serde(default)]
    order_id: Option<OrderId>,
    /// The same key of the same caller is sent once.
    #[garde(inner(length(min = 1, max = 200)))]
    #[serde(default)]
    dedupe_key: Option<String>,
    /// Instead of a template: what it is about. Staff only.
    #[garde(inner(length(min = 1, max = 200)))]
    #[serde(default)]
    subject: Option<String>,
    /// Instead of a template: what is said. Staff only.
    #[garde(inner(length(min = 1, max = 900)))]
    #[serde(default)]
    body: Option<String>,
}

impl SendMessageIn {
    fn asked(self, channel: NotificationChannel, caller: &Caller) -> Result<Asked, ApiError> {
        let staff = matches!(caller, Caller::Admin { .. });
        let (template, variables) = match (self.template, self.body) {
            (Some(template), None) if self.subject.is_none() => (template, self.variables),
            (None, Some(body)) if staff => {
                let subject = self.subject.unwrap_or_else(|| "RealServ".to_owned());
                let variables = BTreeMap::from([("subject".to_owned(), subject), ("message".to_owned(), body)]);
                (FREE_TEXT.to_owned(), variables)
            }
            _ => return Err(ApiError::invalid_field("template", "send a template with its variables, or as staff a body")),
        };
        let (user_id, order_id, key) = (self.user_id, self.order_id, self.dedupe_key);
        Ok(Asked { channel, user_id, template, variables, order_id, key, caller: caller.key() })
    }
}

async fn send(
    app: &App,
    channel: NotificationChannel,
    caller: &Caller,
    body: SendMessageIn,
) -> Result<Accepted<SentOut>, ApiError> {
    let notification_ids = send_message(app, &body.asked(channel, caller)?).await?;
    Ok(Accepted(SentOut { notification_ids }))
}

macro_rules! sender {
    ($name:ident, $channel:ident, $path:literal, $what:literal) => {
        #[doc = $what]
        ///
        /// Accepted, not yet sent. No id comes back when the recipient does not want such messages this way, or cannot be
        /// reached this way. Where WhatsApp cannot reach somebody, the id is that of the next channel they allow.
        #[utoipa::path(post, path = $path, tag = "send", request_body = SendMessageIn,
                                       responses((status = 202, description = "Accepted", body = Data<SentOut>), Problems))]
        pub(crate) async fn $name(
            State(app): State<App>,
            caller: Allowed<Senders>,
            Body(body): Body<SendMessageIn>,
        ) -> Result<Accepted<SentOut>, ApiError> {
            send(&app, NotificationChannel::$channel, &caller.caller, body).await
        }
    };
}

sender!(send_email, Email, "/api/v1/notifications/email", "Sends an e-mail.");
sender!(send_whatsapp, Whatsapp, "/api/v1/notifications/whatsapp", "Sends a WhatsApp template.");
sender!(send_sms, Sms, "/api/v1/notifications/sms", "Sends an SMS.");
sender!(send_push, Push, "/api/v1/notifications/push", "Sends a push notification to every device of the user.");
