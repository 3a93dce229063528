//! The books: what each service keeps of the same money, compared pair by pair.
//!
//! [`Facts`] are read from the services' databases ([`read`]) or asked for, and from the gateway; [`check`] compares them
//! without any IO and names each row that disagrees, with the rule that it breaks. Amounts are whole paise.

mod check;
mod facts;
mod mismatch;
pub mod read;

pub use check::{Balance, balances, check};
pub use facts::{
    AdjustmentFact, CopyFact, Facts, GatewayPayment, GatewayRefund, LineFact, Movement, OrderFact, PaymentFact, RefundFact,
    SettlementFact, StrayFact,
};
pub use mismatch::{Mismatch, Pair, Row};
