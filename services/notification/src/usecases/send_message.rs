//! Sending a template to somebody because a service or staff asks for it.

use domain::{NotificationChannel, NotificationId, OrderId, UserId};

use crate::App;
use crate::domain::facts::Variables;
use crate::domain::message::Category;
use crate::domain::template::Flaw;
use crate::store::templates;
use crate::usecases::plan::{Person, Plan, PlanError, plan};

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
    let person = Person::load(&mut tx, asked.user_id).await?;
    let texts = templates::in_use(&mut tx, &asked.template, &person.contact.preferred_language).await?;
    let text = texts.iter().find(|text| text.content.channel == asked.channel).ok_or(PlanError::NoTemplate)?;
    if text.content.category == Category::Security {
        // Codes have an operation of their own, which keeps them nowhere.
        return Err(PlanError::Flaw(Flaw { field: "template".into(), message: "codes are not sent this way".into() }));
    }
    // Also when it is not sent in the end: whoever asks learns that something is missing.
    text.content.render(&asked.variables).map_err(PlanError::Flaw)?;
    let message = Plan {
        template: &asked.template,
        channels: &[asked.channel],
        variables: &asked.variables,
        order_id: asked.order_id,
        cause: &cause,
        fallback_of: None,
    };
    let planned = plan(app, &mut tx, &person, &message).await?;
    tx.commit().await?;
    Ok(planned)
}
