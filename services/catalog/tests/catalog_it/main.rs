//! The catalog service over its real interfaces and a real Postgres.
#![expect(clippy::unwrap_used, reason = "tests")]

mod ageing;
mod audits;
mod availability;
mod book;
mod browsing;
mod crashes;
mod documents;
mod imports;
mod inventory;
mod moves;
mod plans;
mod replacing;
mod reservations;
mod searching;
mod seeds;
mod staff;
mod support;
mod validation;
mod vendors;
