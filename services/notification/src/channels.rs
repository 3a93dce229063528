//! The ways out: WhatsApp, SMS, mail, push, in one form and with one kind of outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::{NotificationChannel, NotificationId, OrderId, Phone};
use firebase::AccessTokens;
use futures::future::join_all;
use mailer::feedback::FeedbackReader;
use mailer::{Email, Mailer, SesMailer};
use outbound::OutboundError;
use push::{Device, Fcm, Push, PushError, PushSender};
use service_kit::Kit;
use service_kit::config::Environment;
use sms::{Provider, Sms, SmsSender, SmsTemplate};
use whatsapp::{Message, Outgoing, Recipient, Whatsapp, WhatsappError};

use crate::Config;
use crate::domain::message::Category;
use crate::domain::template::Rendered;
use crate::domain::wording::Variables;
use crate::store::contacts::Contact;
use crate::store::templates::Template;

/// How long push is kept for a phone that is off.
const PUSH_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Everything that sends.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    whatsapp: Whatsapp,
    sms: Arc<dyn SmsSender>,
    sms_provider: &'static str,
    mailer: Arc<dyn Mailer>,
    push: Arc<dyn PushSender>,
    feedback: FeedbackReader,
    dlt_entity_id: Option<String>,
    sms_sender_id: Option<String>,
}

/// A message ready to go.
#[derive(Debug)]
pub(crate) struct Parcel<'a> {
    pub(crate) id: NotificationId,
    pub(crate) channel: NotificationChannel,
    pub(crate) category: Category,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) contact: &'a Contact,
    pub(crate) tokens: &'a [String],
    pub(crate) template: &'a Template,
    pub(crate) rendered: &'a Rendered,
    pub(crate) variables: &'a Variables,
}

/// What is known of an address after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not the address.
    NotTheAddress,
    /// The number is none, or does not want to hear from us.
    PhoneIsNone,
    /// Nobody is on WhatsApp there.
    NotOnWhatsapp,
    /// The mail address is none.
    EmailIsNone,
}

/// What became of a try.
#[derive(Debug)]
pub(crate) enum Tried {
    /// The provider took it.
    Sent { provider: &'static str, provider_message_id: String },
    /// It did not go out; a later try may work.
    Later { reason: String, after: Option<Duration> },
    /// Nobody knows whether it went out.
    Unknown { reason: String },
    /// Nothing was tried: its time is later.
    NotNow { until: DateTime<Utc> },
    /// It will never go out this way.
    Never { reason: String, fault: Fault },
}

/// A try, and the devices that turned out to be gone.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) outcome: Tried,
    pub(crate) gone_tokens: Vec<String>,
}

impl From<Tried> for Try {
    fn from(outcome: Tried) -> Self {
        Self { outcome, gone_tokens: Vec::new() }
    }
}

impl Tried {
    /// It will never go out, and that is not the address's fault.
    pub(crate) fn never(reason: impl Into<String>) -> Self {
        Self::Never { reason: reason.into(), fault: Fault::NotTheAddress }
    }
}

fn never(reason: impl Into<String>) -> Tried {
    Tried::never(reason)
}

impl Channels {
    /// The real ones, as the settings say.
    ///
    /// # Errors
    /// Settings that are missing or unusable.
    pub(crate) fn build(kit: &Kit, config: &Config) -> anyhow::Result<Self> {
        let tokens =
            AccessTokens::new(&config.google, kit.http.clone(), kit.clock.clone()).context("FIREBASE_SERVICE_ACCOUNT")?;
        if kit.config.env == Environment::Production && config.feedback.test_origin.is_some() {
            anyhow::bail!("SNS_TEST_ORIGIN has no place in production");
        }
        let sms_provider = match config.sms.provider {
            Provider::Twilio => "twilio",
            Provider::Msg91 => "msg91",
            Provider::Sns => "sns",
        };
        Ok(Self {
            whatsapp: Whatsapp::new(config.whatsapp.clone(), kit.http.clone()),
            sms: sms::sender(config.sms.clone(), kit.http.clone(), &kit.aws)?,
            feedback: FeedbackReader::new(config.feedback.clone(), kit.http.clone()),
            sms_provider,
            mailer: Arc::new(SesMailer::new(&kit.aws, &config.mailer)),
            push: Arc::new(Fcm::new(&config.push, kit.http.clone(), tokens)),
            dlt_entity_id: config.dlt_entity_id.clone(),
            sms_sender_id: config.sms_sender_id.clone(),
        })
    }

