//! Every route of the service.

mod analytics;
mod disputes;
mod error;
mod inputs;
mod internal;
mod invoice_facts;
mod items;
mod lists;
mod orders;
mod reading;
pub(crate) mod shapes;
mod story;
mod stream;
mod ticket_shapes;
mod tickets;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(orders::routes())
        .merge(reading::routes())
        .merge(items::routes())
        .merge(lists::routes())
        .merge(analytics::routes())
        .merge(stream::routes())
        .merge(tickets::routes())
        .merge(disputes::routes())
        .merge(internal::routes())
}
