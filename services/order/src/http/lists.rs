//! Lists of orders, newest first.

use axum::extract::State;
use domain::{BuyerId, OrderNumber, VendorId};
use service_kit::http::{Allowed, Page, PageRequest, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inputs::{AdminListParams, ListParams};
use super::shapes::OrderOut;
use crate::App;
use crate::domain::{Line, Order};
use crate::store::lists::Position;
use crate::usecases::read_orders::{self, Whose};

policy!(
    /// Who may list everybody's orders.
    pub(crate) AllOrdersReaders: admin[Operations, Support, Finance]
);
policy!(
    /// Who may list a buyer's orders.
    pub(crate) BuyersOrdersReaders: buyer, admin[Operations, Support, Finance]
);
policy!(
    /// Who may list a vendor's orders.
    pub(crate) VendorsOrdersReaders: vendor, admin[Operations, Support, Finance]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_of_buyer)).routes(routes!(list_of_vendor))
}

/// Everybody's orders.
#[utoipa::path(get, path = "/api/v1/orders", operation_id = "listOrders", tag = "orders", params(AdminListParams),
    responses((status = 200, description = "Orders, newest first", body = Page<OrderOut>), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Allowed<AllOrdersReaders>,
    Params(params): Params<AdminListParams>,
) -> Result<Page<OrderOut>, ApiError> {
    let whose = match (&params.q, params.buyer_id, params.vendor_id) {
        (Some(text), None, None) => Whose::NumberBeginning(number_beginning(text)?),
        (None, Some(buyer), None) => Whose::Buyer(buyer),
        (None, None, Some(vendor)) => Whose::Vendor(vendor),
        (None, None, None) => Whose::Everybody,
        _ => return Err(ApiError::invalid_field("q", "give one of q, buyer_id and vendor_id")),
    };
    page(&app, &whose, &params.common()).await
}

/// A whole number as people type it, or what stored numbers begin with.
fn number_beginning(text: &str) -> Result<String, ApiError> {
    if let Ok(number) = text.parse::<OrderNumber>() {
        return Ok(number.as_str().to_owned());
    }
    let beginning = text.trim().trim_start_matches('#').to_ascii_uppercase();
    let plain = !beginning.is_empty() && beginning.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { Ok(beginning) } else { Err(ApiError::invalid_field("q", "a number such as ORD000001, or its beginning")) }
}

/// A buyer's orders.
#[utoipa::path(get, path = "/api/v1/orders/buyer/{buyerId}", operation_id = "listOrdersOfBuyer", tag = "orders",
    params(("buyerId" = BuyerId, Path, description = "The buyer"), ListParams),
    responses((status = 200, description = "Orders, newest first", body = Page<OrderOut>), Problems))]
async fn list_of_buyer(
    State(app): State<App>,
    allowed: Allowed<BuyersOrdersReaders>,
    PathId(buyer_id): PathId<BuyerId>,
    Params(params): Params<ListParams>,
) -> Result<Page<OrderOut>, ApiError> {
    if allowed.caller.is_admin(ANY_ROLE) || allowed.caller.is_buyer(buyer_id) {
        return page(&app, &Whose::Buyer(buyer_id), &params).await;
    }
    Err(ApiError::not_found("buyer"))
}

/// A vendor's orders.
#[utoipa::path(get, path = "/api/v1/orders/vendor/{vendorId}", operation_id = "listOrdersOfVendor", tag = "orders",
    params(("vendorId" = VendorId, Path, description = "The vendor"), ListParams),
    responses((status = 200, description = "Orders, newest first", body = Page<OrderOut>), Problems))]
async fn list_of_vendor(
    State(app): State<App>,
    allowed: Allowed<VendorsOrdersReaders>,
    PathId(vendor_id): PathId<VendorId>,
    Params(params): Params<ListParams>,
) -> Result<Page<OrderOut>, ApiError> {
    if allowed.caller.is_admin(ANY_ROLE) || allowed.caller.is_vendor(vendor_id) {
        return page(&app, &Whose::Vendor(vendor_id), &params).await;
    }
    Err(ApiError::not_found("vendor"))
}

/// The policy has let only the right roles in.
const ANY_ROLE: &[domain::AdminRole] = domain::AdminRole::ALL;

async fn page(app: &App, whose: &Whose, params: &ListParams) -> Result<Page<OrderOut>, ApiError> {
    let (page, filter): (PageRequest<Position>, _) = params.read()?;
    let rows = read_orders::list_orders(app, whose, &filter).await?;
    let position = |(order, _): &(Order, Vec<Line>)| Position { at: order.created_at, id: order.id };
    Ok(page.page(rows, position, |(order, lines)| OrderOut::brief(order, lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_as_people_type_it_or_by_its_beginning() {
        assert_eq!(number_beginning("ord 12").unwrap(), "ORD000012");
        assert_eq!(number_beginning("#ord0000").unwrap(), "ORD0000");
        assert!(number_beginning("%").is_err());
    }
}
