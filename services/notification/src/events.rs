//! What it listens to: the matrix's events, whatever says who can be reached, and what became of messages.

use std::time::Duration;

use bus::Outcome;
use domain::events::{DomainEvent as _, Envelope, MessageStatusChanged};

use crate::App;
use crate::usecases::note_status::note_event;
use crate::usecases::notify::{NotifyError, notify};
use crate::usecases::plan::PlanError;

/// What is not known yet comes by another event.
const SHORTLY: Duration = Duration::from_secs(1);

/// Takes one event.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Outcome {
    let taken = if envelope.r#type == MessageStatusChanged::TYPE {
        note_event(&app, &envelope).await
    } else {
        notify(&app, &envelope).await
    };
    match taken {
        Ok(outcome) => outcome,
        Err(NotifyError::Malformed(error)) => Outcome::Reject(error.to_string()),
        Err(NotifyError::Plan(PlanError::UnknownRecipient)) => Outcome::Retry(SHORTLY),
        Err(NotifyError::Plan(error @ (PlanError::NoTemplate | PlanError::Flaw(_)))) => Outcome::Reject(error.to_string()),
        Err(NotifyError::Plan(PlanError::Db(error)) | NotifyError::Db(error)) => {
            tracing::warn!(%error, event = envelope.r#type, "an event could not be taken");
            Outcome::Retry(SHORTLY)
        }
    }
}
