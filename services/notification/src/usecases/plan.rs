//! Planning the messages of one recipient: which channels, what they say, and the jobs that send them.

use chrono::{DateTime, Utc};
use domain::{NotificationChannel, NotificationId, OrderId, UserId, UserStatus};
use pg_kit::jobs::{self, NewJob};
use serde_json::json;
use sqlx::PgConnection;

use crate::App;
use crate::domain::facts::Variables;
use crate::domain::message::{FALLBACKS, MessageStatus, dedupe_key};
use crate::domain::preferences::Preferences;
use crate::domain::schedule;
use crate::domain::template::Flaw;
use crate::store::contacts::{self, Contact};
use crate::store::notifications::{self, MessageData, NewNotification};
use crate::store::templates::{self, Template};
use crate::store::{devices, preferences};
use crate::usecases::deliver::SEND;

/// Why a message could not be planned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// The recipient is not known yet: that comes by an event.
    #[error("the recipient is not known yet")]
    UnknownRecipient,
    /// There is no such template.
    #[error("there is no template of this name")]
    NoTemplate,
    /// What fills the template is not complete.
    #[error("{}: {}", .0.field, .0.message)]
    Flaw(Flaw),
    /// The database.
    #[error(transparent)]
    Db(#[from] pg_kit::DbError),
}

impl From<sqlx::Error> for PlanError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Somebody with all that decides how they are told.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) contact: Contact,
    pub(crate) preferences: Preferences,
    pub(crate) tokens: Vec<String>,
}

impl Person {
    /// Loads a person.
    pub(crate) async fn load(conn: &mut PgConnection, user_id: UserId) -> Result<Self, PlanError> {
        let contact = contacts::find(conn, user_id).await?.ok_or(PlanError::UnknownRecipient)?;
        let preferences = preferences::of(conn, user_id).await?;
        let tokens = devices::tokens(conn, user_id).await?;
        Ok(Self { contact, preferences, tokens })
    }

    /// Whether there is an address for this channel.
    pub(crate) fn reachable(&self, channel: NotificationChannel, now: DateTime<Utc>) -> bool {
        let contact = &self.contact;
        match channel {
            NotificationChannel::InApp => true,
            NotificationChannel::Email => contact.email.is_some() && contact.email_usable,
            NotificationChannel::Sms => contact.phone.is_some() && contact.phone_usable,
            NotificationChannel::Whatsapp => {
                contact.phone.is_some() && contact.phone_usable && contact.whatsapp_off_until.is_none_or(|until| until <= now)
            }
            NotificationChannel::Push => !self.tokens.is_empty(),
        }
    }
}

/// What is to be said to one person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) template: &'a str,
    pub(crate) channels: &'a [NotificationChannel],
    pub(crate) variables: &'a Variables,
    pub(crate) order_id: Option<OrderId>,
    /// The event or request: with recipient, channel and template it makes the message the same one (rule 39).
    pub(crate) cause: &'a str,
    pub(crate) fallback_of: Option<NotificationId>,
}

/// What became of one channel.
enum Channel {
    Planned(NotificationId),
    /// The same message is there already.
    Known(NotificationId),
    /// Not wanted, no address or no text.
    Skipped,
}

/// Writes the messages and their jobs in the caller's transaction; yields the messages, known ones included.
pub(crate) async fn plan(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    plan: &Plan<'_>,
) -> Result<Vec<NotificationId>, PlanError> {
    let texts = templates::in_use(conn, plan.template, &person.contact.preferred_language).await?;
    if texts.is_empty() {
        return Err(PlanError::NoTemplate);
    }
    let now = app.kit.clock.now();
    let mut planned = Vec::new();
    if person.contact.status == UserStatus::Deleted {
        return Ok(planned);
    }
    for channel in plan.channels {
        match on_channel(app, conn, person, plan, &texts, *channel).await? {
            Channel::Planned(id) | Channel::Known(id) => planned.push(id),
            Channel::Skipped
                if *channel == NotificationChannel::Whatsapp
                    && !person.reachable(*channel, now)
                    && texts.iter().any(|text| person.preferences.allow(*channel, text.content.category)) =>
            {
                // Nobody is on WhatsApp there: known before it fails.
                planned.extend(instead(app, conn, person, plan, &texts).await?);
            }
            Channel::Skipped => {}
        }
    }
    Ok(planned)
}

/// The next channel after WhatsApp has failed for good (rule 40): the first of the others that the person allows, has an
/// address for, and was not told by already.
pub(crate) async fn plan_instead(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    plan: &Plan<'_>,
) -> Result<Option<NotificationId>, PlanError> {
    let texts = templates::in_use(conn, plan.template, &person.contact.preferred_language).await?;
    if person.contact.status == UserStatus::Deleted {
        return Ok(None);
    }
    instead(app, conn, person, plan, &texts).await
}

async fn instead(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    plan: &Plan<'_>,
    texts: &[Template],
) -> Result<Option<NotificationId>, PlanError> {
    for channel in FALLBACKS {
        if let Channel::Planned(id) = on_channel(app, conn, person, plan, texts, channel).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The text in the person's language, or else in English.
pub(crate) fn text_for<'a>(texts: &'a [Template], channel: NotificationChannel, language: &str) -> Option<&'a Template> {
    let of_channel = |wanted: &str| texts.iter().find(|t| t.content.channel == channel && t.language == wanted);
    of_channel(language).or_else(|| of_channel("en"))
}

async fn on_channel(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    plan: &Plan<'_>,
    texts: &[Template],
    channel: NotificationChannel,
) -> Result<Channel, PlanError> {
    let now = app.kit.clock.now();
    let contact = &person.contact;
    let Some(text) = text_for(texts, channel, &contact.preferred_language) else { return Ok(Channel::Skipped) };
    let category = text.content.category;
    if !person.preferences.allow(channel, category) || !person.reachable(channel, now) {
        return Ok(Channel::Skipped);
    }
    let rendered = text.content.render(plan.variables).map_err(PlanError::Flaw)?;
    let at_once = channel == NotificationChannel::InApp;
    let new = NewNotification {
        id: app.kit.ids.next(),
        recipient_id: contact.user_id,
        recipient_type: contact.user_type,
        notification_type: plan.template.to_owned(),
        channel,
        category,
        template_id: text.id,
        dedupe_key: dedupe_key(plan.cause, contact.user_id, channel, plan.template),
        cause: plan.cause.to_owned(),
        order_id: plan.order_id,
        subject: rendered.subject,
        body: rendered.body,
        html_body: rendered.html,
        data: MessageData { variables: plan.variables.clone() },
        status: if at_once { MessageStatus::Delivered } else { MessageStatus::Pending },
        fallback_of: plan.fallback_of,
    };
    if !notifications::insert(conn, &new, now).await? {
        let known = notifications::by_dedupe_key(conn, &new.dedupe_key).await?;
        return Ok(known.map_or(Channel::Skipped, Channel::Known));
    }
    if !at_once {
        let job = NewJob {
            id: app.kit.ids.uuid(),
            kind: SEND,
            payload: json!({ "notification_id": new.id }),
            run_at: schedule::earliest(category, now),
            dedupe_key: Some(format!("{SEND}/{}", new.id)),
        };
        jobs::enqueue(conn, &job).await?;
    }
    Ok(Channel::Planned(new.id))
}
