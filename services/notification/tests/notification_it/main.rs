//! The notification service over a real database and the sandbox's WhatsApp, SMS and push.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod contacts;
mod cost;
mod document;
mod inbox;
mod matrix;
mod once;
mod otp;
mod retries;
mod samples;
mod sending;
mod support;
mod templates;
mod throughput;
mod webhooks;
