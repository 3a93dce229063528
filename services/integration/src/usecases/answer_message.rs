//! Answers what came in: the messages of one phone one after the other, the oldest first, each with one effect and one
//! reply (rule 45).

use std::time::Duration;

use domain::{Phone, UserStatus, UserType};
use pg_kit::DbError;
use pg_kit::jobs::JobError;
use serde_json::Value;
use uuid::Uuid;
use whatsapp::InboundMessage;

use super::receive_webhook::enqueue;
use super::send_message::content;
use crate::App;
use crate::bot::{self, Answer, State, Steps, Trouble, Turn, Vendor};
use crate::jobs::SEND_MESSAGE;
use crate::store::contacts::{self, Contact};
use crate::store::conversations::{self, Conversation};
use crate::store::messages::{self, NewOutbound, Unanswered};
use crate::store::vendors;

/// Longer than a job's try may take: whoever holds a conversation holds it alone.
const LEASE_SECONDS: f64 = 70.0;
/// A conversation that somebody else answers is looked at again after this.
const BUSY: Duration = Duration::from_secs(3);
/// What waits behind the job's own message is answered along, up to so many in all: a job has its time.
const TURNS: usize = 4;
/// So often a message is tried; then its sender is told that it did not work.
const TRIES: i32 = 12;

/// Answers a message, and whatever waits before and behind it in the same conversation.
pub(crate) async fn answer(app: &App, message_id: Uuid) -> Result<(), JobError> {
    let conversation_id = {
        let mut conn = app.kit.pool.acquire().await?;
        match messages::conversation_of(&mut conn, message_id).await? {
            Some((conversation_id, true)) => conversation_id,
            Some((_, false)) => return Ok(()),
            None => return Err(JobError::fail("no such message")),
        }
    };
    let lease_id = app.kit.ids.uuid();
    for turn in 1.. {
        {
            let mut conn = app.kit.pool.acquire().await?;
            if !conversations::lease(&mut conn, conversation_id, lease_id, LEASE_SECONDS).await? {
                return Err(JobError::retry_after(BUSY, "the conversation is being answered"));
            }
        }
        let done = oldest(app, conversation_id, lease_id).await;
        let mut conn = app.kit.pool.acquire().await?;
        conversations::release(&mut conn, conversation_id, lease_id).await?;
        let own_waits = messages::conversation_of(&mut conn, message_id).await?.is_some_and(|(_, waits)| waits);
        if !done? || (turn >= TURNS && !own_waits) {
            break;
        }
    }
    Ok(())
}

/// Answers the oldest message that waits; false when none does.
async fn oldest(app: &App, conversation_id: Uuid, lease_id: Uuid) -> Result<bool, JobError> {
    let (message, conversation) = {
        let mut conn = app.kit.pool.acquire().await?;
        let Some(message) = messages::try_oldest(&mut conn, conversation_id).await? else {
            return Ok(false);
        };
        let conversation = conversations::one(&mut conn, conversation_id).await?;
        (message, conversation.ok_or_else(|| JobError::fail("no such conversation"))?)
    };
    let state = State::read(&conversation.context, conversation.last_message_at, app.kit.clock.now());
    let heard: InboundMessage = serde_json::from_value(message.content.clone()).map_err(JobError::fail)?;
    let (answer, user_id) = match reply_to(app, &conversation, &message, &heard, state.clone()).await {
        Ok(answered) => answered,
        Err(Trouble::Later(reason)) if message.attempts < TRIES => {
            let pause = 1_u64 << u32::try_from(message.attempts).unwrap_or(0).min(5);
            return Err(JobError::retry_after(Duration::from_secs(pause), reason));
        }
        Err(Trouble::ShutOut) => (Answer::plain(bot::shut_out(), State::Idle, "none"), None),
        Err(trouble) => {
            tracing::error!(%trouble, message_id = %message.id, "a WhatsApp message was given up");
            (Answer::plain(bot::gave_up(), state, "none"), None)
        }
    };
    keep(app, (conversation_id, lease_id), &message, answer, user_id).await?;
    Ok(true)
}

type Answered = (Answer, Option<domain::UserId>);

