//! The rules of orders, without IO: which moves are legal, what things cost, when an order is complete.

pub mod dispute;
pub mod edit;
pub mod order;
pub mod payment;
pub mod pricing;
pub mod sla;
pub mod ticket;
pub mod timeline;
pub mod transitions;
pub mod words;

pub use edit::{Edit, EditRefused, WantedItem, Wish};
pub use order::{CancelCode, Cancellation, HistoryEntry, Line, NewLine, Order, SagaStep, Step};
pub use transitions::IllegalTransition;
