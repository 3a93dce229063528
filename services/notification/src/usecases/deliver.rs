//! Sending one message: the job that hands it to its provider, outside any transaction.

use chrono::TimeDelta;
use domain::NotificationId;
use pg_kit::jobs::{Job, JobError};
use serde::Deserialize;

use crate::App;
use crate::channels::{Parcel, Tried};
use crate::domain::message::MessageStatus;
use crate::domain::schedule;
use crate::domain::template::Rendered;
use crate::store::{notifications, templates};
use crate::usecases::plan::Person;
use crate::usecases::settle::{Settled, settle};

/// The kind of the job.
pub(crate) const SEND: &str = "send";

#[derive(Debug, Deserialize)]
struct Payload {
    notification_id: NotificationId,
}

/// Sends the job's message unless it is sent already.
///
/// No provider has an idempotency key. The message is therefore marked before the call, and one that is found marked was
/// in the hands of a process that died: nobody knows whether it went out, and it is not sent a second time.
pub(crate) async fn deliver(app: &App, job: &Job) -> Result<(), JobError> {
    let Payload { notification_id } = job.parse()?;
    let mut conn = app.kit.pool.acquire().await?;
    let Some(mut notification) = notifications::find(&mut conn, notification_id).await? else {
        return Err(JobError::fail("the message is not there"));
    };
    if notification.status == MessageStatus::Sending {
        drop(conn);
        let interrupted = Tried::Unknown { reason: "sending was interrupted".to_owned() };
        return finish(settle(app, Some(job), &notification, interrupted.into()).await?);
    }
    let now = app.kit.clock.now();
    let due = schedule::earliest(notification.category, now);
    if due > now {
        let wait = (due - now).max(TimeDelta::zero()).to_std().unwrap_or_default();
        return Err(JobError::retry_after(wait, "quiet hours"));
    }
    let person = Person::load(&mut conn, notification.recipient_id).await.map_err(JobError::retry)?;
    let template = templates::find(&mut conn, notification.template_id).await?;
    let template = template.ok_or_else(|| JobError::fail("the message's template is not there"))?;
    if !notifications::begin_sending(&mut conn, notification_id, now).await? {
        return Ok(());
    }
    drop(conn);
    notification.attempts += 1;
    let rendered =
        Rendered { subject: notification.subject.clone(), body: notification.body.clone(), html: notification.html_body.clone() };
    let parcel = Parcel {
        id: notification.id,
        channel: notification.channel,
        category: notification.category,
        order_id: notification.order_id,
        contact: &person.contact,
        tokens: &person.tokens,
        template: &template,
        rendered: &rendered,
        variables: &notification.data.variables,
    };
    let tried = app.channels.send(&parcel).await;
    finish(settle(app, Some(job), &notification, tried).await?)
}

fn finish(settled: Settled) -> Result<(), JobError> {
    match settled {
        Settled::Sent | Settled::Failed => Ok(()),
        Settled::Again { after, reason } => Err(JobError::retry_after(after, reason)),
    }
}
