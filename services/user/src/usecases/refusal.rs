//! Why a use case did not do what was asked. `http::error` says it to callers.

use clients::ServiceError;
use domain::{OrderNumber, UserStatus};
use firebase::{FirebaseCode, FirebaseError};
use pg_kit::DbError;

use crate::domain::IllegalTransition;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error("not registered")]
    NotRegistered,
    #[error("the account is {0}")]
    Standing(UserStatus),
    #[error("the account is disabled")]
    Disabled,
    #[error("the sign-in has no phone of India")]
    PhoneMissing,
    #[error("the phone belongs to another user")]
    PhoneTaken,
    #[error("the e-mail address belongs to another user")]
    EmailTaken,
    #[error("somebody who signs in by e-mail needs one")]
    EmailNeeded,
    #[error("this person is registered already as something else")]
    AlreadyRegistered,
    #[error("only vendors have a vendor profile")]
    NotAVendor,
    #[error("there would be no super admin left")]
    LastSuperAdmin,
    #[error("there is a super admin already")]
    SuperAdminExists,
    #[error("only a super admin may do this to staff")]
    StaffIsForSuperAdmins,
    #[error("orders are still running")]
    OrdersRunning(Vec<OrderNumber>),
    #[error("whether orders are running is not known: {0}")]
    OrdersUnknown(ServiceError),
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    #[error("one address has to be the default one")]
    DefaultNeeded,
    #[error("too many addresses")]
    TooManyAddresses,
    #[error("changed by somebody else")]
    ChangedMeanwhile,
    #[error(transparent)]
    SignIn(SignInRefusal),
    #[error(transparent)]
    Identity(FirebaseError),
    #[error(transparent)]
    Neighbour(#[from] ServiceError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Why somebody could not sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignInRefusal {
    #[error("the code is wrong")]
    WrongCode,
    #[error("the sign-in session is unknown or used up")]
    UnknownSession,
    #[error("the code is too old")]
    CodeExpired,
    #[error("too many tries")]
    TooManyTries,
    #[error("the phone number cannot receive a code")]
    BadPhone,
    #[error("the account is disabled")]
    Disabled,
    #[error("the refresh token does not count")]
    BadRefreshToken,
}

impl From<FirebaseError> for Refusal {
    /// What the caller can help becomes a refusal of signing in; the rest is Firebase's or ours.
    fn from(error: FirebaseError) -> Self {
        let refusal = match error.code() {
            Some(FirebaseCode::InvalidCode) => SignInRefusal::WrongCode,
            Some(FirebaseCode::InvalidSession) => SignInRefusal::UnknownSession,
            Some(FirebaseCode::SessionExpired) => SignInRefusal::CodeExpired,
            Some(FirebaseCode::TooManyAttempts | FirebaseCode::QuotaExceeded) => SignInRefusal::TooManyTries,
            Some(FirebaseCode::InvalidPhoneNumber) => SignInRefusal::BadPhone,
            Some(FirebaseCode::UserDisabled) => SignInRefusal::Disabled,
            Some(FirebaseCode::InvalidRefreshToken | FirebaseCode::TokenExpired | FirebaseCode::UserNotFound) => {
                SignInRefusal::BadRefreshToken
            }
            _ => return Self::Identity(error),
        };
        Self::SignIn(refusal)
    }
}
