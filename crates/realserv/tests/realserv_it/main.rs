//! The runner and its gateway, from outside.

mod fleet;
mod gateway;
mod gateway_limits;
mod postgres;
mod routes;
mod support;
