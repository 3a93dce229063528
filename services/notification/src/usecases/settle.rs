//! Writing down what became of a batch of tries, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use context::Context;
use domain::events::{NotificationFailed, NotificationSent};
use domain::{Actor, NotificationChannel, NotificationId, ServiceName};
use pg_kit::{DbError, outbox};
use sqlx::PgConnection;
use uuid::Uuid;
use whatsapp::WhatsappError;

use crate::App;
use crate::channels::{Fault, Tried, Try};
use crate::domain::message::{Category, MessageStatus};
use crate::domain::schedule::{self, JITTER_PERCENT, pause_after};
use crate::domain::wording;
use crate::store::notifications::{self, NewNotification, Notification};
use crate::store::people::{self, Asked};
use crate::store::queue::{self, Claimed};
use crate::store::statuses::{self, Told};
use crate::store::{contacts, devices};
use crate::usecases::deliver::Done;
use crate::usecases::plan::{Plan, PlanError, compose_instead, keep};

/// How long somebody who is not on WhatsApp is not tried there again.
const OFF_WHATSAPP: TimeDelta = TimeDelta::hours(24);

/// A message that will not arrive.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) context: Context,
    pub(crate) notification: Notification,
    pub(crate) reason: String,
}

/// Writes a batch down in one transaction, tells others, and plans another channel where WhatsApp has failed for good
/// (rule 40).
pub(crate) async fn settle(app: &App, batch: &[Done]) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    let results: Vec<queue::Result> = batch.iter().map(|done| result(app, done, now)).collect();
    let provider_ids: Vec<String> = results.iter().filter_map(|result| result.provider_message_id.clone()).collect();
    let mut tx = app.kit.pool.begin().await?;
    if !provider_ids.is_empty() {
        statuses::lock(&mut tx, &provider_ids).await?;
    }
    let settled: BTreeSet<NotificationId> = queue::settle(&mut tx, &results, now).await?.into_iter().collect();
    let ours: Vec<(&Done, &queue::Result)> =
        batch.iter().zip(&results).filter(|(_, result)| settled.contains(&result.id)).collect();
    addresses(&mut tx, batch, now).await?;
    say_sent(app, &mut tx, &ours).await?;
    let mut failed: Vec<Failed> = ours
        .iter()
        .filter_map(|(done, result)| {
            let reason = result.reason.clone().filter(|_| result.status == MessageStatus::Failed)?;
            Some(Failed { context: done.claimed.context.clone(), notification: done.claimed.notification.clone(), reason })
        })
        .collect();
    if !provider_ids.is_empty() {
        failed.extend(said_before(app, &mut tx, &ours, &provider_ids).await?);
    }
    let planned = give_up(app, &mut tx, &failed).await?;
    tx.commit().await?;
    if planned {
        app.wake.notify_one();
    }
    Ok(())
}

/// Where a message stands after a try.
fn result(app: &App, done: &Done, now: DateTime<Utc>) -> queue::Result {
    let notification = &done.claimed.notification;
    let blank = queue::Result {
        id: notification.id,
        status: MessageStatus::Failed,
        provider: None,
        provider_message_id: None,
        due_at: None,
        reason: None,
        uncounted: 0,
    };
    let failed = |reason: String| queue::Result { reason: Some(reason.replace('\0', "")), ..blank.clone() };
    let waits =
        |due_at, uncounted| queue::Result { status: MessageStatus::Pending, due_at: Some(due_at), uncounted, ..blank.clone() };
    match &done.tried.outcome {
        Tried::Sent { provider, provider_message_id } => queue::Result {
            status: MessageStatus::Sent,
            provider: Some(*provider),
            provider_message_id: Some(provider_message_id.clone()),
            ..blank
        },
        Tried::NotNow { until } => waits(*until, 1),
        Tried::Later { reason, after } => {
            let attempt = u32::try_from(notification.attempts).unwrap_or(u32::MAX);
            match pause_after(attempt, app.kit.random.below(JITTER_PERCENT + 1), *after) {
                Some(pause) => {
                    let again = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(12));
                    waits(schedule::earliest(notification.category, again), 0)
                }
                None => failed(format!("given up after {attempt} tries: {reason}")),
            }
        }
        Tried::Unknown { reason } => failed(format!("nobody knows whether it went out: {reason}")),
        Tried::Never { reason, .. } => failed(reason.clone()),
    }
}