    /// Reads what SES says.
    pub(crate) const fn feedback(&self) -> &FeedbackReader {
        &self.feedback
    }

    /// Hands a message to its provider, once.
    pub(crate) async fn send(&self, parcel: &Parcel<'_>) -> Try {
        match parcel.channel {
            NotificationChannel::Whatsapp => self.send_whatsapp(parcel).await.into(),
            NotificationChannel::Sms => self.send_sms(parcel).await.into(),
            NotificationChannel::Email => self.send_email(parcel).await.into(),
            NotificationChannel::Push => self.send_push(parcel).await,
            NotificationChannel::InApp => never("the inbox is not sent").into(),
        }
    }

    /// Always by template: whether the 24-hour window is open is not for this service to know (rule 40).
    async fn send_whatsapp(&self, parcel: &Parcel<'_>) -> Tried {
        let Some(phone) = usable_phone(parcel.contact) else { return never("no phone number") };
        let (content, registration) = (&parcel.template.content, &parcel.template.registration);
        let template = whatsapp::Template {
            name: registration.whatsapp_template_id.clone().unwrap_or_else(|| parcel.template.name.clone()),
            language: registration.whatsapp_language.clone().unwrap_or_else(|| parcel.template.language.clone()),
            body: content.slots(parcel.variables),
            button_payloads: content.payloads(parcel.variables),
            ..whatsapp::Template::default()
        };
        let mut outgoing = Outgoing::new(Recipient::Phone(phone.clone()), Message::Template(template));
        outgoing.opaque = Some(parcel.id.to_string());
        match self.whatsapp.send(&outgoing).await {
            Ok(sent) => Tried::Sent { provider: "whatsapp_business", provider_message_id: sent.message_id },
            Err(WhatsappError::Retry { reason, after }) => Tried::Later { reason, after },
            Err(WhatsappError::Unknown { reason }) => Tried::Unknown { reason },
            Err(error @ WhatsappError::Undeliverable { .. }) => {
                Tried::Never { reason: error.to_string(), fault: Fault::NotOnWhatsapp }
            }
            Err(error @ WhatsappError::Alert { .. }) => {
                tracing::error!(%error, "WhatsApp sends nothing until somebody looks at it");
                never(error.to_string())
            }
            Err(error) => never(error.to_string()),
        }
    }

    async fn send_sms(&self, parcel: &Parcel<'_>) -> Tried {
        let Some(phone) = usable_phone(parcel.contact) else { return never("no usable phone number") };
        let registration = &parcel.template.registration;
        let slots = parcel.template.content.slots(parcel.variables);
        let message = Sms {
            to: phone.clone(),
            text: parcel.rendered.body.clone(),
            template: SmsTemplate {
                dlt_entity_id: self.dlt_entity_id.clone(),
                dlt_template_id: registration.dlt_template_id.clone(),
                sender_id: self.sms_sender_id.clone(),
                provider_template_id: registration.sms_template_id.clone(),
            },
            variables: slots.into_iter().enumerate().map(|(at, value)| (format!("VAR{}", at + 1), value)).collect(),
            promotional: parcel.category == Category::Promotion,
        };
        match self.sms.send(&message).await {
            Ok(accepted) => Tried::Sent { provider: self.sms_provider, provider_message_id: accepted.provider_id },
            Err(OutboundError::Reject { code, message, .. }) => {
                let none = number_is_none(self.sms_provider, &code, &message);
                let fault = if none { Fault::PhoneIsNone } else { Fault::NotTheAddress };
                Tried::Never { reason: format!("refused ({code}): {message}"), fault }
            }
            Err(error) => outcome(error),
        }
    }

