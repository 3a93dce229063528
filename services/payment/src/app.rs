//! The service's state and how it is built.

use std::sync::Arc;

use axum::extract::FromRef;
use clients::OrderClient;
use razorpay::Razorpay;
use service_kit::Kit;

use crate::Config;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// The gateway.
    pub razorpay: Razorpay,
    /// The order service.
    pub orders: OrderClient,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        anyhow::ensure!(!config.cod_exposure_limit.is_negative(), "COD_EXPOSURE_LIMIT is below zero");
        let razorpay = Razorpay::new(config.razorpay.clone(), kit.http.clone());
        let orders = OrderClient::new(kit.http.clone(), kit.service_tokens.clone(), &kit.config.services.order_url);
        Ok(Self { kit, config: Arc::new(config), razorpay, orders })
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
