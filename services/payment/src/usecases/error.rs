//! What a use case can end in besides its result.

use ::domain::{Money, MoneyError, PaymentState};
use pg_kit::DbError;

use crate::domain::refund::RefundRefusal;
use crate::store::ledger::LedgerError;

/// Refusals and faults of the payment service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("no such payment")]
    NotFound,
    #[error("the order has been cancelled")]
    OrderCancelled,
    #[error("the order has a payment with other terms")]
    TermsDiffer,
    #[error("the payment is {0}: its amount stays")]
    UnderWay(PaymentState),
    #[error("the amount was replaced before this was paid; the money goes back")]
    Replaced,
    #[error("the payment is being opened by another request")]
    InProgress,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the gateway cannot be asked now: {0}")]
    GatewayUnavailable(String),
    #[error("the gateway refused: {0}")]
    GatewayRefused(String),
    #[error("the order is not paid online")]
    NotOnline,
    #[error("the signature does not fit")]
    SignatureMismatch,
    #[error("the payment is held: {0}")]
    Quarantined(String),
    #[error("{0}")]
    HeldMoney(&'static str),
    #[error("the vendor holds {held} in cash, more than {limit}")]
    CodLimitReached { held: Money, limit: Money },
    #[error("the order has not been delivered")]
    NotDelivered,
    #[error("the amount is not what is due: {due}")]
    AmountDiffers { due: Money },
    #[error("there is no proof to look at")]
    NoProof,
    #[error("a payment that is {from} cannot become {to}")]
    Illegal { from: PaymentState, to: PaymentState },
    #[error("the order service cannot be asked now: {0}")]
    OrdersUnavailable(String),
    #[error("vendor-management cannot be asked now: {0}")]
    SettlementsUnavailable(String),
    #[error("what an invoice needs cannot be asked now: {0}")]
    InvoiceFactsUnavailable(String),
    #[error("invoice files cannot be reached: {0}")]
    FilesUnavailable(String),
    #[error(transparent)]
    Refund(#[from] RefundRefusal),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{0}")]
    Broken(&'static str),
}

impl PaymentError {
    /// Whether the same thing may work a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Db(error) => error.is_transient() || error.is_serialization_failure() || error.is_lock_timeout(),
            Self::GatewayUnavailable(_)
            | Self::OrdersUnavailable(_)
            | Self::SettlementsUnavailable(_)
            | Self::InProgress
            | Self::InvoiceFactsUnavailable(_)
            | Self::FilesUnavailable(_) => true,
            _ => false,
        }
    }
}

impl From<sqlx::Error> for PaymentError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<LedgerError> for PaymentError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Sqlx(error) => error.into(),
            other => Self::Ledger(other),
        }
    }
}

impl From<razorpay::RazorpayError> for PaymentError {
    /// Wrong credentials are our trouble, not the request's: they may be mended.
    fn from(error: razorpay::RazorpayError) -> Self {
        use razorpay::{RazorpayError, RefusalKind};
        match &error {
            RazorpayError::Refused(refusal) if refusal.kind != RefusalKind::Unauthorized => {
                Self::GatewayRefused(error.to_string())
            }
            _ => Self::GatewayUnavailable(error.to_string()),
        }
    }
}
