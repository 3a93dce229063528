//! The WhatsApp bot: recognise, act, answer.
//!
//! `recognise` turns words into what is wanted or into a question back, without calling anybody. `acts` does it through the
//! public API with the vendor's own token (rule 11): the bot has no back door. `say` holds what it says.

mod acts;
mod intent;
mod market;
mod photo;
mod recognise;
#[cfg(test)]
mod recognise_tests;
mod say;
mod state;
mod tokens;
mod vendor;
mod vocabulary;
mod words;

pub(crate) use market::{Marketplace, Trouble};
pub(crate) use say::{Reply, gave_up, not_a_vendor, shut_out, stranger};
pub(crate) use state::State;
pub(crate) use tokens::VendorTokens;
pub(crate) use vendor::{Steps, Turn, Vendor};

use whatsapp::{InboundMessage, MessageKind};

use intent::Intent;
use recognise::{Ask, Heard, Recognised, Understood, recognise};

/// An answer, with what it was an answer to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) state: State,
    pub(crate) intent: &'static str,
    pub(crate) confidence: f32,
}

impl Answer {
    /// An answer to what could not be anything else.
    pub(crate) fn plain(reply: Reply, state: State, intent: &'static str) -> Self {
        Self { reply, state, intent, confidence: 1.0 }
    }
}

/// Answers a vendor's message.
pub(crate) async fn answer(turn: &Turn<'_>, message: &InboundMessage) -> Result<Answer, Trouble> {
    match &message.kind {
        MessageKind::Text { body } => hear(turn, body, message.forwarded).await,
        MessageKind::ButtonReply { id, title } | MessageKind::ListReply { id, title } => press(turn, id, title).await,
        MessageKind::TemplateButton { payload, text } => press(turn, payload, text).await,
        MessageKind::Image(file) => photo::receive(turn, file, message.forwarded).await,
        MessageKind::Document(file) if file.mime_type.starts_with("image/") => {
            photo::receive(turn, file, message.forwarded).await
        }
        other => Ok(Answer::plain(say::unsupported(other), turn.state.clone(), "unsupported")),
    }
}

async fn hear(turn: &Turn<'_>, text: &str, forwarded: bool) -> Result<Answer, Trouble> {
    let heard = Heard {
        text,
        forwarded,
        code_awaited: matches!(turn.state, State::AwaitingCode { .. }),
        limit: turn.app.config.confidence_limit(),
    };
    let understood = recognise(&heard);
    if let State::AwaitingReason { order_number } = &turn.state
        && let Some(reason) = reason_in_context(&understood, text, forwarded)
    {
        let wanted = Recognised {
            intent: Intent::Reject,
            order: Some(order_number.clone()),
            code: None,
            reason: Some(reason),
            amount: None,
            confidence: 1.0,
        };
        return act(turn, wanted).await;
    }
    match understood {
        Understood::Wanted(wanted) => act(turn, wanted).await,
        Understood::Ask(doubt) => Ok(ask(turn, &doubt)),
    }
}

/// Asked why an order is rejected, whatever is no other wish is the reason.
fn reason_in_context(understood: &Understood, text: &str, forwarded: bool) -> Option<String> {
    let other_wish = match understood {
        Understood::Wanted(wanted) => wanted.intent != Intent::Reject,
        Understood::Ask(ask) => {
            ask.likely.is_some_and(|likely| !matches!(likely, Intent::Reject | Intent::Stock)) || text.contains('?')
        }
    };
    let text = text.trim();
    (!other_wish && !forwarded && text.chars().count() >= 3).then(|| text.to_owned())
}

fn ask(turn: &Turn<'_>, doubt: &Ask) -> Answer {
    Answer {
        reply: say::ask_back(doubt),
        state: turn.state.clone(),
        intent: doubt.likely.map_or("none", Intent::as_str),
        confidence: doubt.confidence,
    }
}

/// A button says what is wanted, without doubt: `confirm:ORD000001`. What is no button of ours is read as words.
async fn press(turn: &Turn<'_>, id: &str, title: &str) -> Result<Answer, Trouble> {
    let (word, rest) = id.split_once(':').unwrap_or((id, ""));
    let (order, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let order = order.parse().ok();
    match Intent::read(word) {
        Some(Intent::Photo) => photo::attach_earlier(turn, order, rest).await,
        Some(intent) if order.is_some() || !intent.takes_order() || !intent.acts() => {
            let wanted = Recognised { intent, order, code: None, reason: None, amount: None, confidence: 1.0 };
            act(turn, wanted).await
        }
        _ => hear(turn, if id.contains(' ') { id } else { title }, false).await,
    }
}

async fn act(turn: &Turn<'_>, wanted: Recognised) -> Result<Answer, Trouble> {
    let (intent, confidence) = (wanted.intent.as_str(), wanted.confidence);
    let (reply, state) = acts::act(turn, wanted).await?;
    Ok(Answer { reply, state, intent, confidence })
}