    async fn send_email(&self, parcel: &Parcel<'_>) -> Tried {
        let Some(to) = parcel.contact.email.clone().filter(|_| parcel.contact.email_usable) else {
            return never("no usable mail address");
        };
        let email = Email {
            to,
            subject: parcel.rendered.subject.clone().unwrap_or_default(),
            text: parcel.rendered.body.clone(),
            html: parcel.rendered.html.clone(),
            reply_to: None,
            tags: vec![("template".to_owned(), parcel.template.name.clone()), ("notification".to_owned(), parcel.id.to_string())],
        };
        match self.mailer.send(&email).await {
            Ok(accepted) => Tried::Sent { provider: "ses", provider_message_id: accepted.provider_id },
            Err(OutboundError::Reject { code, message, .. }) => {
                let none = message.contains("address") && message.to_ascii_lowercase().contains("invalid");
                let fault = if none { Fault::EmailIsNone } else { Fault::NotTheAddress };
                Tried::Never { reason: format!("refused ({code}): {message}"), fault }
            }
            Err(error) => outcome(error),
        }
    }

    /// To every device of the person; one that took it is enough.
    async fn send_push(&self, parcel: &Parcel<'_>) -> Try {
        let pushes: Vec<Push> = parcel.tokens.iter().map(|token| notification(parcel, token)).collect();
        let results = join_all(pushes.iter().map(|push| self.push.send(push))).await;
        let mut gone_tokens = Vec::new();
        let mut outcome = never("no device is left");
        for (result, token) in results.into_iter().zip(parcel.tokens) {
            let this = match result {
                Ok(accepted) => Tried::Sent { provider: "fcm", provider_message_id: accepted.provider_id },
                Err(PushError::TokenGone) => {
                    gone_tokens.push(token.clone());
                    continue;
                }
                Err(PushError::Retry { reason, after }) => Tried::Later { reason, after },
                Err(PushError::Unknown { reason }) => Tried::Unknown { reason },
                Err(error @ PushError::Alert { .. }) => {
                    tracing::error!(%error, "FCM sends nothing until somebody looks at it");
                    never(error.to_string())
                }
                Err(error @ PushError::Refused { .. }) => never(error.to_string()),
            };
            outcome = better(outcome, this);
        }
        Try { outcome, gone_tokens }
    }
}

/// One device may have taken it, and then nothing is repeated: the others would be told twice.
fn better(one: Tried, other: Tried) -> Tried {
    let rank = |tried: &Tried| match tried {
        Tried::Sent { .. } => 3,
        Tried::Unknown { .. } => 2,
        Tried::Later { .. } | Tried::NotNow { .. } => 1,
        Tried::Never { .. } => 0,
    };
    if rank(&other) >= rank(&one) { other } else { one }
}

/// The providers' words for numbers that are none, cannot get SMS, or said STOP.
fn number_is_none(provider: &str, code: &str, message: &str) -> bool {
    let about = |word: &str| message.to_ascii_lowercase().contains(word);
    match provider {
        "twilio" => code.parse().is_ok_and(sms::callback::number_is_none),
        "msg91" => about("invalid mobile") || about("invalid number"),
        _ => (code.starts_with("InvalidParameter") && about("phonenumber")) || about("opted out"),
    }
}

fn usable_phone(contact: &Contact) -> Option<&Phone> {
    contact.phone.as_ref().filter(|_| contact.phone_usable)
}

fn outcome(error: OutboundError) -> Tried {
    match error {
        OutboundError::Retry { reason, after } => Tried::Later { reason, after },
        OutboundError::Unknown { reason } => Tried::Unknown { reason },
        error @ OutboundError::Reject { .. } => never(error.to_string()),
    }
}

fn notification(parcel: &Parcel<'_>, token: &str) -> Push {
    let mut data = BTreeMap::from([
        ("notification_id".to_owned(), parcel.id.to_string()),
        ("template".to_owned(), parcel.template.name.clone()),
    ]);
    if let Some(order_id) = parcel.order_id {
        data.insert("order_id".to_owned(), order_id.to_string());
    }
    Push {
        to: Device::Token(token.to_owned()),
        title: parcel.rendered.subject.clone().unwrap_or_default(),
        body: parcel.rendered.body.clone(),
        data,
        collapse_key: Some(parcel.id.to_string()),
        urgent: parcel.category != Category::Promotion,
        keep_for: PUSH_KEPT,
    }
}
