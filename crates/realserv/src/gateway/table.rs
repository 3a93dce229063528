//! `infra/gateway/routes.json`: every public operation, the service behind it, and whether a token is asked for.
//!
//! Terraform reads the same file, so what is true here is true in production.

use crate::service::Service;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    /// For routes without a throttle of their own.
    pub throttle: Throttle,
    /// How long a service may take to begin its answer.
    pub timeout_seconds: u64,
    /// Larger bodies are refused.
    pub body_limit_bytes: u64,
    /// Cross-origin rules.
    pub cors: Cors,
    /// The operations.
    pub routes: Vec<Route>,
}

/// One operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// HTTP method.
    pub method: String,
    /// Path with `{parameters}`.
    pub path: String,
    /// The service that answers.
    pub service: String,
    /// Whether a token is asked for at the door.
    pub auth: Authorization,
    /// A limit of its own.
    #[serde(default)]
    pub throttle: Option<Throttle>,
}

/// What a route asks of its caller before the service sees the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authorization {
    /// Nothing: public, or the service checks a signature.
    None,
    /// A valid Firebase ID token.
    Jwt,
}

/// Requests a second, and how many may come at once.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Sustained rate.
    pub rate_per_second: u32,
    /// Size of a burst.
    pub burst: u32,
}

/// Cross-origin rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Origins of our web clients.
    pub allowed_origins: Vec<String>,
    /// Methods they use.
    pub allowed_methods: Vec<String>,
    /// Headers they may send.
    pub allowed_headers: Vec<String>,
    /// Headers they may read.
    pub exposed_headers: Vec<String>,
    /// How long a browser may remember.
    pub max_age_seconds: u64,
}

impl RouteTable {
    /// Reads and checks the file.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not usable", file.display()))
    }

    /// Parses the text of a route table and refuses what must never be routed.
    pub fn parse(text: &str) -> Result<Self> {
        let table: Self = serde_json::from_str(text)?;
        let mut seen = BTreeSet::new();
        for route in &table.routes {
            let Route { method, path, service, .. } = route;
            Service::named(service)?;
            if !path.starts_with("/api/") {
                bail!("{path} is not below /api and must not be public");
            }
            if !seen.insert((method, path)) {
                bail!("{method} {path} is there twice");
            }
        }
        Ok(table)
    }
}
