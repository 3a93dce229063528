//! Sending a delivery code (rule 37): at once, by SMS and WhatsApp together, and kept nowhere.

use domain::{NotificationId, OrderId, UserId};
use futures::future::join_all;
use pg_kit::DbError;
use sqlx::PgConnection;

use crate::App;
use crate::channels::{Parcel, Tried, Try};
use crate::domain::message::{MessageStatus, dedupe_key};
use crate::domain::template::Rendered;
use crate::domain::wording::Variables;
use crate::store::notifications::{self, MessageData, NewNotification, Notification};
use crate::store::people::{self, Asked, Person};
use crate::store::templates::Template;
use crate::usecases::deliver::LEASE;
use crate::usecases::plan::{PlanError, text_for};
use crate::usecases::settle::settle_one;

const TEMPLATE: &str = "delivery_otp";
/// What is kept in the code's place.
const REDACTED: &str = "••••••";

/// A code on its way.
#[derive(Debug)]
pub(crate) struct DeliveryOtp {
    pub(crate) user_id: UserId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: String,
    pub(crate) code: String,
    pub(crate) valid_minutes: u32,
}

/// Why nobody got the code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendOtpError {
    /// No channel took it.
    #[error("no channel took the code")]
    NotSent,
    /// It could not be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<DbError> for SendOtpError {
    fn from(error: DbError) -> Self {
        Self::Plan(error.into())
    }
}

impl From<sqlx::Error> for SendOtpError {
    fn from(error: sqlx::Error) -> Self {
        Self::Plan(error.into())
    }
}

struct Ready {
    notification: Notification,
    template: Template,
    rendered: Rendered,
}

/// Sends it and yields the messages; at least one of them was taken.
pub(crate) async fn send_delivery_otp(app: &App, otp: &DeliveryOtp) -> Result<Vec<NotificationId>, SendOtpError> {
    let variables = Variables::from([
        ("code".to_owned(), otp.code.clone()),
        ("order_number".to_owned(), otp.order_number.clone()),
        ("valid_minutes".to_owned(), otp.valid_minutes.to_string()),
    ]);
    let mut tx = app.kit.pool.begin().await?;
    let asked = Asked { users: vec![otp.user_id], ..Asked::default() };
    let person = people::people(&mut tx, &asked).await?.pop().ok_or(PlanError::UnknownRecipient)?;
    let ready = prepare(app, &mut tx, &person, otp, &variables).await?;
    tx.commit().await?;
    let sending = ready.iter().map(|one| send(app, &person, one, &variables));
    let mut taken = false;
    for outcome in join_all(sending).await {
        taken |= outcome?;
    }
    if taken { Ok(ready.iter().map(|one| one.notification.id).collect()) } else { Err(SendOtpError::NotSent) }
}

/// Writes the messages without the code.
async fn prepare(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    otp: &DeliveryOtp,
    variables: &Variables,
) -> Result<Vec<Ready>, SendOtpError> {
    let now = app.kit.clock.now();
    let mut redacted = variables.clone();
    redacted.insert("code".to_owned(), REDACTED.to_owned());
    let language = person.contact.preferred_language.as_str();
    let texts = app.texts.in_use(conn, TEMPLATE, language).await?;
    let mut ready = Vec::new();
    let mut messages = Vec::new();
    for channel in app.matrix.requested(TEMPLATE) {
        let Some(text) = text_for(&texts, *channel, language).filter(|_| person.reachable(*channel, now)) else { continue };
        let rendered = text.content.render(variables, language).map_err(PlanError::Flaw)?;
        let id: NotificationId = app.kit.ids.next();
        let cause = format!("otp/{id}");
        let new = NewNotification {
            id,
            recipient_id: otp.user_id,
            recipient_type: person.contact.user_type,
            notification_type: TEMPLATE.to_owned(),
            channel: *channel,
            category: text.content.category,
            template_id: text.id,
            dedupe_key: dedupe_key(&cause, otp.user_id, *channel, TEMPLATE),
            cause,
            order_id: Some(otp.order_id),
            subject: None,
            body: text.content.render(&redacted, language).map_err(PlanError::Flaw)?.body,
            html_body: None,
            data: MessageData { variables: redacted.clone() },
            status: MessageStatus::Sending,
            due_at: None,
            fallback_of: None,
        };
        ready.push(Ready { notification: Notification::of(&new, now), template: text.clone(), rendered });
        messages.push(new);
    }
    notifications::insert(conn, &messages, LEASE, now).await?;
    Ok(ready)
}

/// Whether this channel took it, in time. There is no second try: the code is not kept, and the vendor can ask for
/// another.
async fn send(app: &App, person: &Person, ready: &Ready, variables: &Variables) -> Result<bool, DbError> {
    let parcel = Parcel {
        id: ready.notification.id,
        channel: ready.notification.channel,
        category: ready.notification.category,
        order_id: ready.notification.order_id,
        contact: &person.contact,
        tokens: &[],
        template: &ready.template,
        rendered: &ready.rendered,
        variables,
    };
    let tried = tokio::time::timeout(app.config.otp_send_timeout, app.channels.send(&parcel)).await;
    let tried = match tried {
        Ok(Try { outcome: Tried::Later { reason, .. }, .. }) => Tried::never(reason).into(),
        Ok(tried) => tried,
        Err(_) => Tried::Unknown { reason: "no answer in time".to_owned() }.into(),
    };
    let taken = matches!(tried.outcome, Tried::Sent { .. });
    settle_one(app, ready.notification.clone(), tried).await?;
    Ok(taken)
}
