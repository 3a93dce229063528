//! Each test starts a fleet of its own; the test runner runs them one at a time (`.config/nextest.toml`).

mod access;
mod crashes;
mod crowd;
mod demo;
mod editing;
mod money;
mod replay;
mod shutting_out;
mod soak;
mod surface;
