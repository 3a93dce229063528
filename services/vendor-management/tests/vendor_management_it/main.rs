//! The vendor-management service over its real router and a real Postgres.

mod deliveries;
mod document;
mod kyc;
mod otp;
mod refunds;
mod settlements;
mod support;
mod vendors;
