//! Sending a template to somebody because a service or staff asks for it.

use domain::{NotificationChannel, NotificationId, OrderId, UserId};

use crate::App;
use crate::domain::message::Category;
use crate::domain::template::Flaw;
use crate::domain::wording::{self, Variables};
use crate::store::{notifications, people};
use crate::usecases::plan::{Plan, PlanError, compose, keep, text_for};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) channel: NotificationChannel,
    pub(crate) user_id: UserId,
    pub(crate) template: String,
    pub(crate) variables: Variables,
    pub(crate) order_id: Option<OrderId>,
    /// The caller's own key for it: the same key is sent once.
    pub(crate) key: Option<String>,
    /// Whose key.
    pub(crate) caller: String,
}

/// Plans it; the messages are none when the recipient does not want them this way or has no address for it.
pub(crate) async fn send_message(app: &App, asked: &Asked) -> Result<Vec<NotificationId>, PlanError> {
    let key = asked.key.clone().unwrap_or_else(|| app.kit.ids.uuid().to_string());
    let cause = format!("request/{}/{key}", asked.caller);
    let mut tx = app.kit.pool.begin().await?;
    let who = people::Asked { users: vec![asked.user_id], ..people::Asked::default() };
    let person = people::people(&mut tx, &who).await?.pop().ok_or(PlanError::UnknownRecipient)?;
    let language = person.contact.preferred_language.clone();
    let texts = app.texts.in_use(&mut tx, &asked.template, &language).await?;
    let text = text_for(&texts, asked.channel, &language).ok_or(PlanError::NoTemplate)?;
    if text.content.category == Category::Security {
        // Codes have an operation of their own, which keeps them nowhere.
        return Err(PlanError::Flaw(Flaw { field: "template".into(), message: "codes are not sent this way".into() }));
    }
    // Also when it is not sent in the end: whoever asks learns that something is missing.
    let values = wording::spoken_for(&asked.variables);
    text.content.render(&wording::said(&values, &language), &language).map_err(PlanError::Flaw)?;
    let message = Plan {
        template: &asked.template,
        channels: &[asked.channel],
        values: &values,
        order_id: asked.order_id,
        cause: &cause,
        fallback_of: None,
    };
    let messages = compose(app, &person, &message, &texts)?;
    let kept = keep(app, &mut tx, &messages).await?;
    let planned = if kept.len() == messages.len() {
        kept
    } else {
        // The same was asked before.
        let keys: Vec<String> = messages.iter().map(|message| message.dedupe_key.clone()).collect();
        notifications::by_dedupe_keys(&mut tx, &keys).await?.into_iter().map(|(_, id)| id).collect()
    };
    tx.commit().await?;
    app.wake.notify_one();
    Ok(planned)
}
