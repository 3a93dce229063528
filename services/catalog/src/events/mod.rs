//! What the service listens to. What it says is appended by the use cases.

use std::time::Duration;

use bus::Outcome;
use domain::events::{
    DomainEvent, Envelope, EventError, OrderCancelled, OrderConfirmed, OrderDelivered, VendorAvailabilityChanged,
    VendorKycApproved, VendorKycRejected, VendorKycSubmitted, VendorOnboarded, VendorStatusChanged, VendorUpdated,
};
use domain::{Actor, EventId, OrderId, ServiceName};

use crate::App;
use crate::domain::reservation::Ending;
use crate::usecases::CatalogError;
use crate::usecases::end_reservation::end_in;
use crate::usecases::keep_reservation::keep_reservation;
use crate::usecases::keep_vendor::keep_vendor;

/// The name that the inbox knows this service by.
pub(crate) const CONSUMER: &str = "catalog";

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It had its effect.
    Done,
    /// It came before.
    Duplicate,
    /// Something newer came before.
    Stale,
}

/// Why an event was not taken.
enum Refused {
    /// It is not what its name says.
    Malformed(EventError),
    /// Our side could not.
    Failed(CatalogError),
}

impl From<EventError> for Refused {
    fn from(error: EventError) -> Self {
        Self::Malformed(error)
    }
}

impl From<CatalogError> for Refused {
    fn from(error: CatalogError) -> Self {
        Self::Failed(error)
    }
}

/// Takes one event.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    match take(&app, &envelope).await {
        Ok(Taken::Done) => Outcome::Done,
        Ok(Taken::Duplicate) => Outcome::Duplicate,
        Ok(Taken::Stale) => Outcome::Stale,
        Err(Refused::Malformed(error)) => Outcome::Reject(error.to_string()),
        Err(Refused::Failed(error)) => {
            tracing::warn!(event = envelope.r#type, %error, "an event waits for another try");
            Outcome::Retry(Duration::from_secs(1))
        }
    }
}

async fn take(app: &App, envelope: &Envelope) -> Result<Taken, Refused> {
    let id = envelope.event_id;
    let taken = match envelope.r#type.as_str() {
        VendorOnboarded::TYPE => keep_vendor(app, id, &envelope.parse::<VendorOnboarded>()?.vendor).await?,
        VendorKycSubmitted::TYPE => keep_vendor(app, id, &envelope.parse::<VendorKycSubmitted>()?.vendor).await?,
        VendorKycApproved::TYPE => keep_vendor(app, id, &envelope.parse::<VendorKycApproved>()?.vendor).await?,
        VendorKycRejected::TYPE => keep_vendor(app, id, &envelope.parse::<VendorKycRejected>()?.vendor).await?,
        VendorUpdated::TYPE => keep_vendor(app, id, &envelope.parse::<VendorUpdated>()?.vendor).await?,
        VendorAvailabilityChanged::TYPE => keep_vendor(app, id, &envelope.parse::<VendorAvailabilityChanged>()?.vendor).await?,
        VendorStatusChanged::TYPE => keep_vendor(app, id, &envelope.parse::<VendorStatusChanged>()?.vendor).await?,
        OrderConfirmed::TYPE => confirmed(app, id, envelope.parse::<OrderConfirmed>()?.order.order_id).await?,
        OrderCancelled::TYPE => ended(app, id, envelope.parse::<OrderCancelled>()?.order.order_id, Ending::Release).await?,
        OrderDelivered::TYPE => ended(app, id, envelope.parse::<OrderDelivered>()?.order.order_id, Ending::Commit).await?,
        // The other steps of an order change nothing here.
        _ => Taken::Done,
    };
    Ok(taken)
}

async fn confirmed(app: &App, event_id: EventId, order_id: OrderId) -> Result<Taken, CatalogError> {
    let mut tx = app.kit.pool.begin().await?;
    if !pg_kit::inbox::first_time(&mut tx, CONSUMER, event_id, app.kit.clock.now()).await? {
        return Ok(Taken::Duplicate);
    }
    keep_reservation(&mut tx, order_id).await?;
    tx.commit().await?;
    Ok(Taken::Done)
}

async fn ended(app: &App, event_id: EventId, order_id: OrderId, ending: Ending) -> Result<Taken, CatalogError> {
    let mut tx = app.kit.pool.begin().await?;
    if !pg_kit::inbox::first_time(&mut tx, CONSUMER, event_id, app.kit.clock.now()).await? {
        return Ok(Taken::Duplicate);
    }
    match end_in(app, &mut tx, &Actor::system(ServiceName::Catalog), order_id, ending).await {
        Ok(_) => {}
        // Nothing more can come of it: somebody has to look at the count of this vendor's stock.
        Err(error @ (CatalogError::ReservationEnded { .. } | CatalogError::NotFound(_))) => {
            metrics::counter!("reservation_end_contradicted_total").increment(1);
            tracing::error!(%order_id, %error, "an order ended otherwise than its reservation");
        }
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    Ok(Taken::Done)
}
