//! The parts that every service has in hand.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Context as _;
use auth::{AccessList, FirebaseSettings, FirebaseVerifier, KeySource, ServiceTokenSettings, ServiceTokens};
use context::FileClock;
use domain::{ServiceName, SharedClock, SharedIds, SharedRandom, SystemClock, SystemIds};
use outbound::{HttpSettings, http_client};
use sqlx::PgPool;

use crate::config::{Environment, KitConfig};
use crate::random::SystemRandom;

/// The parts that every service has in hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Kit(Arc<KitParts>);

/// What a [`Kit`] holds.
#[derive(Debug)]
pub struct KitParts {
    /// Which service this is.
    pub name: ServiceName,
    /// Settings.
    pub config: KitConfig,
    /// Time.
    pub clock: SharedClock,
    /// Identifiers.
    pub ids: SharedIds,
    /// Secure randomness.
    pub random: SharedRandom,
    /// The service's own database.
    pub pool: PgPool,
    /// The one HTTP client; adapters share its connections.
    pub http: reqwest::Client,
    /// What AWS clients are made from.
    pub aws: aws_config::SdkConfig,
    /// Checks people's tokens.
    pub verifier: FirebaseVerifier,
    /// Makes and checks services' tokens.
    pub service_tokens: ServiceTokens,
    /// Who lost access since signing in.
    pub access: AccessList,
}

impl Deref for Kit {
    type Target = KitParts;
    fn deref(&self) -> &KitParts {
        &self.0
    }
}

impl Kit {
    /// Puts the parts together from settings. Only the database is called.
    ///
    /// # Errors
    /// Settings that are unusable or refused in production, or a database that does not answer.
    pub async fn new(name: ServiceName, config: KitConfig) -> anyhow::Result<Self> {
        config.check()?;
        let clock: SharedClock = match &config.clock_file {
            Some(file) => FileClock::follow(file.clone()),
            None => Arc::new(SystemClock),
        };
        let pool = pg_kit::connect(&config.database).await.context("cannot use DATABASE_URL")?;
        Self::assemble(name, config, clock, pool).await
    }

    /// The same with a clock and a pool of the caller's, for tests.
    ///
    /// # Errors
    /// Settings that are unusable or refused in production.
    pub async fn assemble(name: ServiceName, config: KitConfig, clock: SharedClock, pool: PgPool) -> anyhow::Result<Self> {
        config.check()?;
        let http = http_client(HttpSettings::default())?;
        let identity = &config.identity;
        let settings = FirebaseSettings {
            project_id: identity.firebase_project_id.clone(),
            emulator_host: identity.firebase_auth_emulator_host.clone(),
            production: config.env == Environment::Production,
        };
        let keys = KeySource::new(http.clone(), identity.firebase_jwks_url.clone(), clock.clone());
        let verifier = FirebaseVerifier::new(settings, keys, clock.clone())?;
        let ids: SharedIds = Arc::new(SystemIds);
        let service_tokens = ServiceTokens::new(
            &ServiceTokenSettings {
                service: name,
                private_key: identity.service_token_private_key.clone(),
                public_keys: identity.service_token_public_keys.clone(),
            },
            clock.clone(),
            ids.clone(),
        )?;
        let endpoint = config.bus.aws_endpoint_url.as_deref().filter(|url| !url.is_empty());
        let aws = bus::aws::sdk_config(endpoint).await;
        Ok(Self(Arc::new(KitParts {
            name,
            config,
            clock,
            ids,
            random: Arc::new(SystemRandom),
            pool,
            http,
            aws,
            verifier,
            service_tokens,
            access: AccessList::new(),
        })))
    }
}
