//! The bus against the AWS stand-in, and against a fake of ours where the stand-in is too kind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod consuming;
mod partial_failure;
mod support;
mod topology;
