//! The sandbox as its callers meet it: over HTTP, one started for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod control;
mod face;
mod firebase;
mod maps;
mod push;
mod razorpay;
mod refunds;
mod sms;
mod support;
mod webhooks;
mod whatsapp;
