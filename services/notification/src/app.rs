//! The service's state and how it is built.

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRef;
use service_kit::Kit;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::channels::Channels;
use crate::domain::matrix::Matrix;
use crate::usecases::deliver;
use crate::usecases::seed_templates::seed_templates;
use crate::usecases::texts::Texts;

/// What every handler and worker has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The parts every service has.
    pub kit: Kit,
    /// Own settings.
    pub config: Arc<Config>,
    /// The ways out.
    pub(crate) channels: Arc<Channels>,
    /// Who hears of which event.
    pub(crate) matrix: Arc<Matrix>,
    /// The texts in use.
    pub(crate) texts: Texts,
    /// Wakes the sender after something was planned.
    pub(crate) wake: Arc<Notify>,
}

impl App {
    /// Puts the service together, and brings the checked-in templates into the database.
    ///
    /// # Errors
    /// Unusable settings, or a database that does not answer.
    pub async fn build(kit: Kit, config: Config) -> anyhow::Result<Self> {
        let channels = Channels::build(&kit, &config)?;
        let matrix = Matrix::load().context("matrix.json")?;
        seed_templates(&kit.pool, &kit.clock, &kit.ids).await.context("seeding the templates")?;
        Ok(Self {
            kit,
            config: Arc::new(config),
            channels: Arc::new(channels),
            matrix: Arc::new(matrix),
            texts: Texts::default(),
            wake: Arc::default(),
        })
    }

    /// Sends everything that is due now, for a test that looks at the result; returns how many messages were tried.
    pub async fn send_due(&self) -> u64 {
        deliver::run_due(self).await
    }

    /// The loop that sends, as the service runs it.
    pub async fn send_until(self, stop: CancellationToken) {
        deliver::run(self, stop).await;
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
