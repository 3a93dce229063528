//! Refusals as they are spoken: every one has its status, its stable code and its sentence here.

use clients::ServiceError;
use http::StatusCode;
use serde_json::json;
use service_kit::ApiError;
use service_kit::http::FieldError;

use crate::usecases::Refusal;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(what) => Self::not_found(what),
            Refusal::Invalid(problems) => {
                let fields = problems.into_iter().map(|p| FieldError { field: p.field.to_owned(), message: p.message });
                Self::invalid(fields.collect())
            }
            Refusal::IllegalTransition { from, to } => Self::conflict("illegal_transition", format!("{to} cannot follow {from}"))
                .with_details(&json!({"from": from, "to": to})),
            Refusal::ConcurrentChange => {
                Self::conflict("concurrent_change", "somebody else is changing this right now; try again").with_retry_after(1)
            }
            Refusal::Neighbour(error) => neighbour(error),
            Refusal::Amount(error) => error.into(),
            Refusal::Db(error) => error.into(),
            other => rules(other),
        }
    }
}

/// What the rules of vendors, deliveries and settlements refuse.
fn rules(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::NotOnboarded => {
            ApiError::conflict("not_onboarded", "give the details of the business first: POST /api/v1/vendors/onboard")
        }
        Refusal::LockedAfterApproval(fields) => {
            ApiError::conflict("locked_after_approval", "papers were approved for these; ask RealServ to change them")
                .with_details(&json!({"fields": fields}))
        }
        Refusal::KycIncomplete(missing) => ApiError::unprocessable("kyc_incomplete", "papers are missing or were rejected")
            .with_details(&json!({"missing": missing})),
        Refusal::KycNotApproved => ApiError::conflict("kyc_not_approved", "the vendor's papers are not approved"),
        Refusal::KycAlreadyApproved => ApiError::conflict("kyc_already_approved", "the papers are approved already"),
        Refusal::MediaNotYours { field } => ApiError::invalid_field(field, "no file of yours; upload it first"),
        other => delivery_rules(other),
    }
}

fn delivery_rules(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::OrderCancelled => ApiError::conflict("order_cancelled", "the order was cancelled"),
        Refusal::OrderNotCompleted { status } => {
            ApiError::conflict("order_not_completed", "only a completed order is rated").with_details(&json!({"status": status}))
        }
        Refusal::AlreadyRated => ApiError::conflict("already_rated", "this order was rated already; that is done once"),
        Refusal::OrderNotReady { status } => {
            ApiError::conflict("order_not_ready", "only a confirmed order is delivered").with_details(&json!({"status": status}))
        }
        Refusal::ProofRequired => ApiError::conflict(
            "proof_required",
            "delivered follows from the buyer's code, or from a photo that RealServ approves",
        ),
        Refusal::NotInTransit { status } => {
            ApiError::conflict("not_in_transit", "the delivery is not on its way").with_details(&json!({"status": status}))
        }
        Refusal::ProofsTampered(broken) => {
            ApiError::conflict("proof_chain_broken", "the proofs of this delivery are not as they were given")
                .with_details(&json!({"broken": broken.to_string()}))
        }
        Refusal::NoPhoto => ApiError::conflict("no_photo", "there is no photo of this delivery to approve"),
        Refusal::OtpNotRequested => ApiError::conflict("otp_not_requested", "no code was sent; ask for one first"),
        Refusal::OtpExpired => ApiError::unprocessable("otp_expired", "the code no longer counts; ask for a new one"),
        Refusal::OtpLocked => ApiError::conflict("otp_locked", "too many wrong codes; ask for a new one"),
        Refusal::OtpWrong { left } => {
            ApiError::unprocessable("otp_wrong", "that is not the code").with_details(&json!({"tries_left": left}))
        }
        Refusal::TooManyCodes { until, seconds } => {
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "otp_limit_reached", "no more than three codes an hour; wait a little")
                .with_details(&json!({"retry_at": until}))
                .with_retry_after(seconds)
        }
        Refusal::OtpNotSent(error) => {
            ApiError::unavailable("otp_not_sent", "the code could not be sent; ask again").with_cause(error)
        }
        other => settlement_rules(other),
    }
}

fn settlement_rules(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::PeriodBackwards => ApiError::invalid_field("period_end", "must not be before period_start"),
        Refusal::PeriodUnfinished { over_at } => {
            ApiError::unprocessable("period_unfinished", "the period is not over; days are Indian days")
                .with_details(&json!({"over_at": over_at}))
        }
        Refusal::PeriodOverlaps { settlement_number, start, end } => {
            ApiError::conflict("period_overlaps", format!("{settlement_number} covers some of these days"))
                .with_details(&json!({"settlement_number": settlement_number, "period_start": start, "period_end": end}))
        }
        Refusal::SecondPersonRequired { limit } => ApiError::forbidden(
            "second_person_required",
            "a payout above the limit is paid by somebody else than who approved it",
        )
        .with_details(&json!({"limit": limit, "currency": "INR"})),
        Refusal::AlreadyPaid => ApiError::conflict("already_paid", "the settlement was paid with another reference"),
        // Everything else was answered above.
        other => ApiError::internal(other),
    }
}

/// A neighbour's trouble: what it refuses of ours is our fault, its absence is nobody's.
fn neighbour(error: ServiceError) -> ApiError {
    match error {
        ServiceError::Refused { .. } => ApiError::internal(error),
        ServiceError::Unavailable { .. } | ServiceError::Unknown { .. } => {
            ApiError::unavailable("neighbour_unavailable", "a part of RealServ that this needs does not answer; try again")
                .with_cause(error)
        }
    }
}
