//! Every route of the service.

mod categories;
mod error;
mod facets;
mod internal;
mod inventory;
mod labor;
mod lists;
mod materials;
mod preconditions;
mod tagged;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

service_kit::policy!(
    /// Staff who look after the catalogue.
    pub(crate) CatalogStaff: admin[Operations]
);
service_kit::policy!(
    /// Who may see a vendor's inventory: the vendor, and staff who look after the catalogue.
    pub(crate) InventoryReaders: vendor, admin[Operations]
);

/// Every route, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(categories::tree, categories::create))
        .routes(routes!(categories::update))
        .routes(routes!(materials::list, materials::create))
        .routes(routes!(materials::get, materials::update, materials::retire))
        .routes(routes!(materials::of_category))
        .routes(routes!(materials::of_vendor))
        .routes(routes!(materials::offers))
        .routes(routes!(labor::list, labor::create))
        .routes(routes!(labor::get, labor::update, labor::retire))
        .routes(routes!(labor::of_category))
        .routes(routes!(labor::of_vendor))
        .routes(routes!(inventory::start))
        .routes(routes!(inventory::change))
        .routes(routes!(inventory::of_vendor))
        .routes(routes!(inventory::import))
        .routes(routes!(internal::validate))
        .routes(routes!(internal::reserve))
        .routes(routes!(internal::replace))
        .routes(routes!(internal::commit))
        .routes(routes!(internal::release))
}
