//! The payment service over a real Postgres and a sandboxed Razorpay.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cod;
mod document;
mod invoices;
mod ledger;
mod links;
mod opening;
mod plans;
mod quarantine;
mod races;
mod reading;
mod reconciliation;
mod refunds;
mod replacing;
mod secrets;
mod statements;
mod support;
mod sweeping;
mod verify;
mod webhooks;
