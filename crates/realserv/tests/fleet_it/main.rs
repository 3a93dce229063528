//! The whole fleet at work: seven service processes, gateway, sandbox, Postgres and AWS stand-in, called as people call
//! it. `make test` builds the programs that are started here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod books;
mod fleet;
mod stage;
mod town;
