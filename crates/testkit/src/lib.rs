//! One service or the whole fleet in a test: databases, tokens, clock, drop check.
