//! Every refusal of a use case as it is spoken.

use clients::ServiceError;
use domain::UserStatus;
use service_kit::ApiError;

use crate::domain::IllegalTransition;
use crate::usecases::{Refusal, SignInRefusal};

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(what) => Self::not_found(what),
            Refusal::NotRegistered => {
                Self::forbidden("not_registered", "register first: POST /api/v1/auth/register, then refresh your token")
            }
            Refusal::Standing(UserStatus::Deleted) => Self::unauthorized("account_deleted", "this account no longer exists"),
            Refusal::Standing(UserStatus::Suspended | UserStatus::Active) => suspended(),
            Refusal::Disabled => Self::forbidden("account_disabled", "this account is suspended or was deleted; contact support"),
            Refusal::PhoneMissing => {
                Self::unprocessable("phone_required", "sign in with an Indian mobile number; this sign-in has none")
            }
            Refusal::PhoneTaken => Self::conflict("phone_taken", "this phone number belongs to another user; contact support"),
            Refusal::EmailTaken => Self::conflict("email_taken", "this e-mail address belongs to another user"),
            Refusal::EmailNeeded => Self::invalid_field("email", "somebody who signs in by e-mail needs an address"),
            Refusal::AlreadyRegistered => Self::conflict(
                "already_registered",
                "this person is registered already, as something else than what was asked for",
            ),
            Refusal::NotAVendor => Self::forbidden("forbidden", "only vendors may do this"),
            Refusal::LastSuperAdmin => {
                Self::conflict("last_super_admin", "somebody has to remain super admin; make another one first")
            }
            Refusal::SuperAdminExists => Self::conflict("super_admin_exists", "there is a super admin already"),
            Refusal::StaffIsForSuperAdmins => Self::forbidden("forbidden", "only a super admin may do this to staff"),
            Refusal::OrdersRunning(orders) => Self::conflict(
                "orders_running",
                "this account has orders that are neither completed nor cancelled; finish or cancel them first",
            )
            .with_details(&serde_json::json!({ "orders": orders })),
            Refusal::OrdersUnknown(error) => {
                Self::unavailable("orders_unavailable", "whether orders are running cannot be seen at the moment; try again")
                    .with_cause(error)
            }
            Refusal::Illegal(IllegalTransition { from, to }) => {
                Self::conflict("illegal_transition", format!("a user who is {from} cannot become {to}"))
                    .with_details(&serde_json::json!({"from": from, "to": to}))
            }
            Refusal::DefaultNeeded => Self::conflict(
                "default_address_required",
                "one address has to be the default one; make another one the default instead",
            ),
            Refusal::TooManyAddresses => Self::conflict("too_many_addresses", "you have too many addresses; remove one first"),
            Refusal::ChangedMeanwhile => {
                Self::conflict("concurrent_change", "somebody else is changing this right now; try again").with_retry_after(1)
            }
            Refusal::SignIn(refusal) => sign_in(refusal),
            Refusal::Identity(error) => {
                Self::unavailable("identity_unavailable", "signing in does not work at the moment; try again").with_cause(error)
            }
            Refusal::Neighbour(error) => neighbour(error),
            Refusal::Db(error) => error.into(),
        }
    }
}

fn suspended() -> ApiError {
    ApiError::forbidden("account_suspended", "this account is suspended; contact support")
}

fn sign_in(refusal: SignInRefusal) -> ApiError {
    match refusal {
        SignInRefusal::WrongCode => ApiError::unprocessable("invalid_code", "the code is wrong; check it and try again"),
        SignInRefusal::UnknownSession => {
            ApiError::unprocessable("invalid_session", "this sign-in is unknown or used up; ask for a new code")
        }
        SignInRefusal::CodeExpired => ApiError::unprocessable("code_expired", "the code is too old; ask for a new one"),
        SignInRefusal::TooManyTries => ApiError::new(
            http::StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many tries; wait a while and ask for a new code",
        )
        .with_retry_after(60),
        SignInRefusal::BadPhone => ApiError::invalid_field("phone", "no code can be sent to this number"),
        SignInRefusal::Disabled => suspended(),
        SignInRefusal::BadRefreshToken => {
            ApiError::unauthorized("invalid_refresh_token", "this refresh token does not count any more; sign in again")
        }
    }
}

fn neighbour(error: ServiceError) -> ApiError {
    match error {
        ServiceError::Refused { status: 409, .. } => {
            ApiError::conflict("vendor_conflict", "vendor-management refused the profile").with_cause(error)
        }
        ServiceError::Refused { status: 422, .. } => {
            ApiError::unprocessable("vendor_refused", "vendor-management refused the profile").with_cause(error)
        }
        other => ApiError::unavailable("vendor_management_unavailable", "vendors cannot be opened at the moment; try again")
            .with_cause(other),
    }
}
