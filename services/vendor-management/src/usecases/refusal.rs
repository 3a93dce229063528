//! Everything this service refuses, in its own words.

use chrono::{DateTime, NaiveDate, Utc};
use clients::ServiceError;
use domain::{Money, MoneyError, SettlementNumber};
use pg_kit::DbError;

use crate::domain::Problem;
use crate::domain::proof::ChainBroken;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error("fields do not agree")]
    Invalid(Vec<Problem>),
    #[error("no way from {from} to {to}")]
    IllegalTransition { from: &'static str, to: &'static str },
    #[error("somebody else was faster")]
    ConcurrentChange,
    #[error("not onboarded")]
    NotOnboarded,
    #[error("approved fields changed: {0:?}")]
    LockedAfterApproval(Vec<&'static str>),
    #[error("papers are missing: {0:?}")]
    KycIncomplete(Vec<&'static str>),
    #[error("papers are not approved")]
    KycNotApproved,
    #[error("papers are approved already")]
    KycAlreadyApproved,
    #[error("media {field} is not the caller's")]
    MediaNotYours { field: String },
    #[error("neighbour: {0}")]
    Neighbour(ServiceError),
    #[error("the order was cancelled")]
    OrderCancelled,
    #[error("the order is not confirmed")]
    OrderNotReady { status: &'static str },
    #[error("delivered needs proof")]
    ProofRequired,
    #[error("not in transit")]
    NotInTransit { status: &'static str },
    #[error(transparent)]
    ProofsTampered(ChainBroken),
    #[error("no photo")]
    NoPhoto,
    #[error("no code was asked for")]
    OtpNotRequested,
    #[error("the code has expired")]
    OtpExpired,
    #[error("too many wrong codes")]
    OtpLocked,
    #[error("wrong code")]
    OtpWrong { left: i32 },
    #[error("too many codes")]
    TooManyCodes { until: DateTime<Utc>, seconds: u64 },
    #[error("the code was not sent: {0}")]
    OtpNotSent(ServiceError),
    #[error("the period ends before it begins")]
    PeriodBackwards,
    #[error("the period is not over")]
    PeriodUnfinished { over_at: DateTime<Utc> },
    #[error("the period overlaps {settlement_number}")]
    PeriodOverlaps { settlement_number: SettlementNumber, start: NaiveDate, end: NaiveDate },
    #[error("another person has to pay")]
    SecondPersonRequired { limit: Money },
    #[error("paid already by another reference")]
    AlreadyPaid,
    #[error("the order is not completed")]
    OrderNotCompleted { status: &'static str },
    #[error("the order was rated")]
    AlreadyRated,
    #[error("amount: {0}")]
    Amount(#[from] MoneyError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
