//! The integration service.
