//! Every route of the service.

mod deliveries;
mod delivery_proofs;
mod delivery_shapes;
mod error;
mod internal;
mod internal_deliveries;
mod kyc;
mod performance;
mod settlement_shapes;
mod settlements;
mod statements;
mod vendor_shapes;
mod vendor_staff;
mod vendors;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(vendors::routes())
        .merge(vendor_staff::routes())
        .merge(kyc::routes())
        .merge(performance::routes())
        .merge(deliveries::routes())
        .merge(delivery_proofs::routes())
        .merge(settlements::routes())
        .merge(internal::routes())
        .merge(internal_deliveries::routes())
}
