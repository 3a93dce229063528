//! Typed REST clients of our own services.
