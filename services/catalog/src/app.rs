//! The service's state and how it is built.

use std::sync::Arc;

use axum::extract::FromRef;
use service_kit::Kit;

use crate::Config;
use crate::usecases::count_facets::KeptFacets;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// Counts of a moment ago.
    pub(crate) facets: Arc<KeptFacets>,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        Ok(Self { kit, config: Arc::new(config), facets: Arc::default() })
    }
}

impl AsRef<Kit> for App {
    fn as_ref(&self) -> &Kit {
        &self.kit
    }
}

impl FromRef<App> for Kit {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}
