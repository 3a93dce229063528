//! Refusals as they are spoken.

use clients::ServiceError;
use http::StatusCode;
use serde_json::json;
use service_kit::ApiError;

use crate::domain::EditRefused;
use crate::domain::dispute::Undecidable;
use crate::usecases::Refusal;
use crate::usecases::undo_order::Failure;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found("order"),
            Refusal::Illegal(illegal) => Self::conflict("illegal_transition", illegal.to_string())
                .with_details(&json!({ "from": illegal.from, "to": illegal.to })),
            Refusal::Missing(what) => Self::not_found(what.as_str()),
            Refusal::Invalid { field, message } => Self::invalid_field(field, message),
            Refusal::IllegalTicket(illegal) => Self::conflict("illegal_transition", illegal.to_string())
                .with_details(&json!({ "from": illegal.from, "to": illegal.to })),
            Refusal::TicketClosed => Self::conflict("ticket_closed", "the ticket is closed; open a new one"),
            Refusal::NotDelivered(status) => Self::conflict(
                "order_not_delivered",
                "an order can be disputed once it is delivered; cancel it, or open a ticket",
            )
            .with_details(&json!({ "status": status })),
            Refusal::DisputeOpen => Self::conflict("dispute_open", "there is an open dispute about this order"),
            Refusal::Undecidable(why) => undecidable(why),
            Refusal::NotReady => {
                Self::conflict("order_not_ready", "the order is still being placed or edited; try again in a moment")
                    .with_retry_after(1)
            }
            Refusal::NotEditable(status) => {
                Self::conflict("not_editable", "items are edited while an order is pending and unpaid")
                    .with_details(&json!({ "status": status }))
            }
            Refusal::EditRefused(why) => edit_refused(why),
            Refusal::ChangedMeanwhile => {
                Self::conflict("concurrent_change", "the order changed in the meantime; read it again").with_retry_after(1)
            }
            Refusal::Failed(failure) => failed(*failure),
            Refusal::AddressNotFound => Self::unprocessable("address_not_found", "this is none of your delivery addresses")
                .with_details(&[json!({ "field": "delivery_address_id", "message": "none of your delivery addresses" })]),
            Refusal::VendorNotAvailable(why) => Self::conflict("vendor_not_available", why),
            Refusal::OutsideServiceArea { reason, distance_metres } => {
                Self::unprocessable("outside_service_area", "this vendor does not deliver to that address")
                    .with_details(&json!({ "reason": reason, "distance_metres": distance_metres }))
            }
            Refusal::ItemsRefused(lines) => {
                Self::unprocessable("items_refused", "some items cannot be ordered; see details").with_details(&lines)
            }
            Refusal::OutOfStock(lines) => {
                let message = match lines.as_slice() {
                    [only] => only.message.clone(),
                    _ => "several items are out of stock; see details".to_owned(),
                };
                Self::conflict("out_of_stock", message).with_details(&lines)
            }
            Refusal::KeyReused => Self::idempotency_key_reused(),
            Refusal::Busy => Self::unavailable(
                "overloaded",
                "too many orders are being placed at this moment; nothing was ordered, try again with the same Idempotency-Key",
            ),
            Refusal::InProgress => Self::request_in_progress(),
            Refusal::AmountMismatch => Self::conflict("amount_mismatch", "the amount is not what the order costs"),
            Refusal::ReasonRequired => Self::invalid_field("notes", "cancelling wants a reason in the notes"),
            Refusal::DeliveryDate => Self::invalid_field("delivery_date", "must be today or one of the coming 180 days"),
            Refusal::Money(error) => error.into(),
            Refusal::Neighbour(error) => neighbour(error),
            Refusal::Db(error) => error.into(),
            Refusal::Fault(what) => Self::internal(anyhow::anyhow!(what)),
        }
    }
}

fn edit_refused(why: EditRefused) -> ApiError {
    match why {
        EditRefused::NoSuchItem => ApiError::not_found("item"),
        EditRefused::LastItem => ApiError::conflict("last_item", why.to_string()),
        EditRefused::ThereAlready => ApiError::conflict("item_there_already", why.to_string()),
        EditRefused::TooMany => ApiError::conflict("too_many_items", why.to_string()),
    }
}

/// A step of an edit that did not work; the codes are those that placing has as well, and `not_editable`.
fn failed(failure: Failure) -> ApiError {
    const CODES: [&str; 6] =
        ["out_of_stock", "items_refused", "not_editable", "cod_limit_reached", "stock_unavailable", "payment_unavailable"];
    let (status, code, message, details) = failure.spoken();
    let code = CODES.into_iter().find(|known| *known == code).unwrap_or("not_editable");
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    let error = if status == StatusCode::SERVICE_UNAVAILABLE {
        ApiError::unavailable(code, message)
    } else {
        ApiError::new(status, code, message)
    };
    match details {
        Some(details) => error.with_details(&details),
        None => error,
    }
}

fn undecidable(why: Undecidable) -> ApiError {
    match why {
        Undecidable::DecidedAlready => ApiError::conflict("dispute_resolved", why.to_string()),
        Undecidable::NothingToRefund => ApiError::conflict("nothing_to_refund", why.to_string()),
        Undecidable::AmountMissing | Undecidable::NoPart { .. } => ApiError::invalid_field("amount", why.to_string()),
    }
}

/// A neighbour that refuses what we ask is a fault of ours; one that is not there may be there again in a moment.
fn neighbour(error: ServiceError) -> ApiError {
    match error {
        ServiceError::Refused { .. } if !error.is_transient() => ApiError::internal(error),
        _ => ApiError::unavailable("dependency_unavailable", "something we need does not answer at the moment; try again")
            .with_cause(error),
    }
}
