//! The vendor-management service.