/// Switches off what turned out to be no address.
async fn addresses(conn: &mut PgConnection, batch: &[Done], now: DateTime<Utc>) -> Result<(), DbError> {
    let whose = |fault: Fault| -> Vec<Uuid> {
        let has = |done: &&Done| matches!(done.tried.outcome, Tried::Never { fault: found, .. } if found == fault);
        batch.iter().filter(has).map(|done| done.claimed.notification.recipient_id.as_uuid()).collect()
    };
    let (phones, emails, off) = (whose(Fault::PhoneIsNone), whose(Fault::EmailIsNone), whose(Fault::NotOnWhatsapp));
    if !phones.is_empty() {
        contacts::phones_are_none(conn, &phones, now).await?;
    }
    if !emails.is_empty() {
        contacts::emails_are_none(conn, &emails, now).await?;
    }
    if !off.is_empty() {
        contacts::not_on_whatsapp(conn, &off, now + OFF_WHATSAPP, now).await?;
    }
    let gone: Vec<(Uuid, String)> = batch
        .iter()
        .flat_map(|done| {
            let user = done.claimed.notification.recipient_id.as_uuid();
            done.tried.gone_tokens.iter().map(move |token| (user, token.clone()))
        })
        .collect();
    if !gone.is_empty() {
        let (users, tokens): (Vec<Uuid>, Vec<String>) = gone.into_iter().unzip();
        devices::forget_gone(conn, &users, &tokens, now).await?;
    }
    Ok(())
}

async fn say_sent(app: &App, conn: &mut PgConnection, ours: &[(&Done, &queue::Result)]) -> Result<(), DbError> {
    let sent: Vec<(Context, NotificationSent)> = ours
        .iter()
        .filter(|(_, result)| result.status == MessageStatus::Sent)
        .map(|(done, result)| {
            let notification = &done.claimed.notification;
            let event = NotificationSent {
                notification_id: notification.id,
                user_id: Some(notification.recipient_id),
                order_id: notification.order_id,
                channel: notification.channel,
                template: notification.notification_type.clone(),
                provider_message_id: result.provider_message_id.clone(),
            };
            (done.claimed.context.clone(), event)
        })
        .collect();
    outbox::append_all(conn, app.kit.clock.now(), &*app.kit.ids, &actor(), &sent).await
}

/// What was said of these messages before we knew that they had gone out; yields those that failed.
async fn said_before(
    app: &App,
    conn: &mut PgConnection,
    ours: &[(&Done, &queue::Result)],
    provider_ids: &[String],
) -> Result<Vec<Failed>, DbError> {
    let now = app.kit.clock.now();
    let told: BTreeMap<String, Told> =
        statuses::told(conn, provider_ids).await?.into_iter().map(|told| (told.provider_message_id.clone(), told)).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    statuses::catch_up(conn, provider_ids, now).await?;
    let mut failed = Vec::new();
    for (done, result) in ours {
        let told = result.provider_message_id.as_ref().and_then(|id| told.get(id));
        if let Some(told) = told.filter(|told| told.status == MessageStatus::Failed) {
            let Claimed { notification, context, .. } = done.claimed.clone();
            failed.extend(fail_after_all(app, conn, context, notification, told).await?);
        }
    }
    Ok(failed)
}

