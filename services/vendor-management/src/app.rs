//! The service's state and how it is built.

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clients::{IntegrationClient, NotificationClient, OrderClient};
use secrecy::ExposeSecret as _;
use service_kit::Kit;

use crate::Config;
use crate::domain::otp::OtpKey;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// Keeps files and finds places.
    pub integration: IntegrationClient,
    /// Brings codes to buyers.
    pub notification: NotificationClient,
    /// Knows orders.
    pub orders: OrderClient,
    /// Key of the delivery codes' hashes.
    pub otp_key: Arc<OtpKey>,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(config.otp_hash_key.expose_secret()).context("OTP_HASH_KEY is not base64")?;
        let otp_key = OtpKey::new(&bytes).context("OTP_HASH_KEY must hold at least 32 bytes")?;
        let urls = &kit.config.services;
        let (http, tokens) = (&kit.http, &kit.service_tokens);
        let integration = IntegrationClient::new(http.clone(), tokens.clone(), &urls.integration_url);
        let notification = NotificationClient::new(http.clone(), tokens.clone(), &urls.notification_url);
        let orders = OrderClient::new(http.clone(), tokens.clone(), &urls.order_url);
        Ok(Self { kit, config: Arc::new(config), integration, notification, orders, otp_key: Arc::new(otp_key) })
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
