//! Planning the messages of one recipient: which channels, and what they say.

use chrono::{DateTime, Utc};
use domain::{NotificationChannel, NotificationId, OrderId, UserStatus};
use sqlx::PgConnection;

use crate::App;
use crate::domain::message::{FALLBACKS, MessageStatus, dedupe_key};
use crate::domain::schedule;
use crate::domain::template::Flaw;
use crate::domain::wording::{self, Values};
use crate::store::notifications::{self, MessageData, NewNotification};
use crate::store::people::Person;
use crate::store::templates::Template;
use crate::usecases::deliver::LEASE;

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

/// What is to be said to one person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) template: &'a str,
    pub(crate) channels: &'a [NotificationChannel],
    pub(crate) values: &'a Values,
    pub(crate) order_id: Option<OrderId>,
    /// The event or request: with recipient, channel and template it makes the message the same one (rule 39).
    pub(crate) cause: &'a str,
    pub(crate) fallback_of: Option<NotificationId>,
}

/// The text in the person's language, or else in English.
pub(crate) fn text_for<'a>(texts: &'a [Template], channel: NotificationChannel, language: &str) -> Option<&'a Template> {
    let of_channel = |wanted: &str| texts.iter().find(|t| t.content.channel == channel && t.language == wanted);
    of_channel(language).or_else(|| of_channel("en"))
}

/// The text for a channel that the person allows and can be reached by.
fn way<'a>(
    person: &Person,
    texts: &'a [Template],
    channel: NotificationChannel,
    now: DateTime<Utc>,
) -> Option<(NotificationChannel, &'a Template)> {
    let text = text_for(texts, channel, &person.contact.preferred_language)?;
    (person.preferences.allow(channel, text.content.category) && person.reachable(channel, now)).then_some((channel, text))
}

/// Through which channels a person is told, with the texts. Where WhatsApp is wanted but cannot reach them, the next channel
/// takes its place (rule 40): that is known before it fails.
fn ways<'a>(
    person: &Person,
    texts: &'a [Template],
    channels: &[NotificationChannel],
    now: DateTime<Utc>,
) -> Vec<(NotificationChannel, &'a Template)> {
    if person.contact.status == UserStatus::Deleted {
        return Vec::new();
    }
    let mut ways: Vec<_> = channels.iter().filter_map(|channel| way(person, texts, *channel, now)).collect();
    let whatsapp = NotificationChannel::Whatsapp;
    let wanted = channels.contains(&whatsapp)
        && text_for(texts, whatsapp, &person.contact.preferred_language)
            .is_some_and(|text| person.preferences.allow(whatsapp, text.content.category));
    if wanted
        && !person.reachable(whatsapp, now)
        && let Some(instead) = instead(person, texts, now).next()
        && !ways.iter().any(|(channel, _)| *channel == instead.0)
    {
        ways.push(instead);
    }
    ways
}

/// The channels after WhatsApp, in their order, as far as the person allows them and has an address.
fn instead<'a>(
    person: &Person,
    texts: &'a [Template],
    now: DateTime<Utc>,
) -> impl Iterator<Item = (NotificationChannel, &'a Template)> {
    FALLBACKS.into_iter().filter_map(move |channel| way(person, texts, channel, now))
}

/// The messages of one person, written but not kept.
pub(crate) fn compose(
    app: &App,
    person: &Person,
    plan: &Plan<'_>,
    texts: &[Template],
) -> Result<Vec<NewNotification>, PlanError> {
    let now = app.kit.clock.now();
    ways(person, texts, plan.channels, now).into_iter().map(|(channel, text)| write(app, person, plan, channel, text)).collect()
}

/// The candidates for the next channel after WhatsApp has failed for good (rule 40), the first first.
pub(crate) fn compose_instead(
    app: &App,
    person: &Person,
    plan: &Plan<'_>,
    texts: &[Template],
) -> Result<Vec<NewNotification>, PlanError> {
    if person.contact.status == UserStatus::Deleted {
        return Ok(Vec::new());
    }
    instead(person, texts, app.kit.clock.now()).map(|(channel, text)| write(app, person, plan, channel, text)).collect()
}

fn write(
    app: &App,
    person: &Person,
    plan: &Plan<'_>,
    channel: NotificationChannel,
    text: &Template,
) -> Result<NewNotification, PlanError> {
    let variables = wording::said(plan.values, &text.language);
    let rendered = text.content.render(&variables, &text.language).map_err(PlanError::Flaw)?;
    let contact = &person.contact;
    let category = text.content.category;
    let at_once = channel == NotificationChannel::InApp;
    Ok(NewNotification {
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
        data: MessageData { variables },
        status: if at_once { MessageStatus::Delivered } else { MessageStatus::Pending },
        due_at: (!at_once).then(|| schedule::earliest(category, app.kit.clock.now())),
        fallback_of: plan.fallback_of,
    })
}

/// Keeps messages in the caller's transaction, all in one statement; after the commit the sender is to be woken.
pub(crate) async fn keep(app: &App, conn: &mut PgConnection, new: &[NewNotification]) -> sqlx::Result<Vec<NotificationId>> {
    notifications::insert(conn, new, LEASE, app.kit.clock.now()).await
}
