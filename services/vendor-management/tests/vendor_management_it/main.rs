//! The vendor-management service over its real router and a real Postgres.
#![expect(clippy::unwrap_used, reason = "test code says what went wrong by panicking")]

mod deliveries;
mod document;
mod kyc;
mod otp;
mod refunds;
mod settlements;
mod support;
mod vendors;
