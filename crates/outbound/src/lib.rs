//! Calls to the outside: one HTTP client builder, typed errors, safe retries, a circuit breaker.
