//! The service's state and how it is built.

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRef;
use clients::{IntegrationClient, OrderClient, VendorClient};
use firebase::Firebase;
use service_kit::Kit;

use crate::Config;
use crate::config::Limits;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// Firebase Authentication.
    pub firebase: Firebase,
    /// Vendor-management.
    pub vendors: VendorClient,
    /// The order service.
    pub orders: OrderClient,
    /// The integration service, which knows the map.
    pub integration: IntegrationClient,
    /// How often anyone may ask for a code or try one.
    pub limits: Limits,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let firebase = Firebase::new(&config.firebase, kit.http.clone(), kit.clock.clone()).context("Firebase")?;
        let urls = &kit.config.services;
        let vendors = VendorClient::new(kit.http.clone(), kit.service_tokens.clone(), &urls.vendor_management_url);
        let orders = OrderClient::new(kit.http.clone(), kit.service_tokens.clone(), &urls.order_url);
        let integration = IntegrationClient::new(kit.http.clone(), kit.service_tokens.clone(), &urls.integration_url);
        let limits = config.limits.start();
        Ok(Self { kit, config: Arc::new(config), firebase, vendors, orders, integration, limits })
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
