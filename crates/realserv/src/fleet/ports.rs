//! Which port is whose.

use crate::{
    net,
    service::{SERVICES, Service},
};
use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

/// Ports as asked for; each has its usual number.
#[derive(Debug, Clone, Default, Args)]
pub struct PortArgs {
    /// Put everything on N, N+1, …: gateway, seven services, sandbox, AWS stand-in, Postgres.
    #[arg(long, value_name = "N", env = "REALSERV_PORT_BASE")]
    pub port_base: Option<u16>,
    /// Port of the gateway.
    #[arg(long, value_name = "N", env = "REALSERV_GATEWAY_PORT")]
    pub gateway_port: Option<u16>,
    /// Port of the user service; the other six follow it.
    #[arg(long, value_name = "N", env = "REALSERV_SERVICES_PORT")]
    pub services_port: Option<u16>,
    /// Port of the sandbox.
    #[arg(long, value_name = "N", env = "REALSERV_SANDBOX_PORT")]
    pub sandbox_port: Option<u16>,
    /// Port of the AWS stand-in.
    #[arg(long, value_name = "N", env = "REALSERV_AWS_PORT")]
    pub aws_port: Option<u16>,
    /// Port of Postgres.
    #[arg(long, value_name = "N", env = "REALSERV_POSTGRES_PORT")]
    pub postgres_port: Option<u16>,
}

/// Ports as decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Gateway.
    pub gateway: u16,
    /// First of the seven services.
    pub services: u16,
    /// Sandbox.
    pub sandbox: u16,
    /// AWS stand-in.
    pub aws: u16,
    /// Postgres.
    pub postgres: u16,
}

impl PortArgs {
    /// What was asked for, else a place after the base, else the usual number.
    pub fn decide(&self) -> Ports {
        let pick = |asked: Option<u16>, after_base: u16, usual: u16| {
            asked.or_else(|| self.port_base.map(|base| base.saturating_add(after_base))).unwrap_or(usual)
        };
        Ports {
            gateway: pick(self.gateway_port, 0, 8080),
            services: pick(self.services_port, 1, 5001),
            sandbox: pick(self.sandbox_port, 8, 9400),
            aws: pick(self.aws_port, 9, 4566),
            postgres: pick(self.postgres_port, 10, 5442),
        }
    }
}

impl Ports {
    /// The port of a service.
    pub fn of(&self, service: Service) -> u16 {
        self.services.saturating_add(service.offset)
    }

    /// All of them with the names of their owners.
    pub fn all(&self) -> Vec<(&'static str, u16)> {
        let mut all =
            vec![("Postgres", self.postgres), ("AWS stand-in", self.aws), ("sandbox", self.sandbox), ("gateway", self.gateway)];
        all.extend(SERVICES.map(|service| (service.name, self.of(service))));
        all
    }

    /// Refuses to go on while one of them is in use, and says whose it was to be.
    pub fn must_be_free(&self) -> Result<()> {
        let taken: Vec<String> = self
            .all()
            .into_iter()
            .filter(|(_, port)| net::is_taken(*port))
            .map(|(name, port)| format!("port {port} ({name})"))
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        bail!(
            "{} already in use: stop what listens there, or put the fleet elsewhere with `--port-base 15000` \
             (or a single port, see `realserv up --help`)",
            taken.join(", ")
        );
    }
}
