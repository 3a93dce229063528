//! What the service listens to: ends of orders, deliveries, settlements, decided disputes.

use std::time::Duration;

use ::domain::events::{
    DisputeResolved, DomainEvent, Envelope, EventError, OrderCancelled, OrderDelivered, SettlementApproved, SettlementPaid,
};
use ::domain::{Actor, ServiceName};
use bus::Outcome;
use sqlx::PgConnection;

use crate::App;
use crate::domain::movements;
use crate::store::changes;
use crate::usecases::PaymentError;
use crate::usecases::cancel_payment::cancel_payment;
use crate::usecases::issue_invoice::enqueue_invoice;
use crate::usecases::post_movement::post_movement;
use crate::usecases::resolve_dispute::resolve_dispute;

const CONSUMER: &str = "payment";
const SOON: Duration = Duration::from_secs(1);

/// Why an event is not applied.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Malformed(#[from] EventError),
    #[error(transparent)]
    Failed(#[from] PaymentError),
}

/// Takes one event: the inbox row and the effect in one transaction.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    let effect = match envelope.r#type.as_str() {
        OrderCancelled::TYPE | OrderDelivered::TYPE | DisputeResolved::TYPE | SettlementApproved::TYPE | SettlementPaid::TYPE => {
            take(&app, &envelope).await
        }
        // The rest of the orders' and settlements' story is none of ours.
        _ => return Outcome::Stale,
    };
    match effect {
        Ok(outcome) => outcome,
        Err(Trouble::Malformed(error)) => Outcome::Reject(error.to_string()),
        // The payment comes by a request of its own, maybe a moment later.
        Err(Trouble::Failed(PaymentError::NotFound)) => Outcome::Retry(SOON),
        Err(Trouble::Failed(error)) if error.is_transient() => {
            tracing::warn!(event_id = %envelope.event_id, %error, "an event has to come again");
            Outcome::Retry(SOON)
        }
        Err(Trouble::Failed(error)) => {
            tracing::error!(event_id = %envelope.event_id, r#type = %envelope.r#type, %error, "an event could not be applied");
            Outcome::Reject(error.to_string())
        }
    }
}

async fn take(app: &App, envelope: &Envelope) -> Result<Outcome, Trouble> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    if !pg_kit::inbox::first_time(&mut tx, CONSUMER, envelope.event_id, now).await.map_err(PaymentError::from)? {
        return Ok(Outcome::Duplicate);
    }
    apply(app, &mut tx, envelope).await?;
    tx.commit().await.map_err(PaymentError::from)?;
    Ok(Outcome::Done)
}

async fn apply(app: &App, conn: &mut PgConnection, envelope: &Envelope) -> Result<(), Trouble> {
    let now = app.kit.clock.now();
    let ours = Actor::system(ServiceName::Payment);
    match envelope.r#type.as_str() {
        OrderCancelled::TYPE => {
            let event: OrderCancelled = envelope.parse()?;
            cancel_payment(app, conn, &ours, event.order.order_id, event.cancelled_at, now).await?;
        }
        OrderDelivered::TYPE => {
            let event: OrderDelivered = envelope.parse()?;
            let known = changes::order_delivered(conn, event.order.order_id, event.delivered_at, now).await;
            if !known.map_err(PaymentError::from)? {
                return Err(PaymentError::NotFound.into());
            }
            enqueue_invoice(app, conn, event.order.order_id, now).await?;
        }
        DisputeResolved::TYPE => {
            let event: DisputeResolved = envelope.parse()?;
            resolve_dispute(app, conn, &ours, &event, now).await?;
        }
        SettlementApproved::TYPE => {
            let event: SettlementApproved = envelope.parse()?;
            post_movement(app, conn, &movements::settlement_approved(&event.settlement), now).await?;
        }
        SettlementPaid::TYPE => {
            let event: SettlementPaid = envelope.parse()?;
            post_movement(app, conn, &movements::settlement_paid(&event.settlement), now).await?;
        }
        _ => {}
    }
    Ok(())
}
