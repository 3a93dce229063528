//! Every route of the service.

mod cod;
mod error;
mod invoices;
mod ledger;
mod links;
mod online;
mod quarantine;
mod read;
mod reconciliation;
mod refunds;
mod shapes;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(online::create_order))
        .routes(routes!(online::verify))
        .routes(routes!(online::replace))
        .routes(routes!(webhooks::razorpay))
        .routes(routes!(cod::create))
        .routes(routes!(cod::mark_collected))
        .routes(routes!(cod::verify_proof))
        .routes(routes!(read::list))
        .routes(routes!(read::one))
        .routes(routes!(read::of_order))
        .routes(routes!(links::of_order))
        .routes(routes!(links::of_payment))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::release))
        .routes(routes!(quarantine::refund))
        .routes(routes!(refunds::request))
        .routes(routes!(refunds::status))
        .routes(routes!(invoices::of_order))
        .routes(routes!(invoices::pdf))
        .routes(routes!(reconciliation::reconciliation))
        .routes(routes!(ledger::accounts))
        .routes(routes!(ledger::entries))
}