async fn reply_to(
    app: &App,
    conversation: &Conversation,
    message: &Unanswered,
    heard: &InboundMessage,
    state: State,
) -> Result<Answered, Trouble> {
    let phone = conversation.phone_number.as_deref().and_then(|phone| phone.parse::<Phone>().ok());
    let Some(contact) = who(app, phone.as_ref()).await? else {
        return Ok((Answer::plain(bot::stranger(&app.config.bot_sign_up_url), State::Idle, "onboarding"), None));
    };
    let user_id = Some(contact.user_id);
    if contact.status != UserStatus::Active {
        return Ok((Answer::plain(bot::shut_out(), State::Idle, "none"), user_id));
    }
    if contact.user_type != UserType::Vendor {
        return Ok((Answer::plain(bot::not_a_vendor(&contact.full_name), State::Idle, "none"), user_id));
    }
    let vendor = vendor_of(app, contact).await?;
    let turn = Turn {
        app,
        vendor,
        state,
        conversation_id: conversation.id,
        steps: Steps::new(app, message.id, message.progress.clone()),
    };
    Ok((bot::answer(&turn, heard).await?, user_id))
}

/// Who has the phone: by our own copy, else by asking the user service.
async fn who(app: &App, phone: Option<&Phone>) -> Result<Option<Contact>, Trouble> {
    let Some(phone) = phone else {
        return Ok(None);
    };
    let known = async {
        let mut conn = app.kit.pool.acquire().await?;
        contacts::by_phone(&mut conn, phone).await
    };
    let known = known.await.map_err(|error: sqlx::Error| Trouble::Later(error.to_string()))?;
    if let Some(contact) = known.filter(|contact| contact.status != UserStatus::Deleted) {
        return Ok(Some(contact));
    }
    let asked = app.users.by_phone(phone).await.map_err(|error| Trouble::Later(error.to_string()))?;
    Ok(asked.map(Contact::from).filter(|contact| contact.status != UserStatus::Deleted))
}

async fn vendor_of(app: &App, contact: Contact) -> Result<Vendor, Trouble> {
    let known = match contact.vendor_id {
        Some(id) => Some(id),
        None => {
            let copy = async {
                let mut conn = app.kit.pool.acquire().await?;
                vendors::of_user(&mut conn, contact.user_id).await
            };
            copy.await.map_err(|error: sqlx::Error| Trouble::Later(error.to_string()))?
        }
    };
    let vendor_id = match known {
        Some(id) => id,
        None => {
            let asked = app.vendors.by_user(contact.user_id).await.map_err(|error| Trouble::Later(error.to_string()))?;
            asked.ok_or_else(|| Trouble::Later("the vendor is not there yet".to_owned()))?.vendor_id
        }
    };
    Ok(Vendor { uid: contact.firebase_uid, vendor_id, name: contact.full_name })
}

/// Writes down that the message is answered, with what, and where the conversation stands now: all or nothing.
async fn keep(
    app: &App,
    (conversation_id, lease_id): (Uuid, Uuid),
    message: &Unanswered,
    answer: Answer,
    user_id: Option<domain::UserId>,
) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    let kept = answer.reply.kept();
    let reply: Value = content(&kept)?;
    let mut tx = app.kit.pool.begin().await?;
    let state = answer.state.to_value();
    if !conversations::answered(&mut tx, conversation_id, lease_id, (answer.state.as_str(), &state), user_id, now).await? {
        return Err(DbError::State("the conversation was taken over"));
    }
    let confidence = f64::from(answer.confidence).clamp(0.0, 1.0);
    if !messages::answered(&mut tx, message.id, answer.intent, confidence, now).await? {
        return Ok(());
    }
    let new = NewOutbound {
        id: app.kit.ids.uuid(),
        conversation_id,
        kind: kept.kind(),
        text: kept.text(),
        content: &reply,
        in_reply_to: Some(message.id),
        dedupe_key: None,
    };
    if let Some(id) = messages::queue(&mut tx, &new, now).await? {
        enqueue(&mut tx, app, SEND_MESSAGE, id, now).await?;
    }
    tx.commit().await?;
    metrics::counter!("bot_answers_total", "intent" => answer.intent).increment(1);
    tracing::info!(intent = answer.intent, confidence, message_id = ?message.whatsapp_message_id, "a WhatsApp message was answered");
    Ok(())
}
