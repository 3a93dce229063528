//! The service's state and how it is built.

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clients::{IntegrationClient, NotificationClient, OrderClient};
use sealing::{MasterKey, Sealer};
use secrecy::ExposeSecret as _;
use service_kit::Kit;

use crate::Config;
use crate::domain::otp::OtpKey;
use crate::usecases::data_keys;

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
    /// Seals and opens what is kept sealed.
    pub sealer: Arc<Sealer>,
    /// Wraps the keys of the sealer.
    pub master_key: Arc<dyn MasterKey>,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings, a database that is not migrated, or master keys that cannot be used.
    pub async fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(config.otp_hash_key.expose_secret()).context("OTP_HASH_KEY is not base64")?;
        let otp_key = OtpKey::new(&bytes).context("OTP_HASH_KEY must hold at least 32 bytes")?;
        let urls = &kit.config.services;
        let (http, tokens) = (&kit.http, &kit.service_tokens);
        let integration = IntegrationClient::new(http.clone(), tokens.clone(), &urls.integration_url);
        let notification = NotificationClient::new(http.clone(), tokens.clone(), &urls.notification_url);
        let orders = OrderClient::new(http.clone(), tokens.clone(), &urls.order_url);
        let master_key = data_keys::master_key(&kit, &config)?;
        let sealer = Arc::new(data_keys::sealer(&kit, &config, &*master_key).await?);
        let (config, otp_key) = (Arc::new(config), Arc::new(otp_key));
        Ok(Self { kit, config, integration, notification, orders, otp_key, sealer, master_key })
    }
}

impl App {
    /// Makes the next data key when the newest is old, takes up those that other processes made, and brings along what older
    /// ones sealed. Done once a minute.
    ///
    /// # Errors
    /// The database or the master key does not answer; the next time does it.
    pub async fn keep_keys_fresh(&self) -> anyhow::Result<()> {
        data_keys::keep_fresh(self).await
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
