//! The seven services and what belongs to each.

use anyhow::{Result, bail};

/// One of the seven services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Package, binary and folder name.
    pub name: &'static str,
    /// Name of its database.
    pub database: &'static str,
    /// Name of the only role that may connect to it.
    pub role: &'static str,
    /// Distance of its port from the first service's port.
    pub offset: u16,
    /// Variable that tells the others where it is.
    pub url_variable: &'static str,
    /// Whether it has data to begin with (`<service> seed`).
    pub seeds: bool,
}

/// All seven, in the order of their ports.
pub const SERVICES: [Service; 7] = [
    Service {
        name: "user",
        database: "realserv_users_db",
        role: "realserv_user",
        offset: 0,
        url_variable: "USER_URL",
        seeds: false,
    },
    Service {
        name: "order",
        database: "realserv_orders_db",
        role: "realserv_order",
        offset: 1,
        url_variable: "ORDER_URL",
        seeds: false,
    },
    Service {
        name: "payment",
        database: "realserv_payments_db",
        role: "realserv_payment",
        offset: 2,
        url_variable: "PAYMENT_URL",
        seeds: false,
    },
    Service {
        name: "catalog",
        database: "realserv_catalog_db",
        role: "realserv_catalog",
        offset: 3,
        url_variable: "CATALOG_URL",
        seeds: true,
    },
    Service {
        name: "vendor-management",
        database: "realserv_vendors_db",
        role: "realserv_vendor_management",
        offset: 4,
        url_variable: "VENDOR_MANAGEMENT_URL",
        seeds: false,
    },
    Service {
        name: "notification",
        database: "realserv_notifications_db",
        role: "realserv_notification",
        offset: 5,
        url_variable: "NOTIFICATION_URL",
        seeds: false,
    },
    Service {
        name: "integration",
        database: "realserv_integrations_db",
        role: "realserv_integration",
        offset: 6,
        url_variable: "INTEGRATION_URL",
        seeds: false,
    },
];

impl Service {
    /// The service of that name.
    pub fn named(name: &str) -> Result<Self> {
        match SERVICES.iter().find(|service| service.name == name) {
            Some(service) => Ok(*service),
            None => bail!("there is no service {name}; there are {}", SERVICES.map(|service| service.name).join(", ")),
        }
    }
}
