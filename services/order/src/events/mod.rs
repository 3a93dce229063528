//! What the service hears: money, deliveries, stock, settlements and messages. Each goes into the order's story, some
//! move the order; any order, any number of times.

mod heard;

use std::time::Duration;

use bus::Outcome;
use domain::Actor;
use domain::events::{Envelope, EventError};

use crate::App;
use crate::domain::timeline::source_of;
use crate::store::timeline::{self, Happened, Taken};
use crate::usecases::moves::By;
use crate::usecases::{Refusal, follow_delivery, follow_payment};
use heard::{Effect, Heard, hear};

/// The consumer's name in the inbox.
const CONSUMER: &str = "order";

/// Takes one event.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    let heard = match hear(&envelope) {
        Ok(Some(heard)) => heard,
        Ok(None) => return Outcome::Done,
        Err(error @ (EventError::Malformed { .. } | EventError::OtherType { .. })) => return Outcome::Reject(error.to_string()),
    };
    match take(&app, &envelope, &heard).await {
        Ok(outcome) => outcome,
        Err(Refusal::NotFound) => Outcome::Reject("there is no such order".to_owned()),
        Err(Refusal::AmountMismatch) => Outcome::Reject("the amount is not what the order costs".to_owned()),
        Err(error) => {
            tracing::warn!(r#type = envelope.r#type, event_id = %envelope.event_id, %error, "an event waits");
            Outcome::Retry(Duration::from_secs(1))
        }
    }
}

async fn take(app: &App, envelope: &Envelope, heard: &Heard) -> Result<Outcome, Refusal> {
    let now = app.kit.clock.now();
    let source = source_of(&envelope.r#type);
    let happened = Happened {
        consumer: CONSUMER,
        event_id: envelope.event_id,
        orders: &heard.orders,
        occurred_at: envelope.occurred_at,
        source,
        event_type: &envelope.r#type,
        summary: &heard.summary,
        actor: &envelope.actor,
        opened: if let Effect::Opened(payment) = heard.effect { Some(payment) } else { None },
        now,
    };
    if matches!(heard.effect, Effect::None | Effect::Opened(_)) {
        // The story, and with it the payment: one statement, no transaction around it.
        let mut conn = app.kit.pool.acquire().await?;
        return match timeline::take(&mut conn, &happened).await? {
            Taken::Unknown => Err(Refusal::NotFound),
            Taken::Again => Ok(Outcome::Duplicate),
            Taken::New => Ok(Outcome::Done),
        };
    }
    let mut tx = app.kit.pool.begin().await?;
    match timeline::take(&mut tx, &happened).await? {
        Taken::Unknown => return Err(Refusal::NotFound),
        Taken::Again => return Ok(Outcome::Duplicate),
        Taken::New => {}
    }
    let system = Actor::system(source);
    let news = effect(&By { app, actor: &system, now }, &mut tx, heard).await?;
    tx.commit().await?;
    Ok(if news { Outcome::Done } else { Outcome::Stale })
}

/// What it does to the order; false when the order was past it.
async fn effect(by: &By<'_>, conn: &mut sqlx::PgConnection, heard: &Heard) -> Result<bool, Refusal> {
    match heard.effect {
        Effect::None | Effect::Opened(_) => Ok(true),
        Effect::Captured(order, money) => follow_payment::captured(by, conn, order, money).await,
        Effect::PaymentFailed(order) => follow_payment::failed(by, conn, order).await,
        Effect::Collected(order, at) => follow_payment::collected(by, conn, order, at).await,
        Effect::Refunded(order, money) => follow_payment::refunded(by, conn, order, money).await,
        Effect::Dispatched(order) => follow_delivery::dispatched(by, conn, order).await,
        Effect::Delivered(order) => follow_delivery::delivered(by, conn, order).await,
    }
}
