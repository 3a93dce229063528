//! The integration service over its real router and database, with the sandbox for Firebase, WhatsApp and Google.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod audits;
mod bot;
mod document;
mod events;
mod location;
mod media;
mod messages;
mod webhook;
mod world;
