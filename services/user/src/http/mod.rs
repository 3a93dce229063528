//! Every route of the service.

mod addresses;
mod admins;
mod audit;
mod auth;
mod buyers;
mod checks;
mod error;
mod internal;
mod shapes;
mod users;
mod vendors;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::register))
        .routes(routes!(auth::send_otp))
        .routes(routes!(auth::verify_phone))
        .routes(routes!(auth::refresh_token))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(users::list))
        .routes(routes!(users::get, users::update, users::delete))
        .routes(routes!(users::change_status))
        .routes(routes!(users::activity))
        .routes(routes!(buyers::create))
        .routes(routes!(buyers::get, buyers::update))
        .routes(routes!(addresses::list, addresses::add))
        .routes(routes!(addresses::get, addresses::update, addresses::delete))
        .routes(routes!(vendors::open))
        .routes(routes!(admins::make, admins::list))
        .routes(routes!(admins::change_role))
        .routes(routes!(audit::list))
        .routes(routes!(internal::user_by_phone))
        .routes(routes!(internal::user))
        .routes(routes!(internal::users))
        .routes(routes!(internal::access_changes))
        .routes(routes!(internal::buyer))
        .routes(routes!(internal::buyers))
        .routes(routes!(internal::address))
        .routes(routes!(internal::addresses))
}
