//! The service's state and how it is built.

use std::sync::Arc;

use axum::extract::FromRef;
use clients::{IntegrationClient, NotificationClient, OrderClient, UserClient, VendorClient};
use media_store::MediaStore;
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
    /// Vendor-management.
    pub vendors: VendorClient,
    /// The user service.
    pub users: UserClient,
    /// The notification service.
    pub notifications: NotificationClient,
    /// The integration service, which keeps people's files.
    pub files: IntegrationClient,
    /// Where the invoices' PDFs lie.
    pub invoices: MediaStore,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        anyhow::ensure!(!config.cod_exposure_limit.is_negative(), "COD_EXPOSURE_LIMIT is below zero");
        let razorpay = Razorpay::new(config.razorpay.clone(), kit.http.clone());
        let (http, tokens, at) = (kit.http.clone(), kit.service_tokens.clone(), &kit.config.services);
        let orders = OrderClient::new(http.clone(), tokens.clone(), &at.order_url);
        let vendors = VendorClient::new(http.clone(), tokens.clone(), &at.vendor_management_url);
        let users = UserClient::new(http.clone(), tokens.clone(), &at.user_url);
        let notifications = NotificationClient::new(http.clone(), tokens.clone(), &at.notification_url);
        let files = IntegrationClient::new(http, tokens, &at.integration_url);
        let invoices = MediaStore::new(&kit.aws, &config.invoice_bucket, &config.store);
        Ok(Self { kit, config: Arc::new(config), razorpay, orders, vendors, users, notifications, files, invoices })
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
