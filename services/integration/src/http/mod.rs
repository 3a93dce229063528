//! Every route of the service.

mod error;
mod location;
mod media;
mod whatsapp;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(whatsapp::routes()).merge(media::routes()).merge(location::routes())
}
