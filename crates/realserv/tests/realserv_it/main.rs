//! The runner and its gateway, from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod fleet;
mod gateway;
mod gateway_limits;
mod postgres;
mod routes;
mod support;
mod surface;
