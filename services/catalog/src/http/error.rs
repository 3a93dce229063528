//! Refusals of use cases as they are spoken.

use http::StatusCode;
use serde_json::json;
use service_kit::ApiError;

use crate::usecases::CatalogError;

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::NotFound(what) => Self::not_found(what),
            CatalogError::Field { field, message } => Self::invalid_field(field, message),
            CatalogError::Taken { field } => {
                Self::conflict("already_taken", format!("another one has this {field}")).with_details(&json!({ "field": field }))
            }
            CatalogError::Cycle => Self::conflict("category_cycle", "a category cannot hang under itself or what hangs under it"),
            CatalogError::AlreadyOffered { inventory_id } => {
                Self::conflict("already_offered", "you offer this already; change that offer instead")
                    .with_details(&json!({ "inventory_id": inventory_id }))
            }
            CatalogError::OutsideBand { field, lowest, highest } => Self::unprocessable(
                "price_outside_band",
                format!("{field} must lie between {lowest} and {highest}, the band around the catalogue's price"),
            )
            .with_details(&json!({ "field": field, "lowest": lowest, "highest": highest, "currency": "INR" })),
            CatalogError::BelowReserved { field, reserved } => {
                Self::conflict("kept_for_orders", format!("{field} cannot be less than the {reserved} kept for orders"))
                    .with_details(&json!({ "field": field, "reserved": reserved }))
            }
            CatalogError::VersionDiffers { current } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "version_differs",
                "this has changed since you read it; read it again and repeat your change",
            )
            .with_details(&json!({ "version": current })),
            CatalogError::OutOfStock { lines } => {
                Self::conflict("out_of_stock", "there is not enough of everything").with_details(&lines)
            }
            CatalogError::ReservationEnded { status } => {
                Self::conflict("reservation_ended", format!("the reservation is {status}"))
                    .with_details(&json!({ "status": status.as_str() }))
            }
            CatalogError::ReservationSuperseded { revision } => {
                Self::conflict("reservation_superseded", format!("revision {revision} of these lines is kept already"))
                    .with_details(&json!({ "revision": revision }))
            }
            CatalogError::ReservationDiffers => {
                Self::conflict("reservation_differs", "this order keeps other things already; release them first")
            }
            CatalogError::TaxRateDiffers { known } => {
                Self::unprocessable("tax_rate_differs", format!("the tax table says {known} % for this code today"))
                    .with_details(&json!({ "gst_rate": known }))
            }
            CatalogError::BadRows { rows } => {
                Self::unprocessable("import_refused", "nothing was taken in; see details for the rows to mend")
                    .with_details(&rows)
            }
            CatalogError::ChangedMeanwhile => {
                Self::conflict("concurrent_change", "somebody else is changing this right now; try again").with_retry_after(1)
            }
            CatalogError::Amount(error) => error.into(),
            CatalogError::Db(error) => error.into(),
        }
    }
}
