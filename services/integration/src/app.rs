//! The service's state and how it is built.

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRef;
use clients::{UserClient, VendorClient};
use firebase::Firebase;
use google_maps::GoogleMaps;
use media_store::MediaStore;
use service_kit::Kit;
use whatsapp::Whatsapp;

use crate::Config;
use crate::bot::{Marketplace, VendorTokens};
use crate::usecases::locate::Asked;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// WhatsApp Cloud.
    pub whatsapp: Whatsapp,
    /// Google Maps.
    pub maps: GoogleMaps,
    /// Pictures and files.
    pub media: MediaStore,
    /// KYC papers.
    pub kyc: MediaStore,
    /// The user service: who has a phone.
    pub users: UserClient,
    /// Vendor-management: which vendor a user is.
    pub vendors: VendorClient,
    /// The public API as the bot uses it.
    pub(crate) marketplace: Marketplace,
    /// ID tokens of vendors who write.
    pub(crate) tokens: VendorTokens,
    /// Questions to the map that are under way.
    pub(crate) asked: Asked,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let http = || kit.http.clone();
        let firebase = Firebase::new(&config.firebase, http(), kit.clock.clone()).context("Firebase")?;
        let urls = &kit.config.services;
        Ok(Self {
            whatsapp: Whatsapp::new(config.whatsapp.clone(), http()),
            maps: GoogleMaps::new(config.maps.clone(), http()),
            media: MediaStore::new(&kit.aws, &config.media_bucket, &config.store),
            kyc: MediaStore::new(&kit.aws, &config.kyc_bucket, &config.store),
            users: UserClient::new(http(), kit.service_tokens.clone(), &urls.user_url),
            vendors: VendorClient::new(http(), kit.service_tokens.clone(), &urls.vendor_management_url),
            marketplace: Marketplace::new(http(), &config.public_api_url),
            tokens: VendorTokens::new(firebase, kit.clock.clone()),
            asked: Asked::default(),
            kit,
            config: Arc::new(config),
        })
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
