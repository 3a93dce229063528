//! Why something is not done.

use clients::ServiceError;
use domain::{MoneyError, OrderStatus};
use pg_kit::DbError;
use serde::Serialize;

use super::undo_order::Failure;
use crate::domain::dispute::Undecidable;
use crate::domain::ticket::IllegalTicketMove;
use crate::domain::{EditRefused, IllegalTransition};

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No such order, or not this caller's.
    #[error("order not found")]
    NotFound,
    /// No such thing, or not this caller's.
    #[error("{0} not found")]
    Missing(Missing),
    /// One field is not acceptable for a reason that only shows here.
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
    /// Tickets do not go that way.
    #[error(transparent)]
    IllegalTicket(#[from] IllegalTicketMove),
    /// Nothing is written on a ticket that is closed.
    #[error("the ticket is closed")]
    TicketClosed,
    /// Only what was delivered can be disputed.
    #[error("an order that is {0} cannot be disputed")]
    NotDelivered(OrderStatus),
    /// One open dispute an order.
    #[error("there is an open dispute about the order")]
    DisputeOpen,
    /// The decision does not hold.
    #[error(transparent)]
    Undecidable(#[from] Undecidable),
    /// The rules know no such move.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The order's payment is not open yet, or an edit of its items not settled.
    #[error("the order is still being placed or edited")]
    NotReady,
    /// Items are edited while an order is pending and unpaid.
    #[error("the items of an order that is {0} are not edited")]
    NotEditable(OrderStatus),
    /// Not so.
    #[error(transparent)]
    EditRefused(#[from] EditRefused),
    /// Somebody changed it between reading and writing.
    #[error("the order changed meanwhile")]
    ChangedMeanwhile,
    /// A step that somebody else was needed for did not work.
    #[error("{0:?}")]
    Failed(Box<Failure>),
    /// No such address, or not this buyer's.
    #[error("no such address")]
    AddressNotFound,
    /// The vendor does not take orders now.
    #[error("the vendor is not available: {0}")]
    VendorNotAvailable(&'static str),
    /// The vendor does not deliver there.
    #[error("outside the service area: {reason}")]
    OutsideServiceArea { reason: String, distance_metres: u32 },
    /// Some lines cannot be ordered.
    #[error("some items cannot be ordered")]
    ItemsRefused(Vec<LineRefusal>),
    /// Some lines are out of stock and nothing else is wrong.
    #[error("out of stock")]
    OutOfStock(Vec<LineRefusal>),
    /// The key belongs to another body.
    #[error("idempotency key reused")]
    KeyReused,
    /// Too many at once.
    #[error("no turn to place an order came up in time")]
    Busy,
    /// The same request is being worked on.
    #[error("request in progress")]
    InProgress,
    /// What came in is not what is due.
    #[error("the amount paid is not the amount due")]
    AmountMismatch,
    /// Cancelling wants a reason.
    #[error("a reason is required")]
    ReasonRequired,
    /// The day is over or too far away.
    #[error("the delivery date is out of range")]
    DeliveryDate,
    /// Amounts beyond what a column holds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A neighbour that is needed does not answer as it should.
    #[error(transparent)]
    Neighbour(#[from] ServiceError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A fault of ours.
    #[error("{0}")]
    Fault(&'static str),
}

impl Refusal {
    /// One field is not acceptable.
    pub(crate) fn invalid(field: &str, message: &str) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.to_owned() }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Why one line cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LineRefusal {
    /// Path of the line in the request.
    pub(crate) field: String,
    /// Stable code.
    pub(crate) code: String,
    /// In words.
    pub(crate) message: String,
}

/// What is not there besides orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Ticket,
    Dispute,
}

impl Missing {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Dispute => "dispute",
        }
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
