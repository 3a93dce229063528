//! What other services say: users and their phones, vendors and where they deliver.

use std::time::Duration;

use bus::Outcome;
use domain::events::{
    DomainEvent, Envelope, MaterialChanged, OfferChanged, StockLow, UserFacts, UserRegistered, UserUpdated,
    VendorAvailabilityChanged, VendorFacts, VendorKycApproved, VendorKycRejected, VendorKycSubmitted, VendorOnboarded,
    VendorStatusChanged, VendorUpdated,
};
use pg_kit::{DbError, inbox};

use crate::App;
use crate::store::{contacts, vendors};

const CONSUMER: &str = "integration";

/// Takes one event.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    let is = |name: &str| envelope.r#type == name;
    if is(UserRegistered::TYPE) {
        return with(&app, &envelope, |event: UserRegistered| Fact::User(event.user)).await;
    }
    if is(UserUpdated::TYPE) {
        return with(&app, &envelope, |event: UserUpdated| Fact::User(event.user)).await;
    }
    match envelope.r#type.as_str() {
        VendorOnboarded::TYPE => with(&app, &envelope, |event: VendorOnboarded| Fact::Vendor(event.vendor)).await,
        VendorKycSubmitted::TYPE => with(&app, &envelope, |event: VendorKycSubmitted| Fact::Vendor(event.vendor)).await,
        VendorKycApproved::TYPE => with(&app, &envelope, |event: VendorKycApproved| Fact::Vendor(event.vendor)).await,
        VendorKycRejected::TYPE => with(&app, &envelope, |event: VendorKycRejected| Fact::Vendor(event.vendor)).await,
        VendorUpdated::TYPE => with(&app, &envelope, |event: VendorUpdated| Fact::Vendor(event.vendor)).await,
        VendorAvailabilityChanged::TYPE => {
            with(&app, &envelope, |event: VendorAvailabilityChanged| Fact::Vendor(event.vendor)).await
        }
        VendorStatusChanged::TYPE => with(&app, &envelope, |event: VendorStatusChanged| Fact::Vendor(event.vendor)).await,
        // The bot asks for stock when it is asked; nothing is kept of it.
        StockLow::TYPE | OfferChanged::TYPE | MaterialChanged::TYPE => Outcome::Done,
        other => Outcome::Reject(format!("this service takes no {other}")),
    }
}

/// What is kept of an event.
enum Fact {
    User(UserFacts),
    Vendor(VendorFacts),
}

async fn with<E: DomainEvent>(app: &App, envelope: &Envelope, fact: impl FnOnce(E) -> Fact) -> Outcome {
    let fact = match envelope.parse::<E>() {
        Ok(event) => fact(event),
        Err(error) => return Outcome::Reject(error.to_string()),
    };
    match keep(app, envelope, &fact).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(%error, event = envelope.r#type, "an event could not be kept");
            Outcome::Retry(Duration::from_secs(1))
        }
    }
}

async fn keep(app: &App, envelope: &Envelope, fact: &Fact) -> Result<Outcome, DbError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, CONSUMER, envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    let news = match fact {
        Fact::User(user) => contacts::keep(&mut tx, user, envelope.sequence, now).await?,
        Fact::Vendor(vendor) => vendors::keep(&mut tx, vendor, now).await?,
    };
    tx.commit().await?;
    Ok(if news { Outcome::Done } else { Outcome::Stale })
}
