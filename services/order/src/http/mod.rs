//! Every route of the service.

mod error;
mod inputs;
mod internal;
mod lists;
mod orders;
mod reading;
pub(crate) mod shapes;
mod story;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(orders::routes()).merge(reading::routes()).merge(lists::routes()).merge(internal::routes())
}
