//! Every route of the service.

mod devices;
mod error;
mod inbox;
mod internal;
mod preferences;
mod send;
mod templates;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send::send_email))
        .routes(routes!(send::send_whatsapp))
        .routes(routes!(send::send_sms))
        .routes(routes!(send::send_push))
        .routes(routes!(inbox::list))
        .routes(routes!(inbox::get))
        .routes(routes!(inbox::read))
        .routes(routes!(templates::list, templates::create))
        .routes(routes!(templates::revise))
        .routes(routes!(templates::preview))
        .routes(routes!(preferences::get, preferences::put))
        .routes(routes!(devices::register))
        .routes(routes!(devices::forget))
        .routes(routes!(internal::delivery_otp))
        .routes(routes!(webhooks::ses))
        .routes(routes!(webhooks::twilio))
}
