//! The service's state and how it is built.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use clients::{CatalogClient, IntegrationClient, NotificationClient, PaymentClient, UserClient, VendorClient};
use service_kit::{Environment, Kit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Config;
use crate::config::CrashPoint;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// The services an order is made with.
    pub neighbours: Arc<Neighbours>,
    /// Turns for placing orders: what is at work at once is bounded, so that nobody starves for a connection here or at
    /// the neighbours. First come, first served.
    turns: Arc<Semaphore>,
}

/// The services an order is made with.
#[derive(Debug)]
pub struct Neighbours {
    /// Addresses.
    pub user: UserClient,
    /// Who sells, on which terms.
    pub vendor: VendorClient,
    /// Prices and stock.
    pub catalog: CatalogClient,
    /// Distances and service areas.
    pub integration: IntegrationClient,
    /// Money.
    pub payment: PaymentClient,
    /// Messages.
    pub notification: NotificationClient,
}

impl App {
    /// Puts the service together.
    ///
    /// # Errors
    /// Settings that only help tests, outside of tests.
    pub fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let testing = matches!(kit.config.env, Environment::Local | Environment::Test);
        anyhow::ensure!(
            testing || config.order_crash_after.is_none(),
            "ORDER_CRASH_AFTER is set: a service that crashes on purpose belongs in tests"
        );
        let (http, tokens, urls) = (&kit.http, &kit.service_tokens, &kit.config.services);
        let neighbours = Neighbours {
            user: UserClient::new(http.clone(), tokens.clone(), &urls.user_url),
            vendor: VendorClient::new(http.clone(), tokens.clone(), &urls.vendor_management_url),
            catalog: CatalogClient::new(http.clone(), tokens.clone(), &urls.catalog_url),
            integration: IntegrationClient::new(http.clone(), tokens.clone(), &urls.integration_url),
            payment: PaymentClient::new(http.clone(), tokens.clone(), &urls.payment_url),
            notification: NotificationClient::new(http.clone(), tokens.clone(), &urls.notification_url),
        };
        let turns = Arc::new(Semaphore::new(usize::try_from(config.order_placements_at_once)?));
        Ok(Self { kit, config: Arc::new(config), neighbours: Arc::new(neighbours), turns })
    }

    /// Waits for a turn to place an order; none when it does not come in time.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let patience = Duration::from_millis(self.config.order_placement_wait_millis);
        tokio::time::timeout(patience, self.turns.clone().acquire_owned()).await.ok()?.ok()
    }

    /// Ends the process here when a test of crashes asks for it.
    pub(crate) fn crash_point(&self, point: CrashPoint) {
        if self.config.order_crash_after == Some(point) {
            tracing::error!(?point, "ending the process as ORDER_CRASH_AFTER asks");
            std::process::abort();
        }
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
