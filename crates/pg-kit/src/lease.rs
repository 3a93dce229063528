//! Names of leases: technical, never seen outside a table, no business in them.

use std::hash::{BuildHasher, Hasher, RandomState};

use uuid::Uuid;

/// A name nobody else has.
pub(crate) fn name() -> Uuid {
    let half = || RandomState::new().build_hasher().finish();
    Uuid::from_u64_pair(half(), half())
}
