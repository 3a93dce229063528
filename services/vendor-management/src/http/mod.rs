//! Every route of the service.

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
