//! The service's own settings; those every service has are in the kit.

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {}
