//! Keeping the read copy of who can be reached.

use bus::Outcome;
use domain::events::{
    DomainEvent as _, Envelope, EventError, UserFacts, UserRegistered, UserUpdated, VendorAvailabilityChanged, VendorFacts,
    VendorKycApproved, VendorKycRejected, VendorKycSubmitted, VendorOnboarded, VendorStatusChanged, VendorUpdated,
};
use sqlx::PgConnection;

use crate::App;
use crate::store::contacts;

/// What an event says about who can be reached.
pub(crate) enum Reach {
    /// A user.
    User(UserFacts),
    /// A business.
    Vendor(VendorFacts),
}

/// Reads it; `None` when the event says nothing of the kind.
pub(crate) fn said(envelope: &Envelope) -> Result<Option<Reach>, EventError> {
    let vendor = |vendor| Ok(Some(Reach::Vendor(vendor)));
    match envelope.r#type.as_str() {
        UserRegistered::TYPE => Ok(Some(Reach::User(envelope.parse::<UserRegistered>()?.user))),
        UserUpdated::TYPE => Ok(Some(Reach::User(envelope.parse::<UserUpdated>()?.user))),
        VendorOnboarded::TYPE => vendor(envelope.parse::<VendorOnboarded>()?.vendor),
        VendorKycSubmitted::TYPE => vendor(envelope.parse::<VendorKycSubmitted>()?.vendor),
        VendorKycApproved::TYPE => vendor(envelope.parse::<VendorKycApproved>()?.vendor),
        VendorKycRejected::TYPE => vendor(envelope.parse::<VendorKycRejected>()?.vendor),
        VendorUpdated::TYPE => vendor(envelope.parse::<VendorUpdated>()?.vendor),
        VendorAvailabilityChanged::TYPE => vendor(envelope.parse::<VendorAvailabilityChanged>()?.vendor),
        VendorStatusChanged::TYPE => vendor(envelope.parse::<VendorStatusChanged>()?.vendor),
        _ => Ok(None),
    }
}

/// Keeps it in the caller's transaction; [`Outcome::Stale`] when something newer is known.
pub(crate) async fn keep_contact(
    app: &App,
    conn: &mut PgConnection,
    envelope: &Envelope,
    reach: &Reach,
) -> sqlx::Result<Outcome> {
    let now = app.kit.clock.now();
    let news = match reach {
        Reach::User(user) => contacts::keep_user(conn, user, envelope.sequence, now).await?,
        Reach::Vendor(vendor) => contacts::keep_vendor(conn, vendor, now).await?,
    };
    Ok(if news { Outcome::Done } else { Outcome::Stale })
}
