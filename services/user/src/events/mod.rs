//! What the service listens to. `UserAccessChanged` is the kit's own affair.

use std::time::Duration;

use bus::Outcome;
use domain::events::{
    AuditRecorded, DomainEvent, Envelope, EventError, OrderCompleted, VendorAvailabilityChanged, VendorFacts, VendorKycApproved,
    VendorKycRejected, VendorKycSubmitted, VendorOnboarded, VendorStatusChanged, VendorUpdated,
};

use crate::App;
use crate::usecases::{self, Refusal};

/// Takes one event, in any order and any number of times.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    match take(&app, &envelope).await {
        Ok(outcome) => outcome,
        Err(Failure::Malformed(error)) => Outcome::Reject(error.to_string()),
        Err(Failure::Refused(Refusal::Db(error))) if error.is_transient() => Outcome::Retry(Duration::from_secs(1)),
        Err(Failure::Refused(refusal)) => {
            tracing::error!(event_id = %envelope.event_id, kind = %envelope.r#type, error = %refusal, "an event was not applied");
            Outcome::Retry(Duration::from_secs(30))
        }
    }
}

enum Failure {
    Malformed(EventError),
    Refused(Refusal),
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::Malformed(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn take(app: &App, envelope: &Envelope) -> Result<Outcome, Failure> {
    if let Some(vendor) = vendor(envelope)? {
        return Ok(usecases::follow_vendor(app, envelope, &vendor).await?);
    }
    match envelope.r#type.as_str() {
        OrderCompleted::TYPE => Ok(usecases::count_order(app, envelope, &envelope.parse()?).await?),
        AuditRecorded::TYPE => Ok(usecases::record_audit(app, envelope, &envelope.parse()?).await?),
        // The rest of an order's life is not ours to keep.
        _ => Ok(Outcome::Done),
    }
}

/// The vendor of a vendor's event.
fn vendor(envelope: &Envelope) -> Result<Option<VendorFacts>, EventError> {
    Ok(Some(match envelope.r#type.as_str() {
        VendorOnboarded::TYPE => envelope.parse::<VendorOnboarded>()?.vendor,
        VendorKycSubmitted::TYPE => envelope.parse::<VendorKycSubmitted>()?.vendor,
        VendorKycApproved::TYPE => envelope.parse::<VendorKycApproved>()?.vendor,
        VendorKycRejected::TYPE => envelope.parse::<VendorKycRejected>()?.vendor,
        VendorUpdated::TYPE => envelope.parse::<VendorUpdated>()?.vendor,
        VendorAvailabilityChanged::TYPE => envelope.parse::<VendorAvailabilityChanged>()?.vendor,
        VendorStatusChanged::TYPE => envelope.parse::<VendorStatusChanged>()?.vendor,
        _ => return Ok(None),
    }))
}
