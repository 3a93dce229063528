//! The vendor-management service over its real router and a real Postgres.
#![expect(clippy::unwrap_used, reason = "test code says what went wrong by panicking")]

mod cases;
mod closing;
mod deliveries;
mod document;
mod hours;
mod kyc;
mod otp;
mod papers;
mod performance;
mod planning;
mod refunds;
mod sealed;
mod settlements;
mod statements;
mod support;
mod vendors;
