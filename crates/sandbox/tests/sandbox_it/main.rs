//! The sandbox as its callers meet it.