/// A message that was accepted and will not arrive all the same; none when it has arrived, or failed before.
pub(crate) async fn fail_after_all(
    app: &App,
    conn: &mut PgConnection,
    context: Context,
    notification: Notification,
    told: &Told,
) -> Result<Option<Failed>, DbError> {
    let now = app.kit.clock.now();
    let words = told.error.as_deref().unwrap_or("the provider gives no reason");
    let code = told.error_code.unwrap_or_default();
    let reason = format!("failed after it was accepted ({code}): {words}");
    if !notifications::failed(conn, notification.id, &reason, now).await? {
        return Ok(None);
    }
    let by_whatsapp = notification.channel == NotificationChannel::Whatsapp;
    if by_whatsapp && matches!(WhatsappError::from_code(code.into(), words), WhatsappError::Undeliverable { .. }) {
        contacts::not_on_whatsapp(conn, &[notification.recipient_id.as_uuid()], now + OFF_WHATSAPP, now).await?;
    }
    Ok(Some(Failed { context, notification, reason }))
}

/// Tells of messages that will not arrive, and plans the next channel for those by WhatsApp; true when it planned something.
pub(crate) async fn give_up(app: &App, conn: &mut PgConnection, failed: &[Failed]) -> Result<bool, DbError> {
    let events: Vec<(Context, NotificationFailed)> = failed
        .iter()
        .map(|Failed { context, notification, reason }| {
            let event = NotificationFailed {
                notification_id: notification.id,
                user_id: Some(notification.recipient_id),
                order_id: notification.order_id,
                channel: notification.channel,
                template: notification.notification_type.clone(),
                reason: reason.clone(),
            };
            (context.clone(), event)
        })
        .collect();
    outbox::append_all(conn, app.kit.clock.now(), &*app.kit.ids, &actor(), &events).await?;
    // A code went out by SMS at the same time, and is not kept to be sent again.
    let next: Vec<&Failed> = failed
        .iter()
        .filter(|Failed { notification, .. }| {
            notification.channel == NotificationChannel::Whatsapp && notification.category != Category::Security
        })
        .collect();
    if next.is_empty() { Ok(false) } else { plan_next(app, conn, &next).await }
}

async fn plan_next(app: &App, conn: &mut PgConnection, failed: &[&Failed]) -> Result<bool, DbError> {
    let asked = Asked { users: failed.iter().map(|failed| failed.notification.recipient_id).collect(), ..Asked::default() };
    let people = people::people(conn, &asked).await?;
    let mut candidates: Vec<(Context, Vec<NewNotification>)> = Vec::new();
    for Failed { context, notification, .. } in failed {
        let Some(person) = people.iter().find(|person| person.contact.user_id == notification.recipient_id) else { continue };
        let values = wording::spoken_for(&notification.data.variables);
        let plan = Plan {
            template: &notification.notification_type,
            channels: &[],
            values: &values,
            order_id: notification.order_id,
            cause: &notification.cause,
            fallback_of: Some(notification.id),
        };
        let texts = app.texts.in_use(conn, &notification.notification_type, &person.contact.preferred_language).await?;
        match compose_instead(app, person, &plan, &texts) {
            Ok(messages) => candidates.push((context.clone(), messages)),
            Err(PlanError::Db(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(notification_id = %notification.id, %error, "no other channel could be planned");
            }
        }
    }
    let keys: Vec<String> = candidates.iter().flat_map(|(_, all)| all.iter().map(|one| one.dedupe_key.clone())).collect();
    if keys.is_empty() {
        return Ok(false);
    }
    let known: BTreeSet<String> = notifications::by_dedupe_keys(conn, &keys).await?.into_iter().map(|(key, _)| key).collect();
    let mut planned = false;
    for (context, messages) in candidates {
        // The first that says it to them anew.
        let Some(first) = messages.into_iter().find(|message| !known.contains(&message.dedupe_key)) else { continue };
        let keeping = keep(app, conn, std::slice::from_ref(&first));
        planned |= !context::scope(context, keeping).await?.is_empty();
    }
    Ok(planned)
}

/// Writes down one try that was not the queue's.
pub(crate) async fn settle_one(app: &App, notification: Notification, tried: Try) -> Result<(), DbError> {
    let claimed = Claimed { notification, contact: None, tokens: Vec::new(), context: context::current() };
    settle(app, &[Done { claimed, tried }]).await
}

fn actor() -> Actor {
    Actor::system(ServiceName::Notification)
}
