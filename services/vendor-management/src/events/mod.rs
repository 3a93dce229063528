//! What the service learns from others: orders to deliver and to settle, refunds, disputes, users who are gone.

mod orders;
mod settlements;
mod users;

use std::time::Duration;

use bus::Outcome;
use domain::events::{
    CodCollected, DisputeRaised, DisputeResolved, DomainEvent, Envelope, EventError, OrderCancelled, OrderCompleted,
    OrderConfirmed, OrderDelivered, RefundProcessed, UserUpdated,
};
use sqlx::PgConnection;

use crate::App;
use crate::usecases::Refusal;

const CONSUMER: &str = "vendor-management";

/// Takes one event. Any order, any number of times.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    let outcome = match envelope.r#type.as_str() {
        OrderConfirmed::TYPE => orders::confirmed(&app, &envelope).await,
        OrderCancelled::TYPE => orders::cancelled(&app, &envelope).await,
        OrderDelivered::TYPE => orders::delivered(&app, &envelope).await,
        OrderCompleted::TYPE => settlements::completed(&app, &envelope).await,
        CodCollected::TYPE => settlements::cash_collected(&app, &envelope).await,
        RefundProcessed::TYPE => settlements::refunded(&app, &envelope).await,
        DisputeRaised::TYPE => settlements::disputed(&app, &envelope).await,
        DisputeResolved::TYPE => settlements::dispute_resolved(&app, &envelope).await,
        UserUpdated::TYPE => users::updated(&app, &envelope).await,
        // The catalogue sends all facts of an order, a payment and a file; the rest changes nothing here.
        _ => Ok(Outcome::Done),
    };
    outcome.unwrap_or_else(failed)
}

/// Why an event could not be applied.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Unreadable(#[from] EventError),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<pg_kit::DbError> for Failed {
    fn from(error: pg_kit::DbError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<domain::MoneyError> for Failed {
    fn from(error: domain::MoneyError) -> Self {
        Self::Refused(error.into())
    }
}

fn failed(error: Failed) -> Outcome {
    match error {
        Failed::Refused(Refusal::Db(error)) if error.is_transient() => {
            tracing::warn!(%error, "an event could not be applied yet");
            Outcome::Retry(Duration::from_secs(1))
        }
        Failed::Refused(Refusal::ConcurrentChange) => Outcome::Retry(Duration::from_secs(1)),
        other => Outcome::Reject(other.to_string()),
    }
}

/// Whether the event is new to us, in the transaction that applies it.
async fn is_new(conn: &mut PgConnection, app: &App, envelope: &Envelope) -> Result<bool, Failed> {
    Ok(pg_kit::inbox::first_time(conn, CONSUMER, envelope.event_id, app.kit.clock.now()).await?)
}
