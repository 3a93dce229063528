//! What every service is made of: configuration, telemetry, lifecycle, HTTP.
