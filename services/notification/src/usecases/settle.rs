//! Writing down what became of a try, and what follows from it.

use std::time::Duration;

use chrono::TimeDelta;
use domain::events::{NotificationFailed, NotificationSent};
use domain::{Actor, NotificationChannel, ServiceName};
use pg_kit::jobs::{self, Job};
use pg_kit::{DbError, outbox};
use sqlx::PgConnection;
use whatsapp::WhatsappError;

use crate::App;
use crate::channels::{Fault, Tried, Try};
use crate::domain::message::{Category, MessageStatus};
use crate::domain::schedule::{JITTER_PERCENT, pause_after};
use crate::store::notifications::Notification;
use crate::store::statuses::Told;
use crate::store::{contacts, devices, notifications, statuses};
use crate::usecases::plan::{Person, Plan, PlanError, plan_instead};

/// How long somebody who is not on WhatsApp is not tried there again.
const OFF_WHATSAPP: TimeDelta = TimeDelta::hours(24);

/// Where a message stands after a try.
#[derive(Debug)]
pub(crate) enum Settled {
    /// The provider has it.
    Sent,
    /// It is given up.
    Failed,
    /// It is tried again.
    Again {
        /// Not before this long.
        after: Duration,
        /// Why.
        reason: String,
    },
}

/// Writes it down, tells others, and plans another channel where this one has failed for good (rule 40).
pub(crate) async fn settle(
    app: &App,
    job: Option<&Job>,
    notification: &Notification,
    Try { outcome, gone_tokens }: Try,
) -> Result<Settled, DbError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    for token in &gone_tokens {
        devices::forget(&mut tx, notification.recipient_id, token, now).await?;
    }
    let settled = match outcome {
        Tried::Sent { provider, provider_message_id } => {
            sent(app, &mut tx, notification, provider, &provider_message_id).await?;
            Settled::Sent
        }
        Tried::Later { reason, after } => {
            let attempt = u32::try_from(notification.attempts).unwrap_or(u32::MAX);
            match pause_after(attempt, app.kit.random.below(JITTER_PERCENT + 1), after) {
                Some(after) => {
                    notifications::wait_again(&mut tx, notification.id, now).await?;
                    Settled::Again { after, reason }
                }
                None => {
                    give_up(app, &mut tx, notification, &format!("given up after {attempt} tries: {reason}")).await?;
                    Settled::Failed
                }
            }
        }
        Tried::Unknown { reason } => {
            give_up(app, &mut tx, notification, &format!("nobody knows whether it went out: {reason}")).await?;
            Settled::Failed
        }
        Tried::Never { reason, fault } => {
            switch_off(app, &mut tx, notification, fault).await?;
            give_up(app, &mut tx, notification, &reason).await?;
            Settled::Failed
        }
    };
    if let (Some(job), Settled::Sent | Settled::Failed) = (job, &settled) {
        jobs::complete(&mut tx, job, now).await?;
    }
    tx.commit().await?;
    Ok(settled)
}

async fn sent(
    app: &App,
    conn: &mut PgConnection,
    notification: &Notification,
    provider: &str,
    provider_message_id: &str,
) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    statuses::lock(conn, provider_message_id).await?;
    if !notifications::sent(conn, notification.id, provider, provider_message_id, now).await? {
        return Ok(());
    }
    let event = NotificationSent {
        notification_id: notification.id,
        user_id: Some(notification.recipient_id),
        order_id: notification.order_id,
        channel: notification.channel,
        template: notification.notification_type.clone(),
        provider_message_id: Some(provider_message_id.to_owned()),
    };
    outbox::append(conn, now, &*app.kit.ids, &actor(), &event).await?;
    if let Some(told) = statuses::told(conn, provider_message_id).await? {
        let notification = Notification { status: MessageStatus::Sent, ..notification.clone() };
        apply(app, conn, &notification, &told).await?;
    }
    Ok(())
}

/// Moves a message by what its provider says; forward only.
pub(crate) async fn apply(app: &App, conn: &mut PgConnection, notification: &Notification, told: &Told) -> Result<bool, DbError> {
    if !notification.status.moves_to(told.status) {
        return Ok(false);
    }
    let (id, now) = (notification.id, app.kit.clock.now());
    match told.status {
        MessageStatus::Delivered => Ok(notifications::delivered(conn, id, told.at, now).await?),
        MessageStatus::Read => Ok(notifications::read(conn, id, told.at, now).await?),
        MessageStatus::Failed => {
            let words = told.error.as_deref().unwrap_or("the provider gives no reason");
            let code = told.error_code.unwrap_or_default();
            if matches!(WhatsappError::from_code(code.into(), words), WhatsappError::Undeliverable { .. }) {
                switch_off(app, conn, notification, Fault::NotOnWhatsapp).await?;
            }
            give_up(app, conn, notification, &format!("failed after it was accepted ({code}): {words}")).await?;
            Ok(true)
        }
        MessageStatus::Pending | MessageStatus::Sending | MessageStatus::Sent => Ok(false),
    }
}

async fn switch_off(app: &App, conn: &mut PgConnection, notification: &Notification, fault: Fault) -> Result<(), DbError> {
    let (user_id, now) = (notification.recipient_id, app.kit.clock.now());
    match fault {
        Fault::NotTheAddress => {}
        Fault::PhoneIsNone => contacts::phone_is_none(conn, user_id, now).await?,
        Fault::NotOnWhatsapp => contacts::not_on_whatsapp(conn, user_id, now + OFF_WHATSAPP, now).await?,
        Fault::EmailIsNone => contacts::email_is_none(conn, user_id, now).await?,
    }
    Ok(())
}

async fn give_up(app: &App, conn: &mut PgConnection, notification: &Notification, reason: &str) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    if !notifications::failed(conn, notification.id, reason, now).await? {
        return Ok(());
    }
    let event = NotificationFailed {
        notification_id: notification.id,
        user_id: Some(notification.recipient_id),
        order_id: notification.order_id,
        channel: notification.channel,
        template: notification.notification_type.clone(),
        reason: reason.to_owned(),
    };
    outbox::append(conn, now, &*app.kit.ids, &actor(), &event).await?;
    // A code went out by SMS at the same time, and is not kept to be sent again.
    if notification.channel != NotificationChannel::Whatsapp || notification.category == Category::Security {
        return Ok(());
    }
    let next = async {
        let person = Person::load(conn, notification.recipient_id).await?;
        let plan = Plan {
            template: &notification.notification_type,
            channels: &[],
            variables: &notification.data.variables,
            order_id: notification.order_id,
            cause: &notification.cause,
            fallback_of: Some(notification.id),
        };
        plan_instead(app, conn, &person, &plan).await
    };
    match next.await {
        Ok(_) => Ok(()),
        Err(PlanError::Db(error)) => Err(error),
        Err(error) => {
            tracing::warn!(notification_id = %notification.id, %error, "no other channel could be planned");
            Ok(())
        }
    }
}

fn actor() -> Actor {
    Actor::system(ServiceName::Notification)
}
