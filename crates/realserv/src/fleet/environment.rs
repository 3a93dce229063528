//! The environment of each child. In production the same variables come from the task definition.

use super::{Ports, Secrets, secrets::PROJECT};
use crate::{
    aws,
    home::Home,
    service::{SERVICES, Service},
};
use bus::{Catalogue, topology::Topology};
use std::{collections::BTreeMap, path::PathBuf};

type Variables = BTreeMap<String, String>;

/// Base URL of each outside system below the sandbox.
const OUTSIDE: [(&str, &str); 11] = [
    ("FIREBASE_JWKS_URL", "/firebase/jwks"),
    ("FIREBASE_IDENTITY_URL", "/firebase/identitytoolkit"),
    ("FIREBASE_TOKEN_URL", "/firebase/securetoken"),
    ("GOOGLE_OAUTH_URL", "/google/oauth2"),
    ("FCM_URL", "/fcm"),
    ("RAZORPAY_URL", "/razorpay"),
    ("WHATSAPP_URL", "/whatsapp"),
    ("GOOGLE_MAPS_URL", "/maps"),
    ("GOOGLE_ROUTES_URL", "/routes"),
    ("TWILIO_URL", "/twilio"),
    ("MSG91_URL", "/msg91"),
];

/// Everything the children's variables are made of.
#[derive(Clone)]
pub struct Environment {
    ports: Ports,
    secrets: Secrets,
    clock_file: PathBuf,
    routes: PathBuf,
    sandbox_state: PathBuf,
    bus: String,
    sender: String,
    more: Variables,
}

impl Environment {
    /// From what was decided and generated.
    pub fn new(home: &Home, ports: Ports, secrets: Secrets, catalogue: &Catalogue) -> Self {
        let domain = catalogue.ses_identities.first().map_or("realserv.example", String::as_str);
        let sender = if domain.contains('@') { domain.to_owned() } else { format!("orders@{domain}") };
        Self {
            ports,
            secrets,
            clock_file: home.state.join("clock"),
            routes: home.root.join("infra/gateway/routes.json"),
            sandbox_state: home.state.join("sandbox.json"),
            bus: catalogue.bus.clone(),
            sender,
            more: Variables::new(),
        }
    }

    /// One variable more for every child of ours.
    pub fn add(&mut self, name: &str, value: &str) {
        self.more.insert(name.to_owned(), value.to_owned());
    }

    /// Where a service's database is, as its own role.
    pub fn database_url(&self, service: Service) -> String {
        let password = self.secrets.databases.get(service.name);
        format!(
            "postgres://{}:{}@127.0.0.1:{}/{}",
            service.role,
            password.map_or("", String::as_str),
            self.ports.postgres,
            service.database
        )
    }

    /// Variables of one service.
    pub fn service(&self, service: Service, topology: &Topology) -> Variables {
        let mut all = self.common();
        all.extend(self.aws());
        all.extend(self.outside());
        all.extend(self.secrets.variables.clone());
        all.extend(topology.buckets.clone());
        if let Some(url) = topology.queue_urls.get(service.name) {
            all.insert("EVENT_QUEUE_URL".to_owned(), url.clone());
        }
        if let Some(keys) = self.secrets.service_tokens.get(service.name) {
            all.insert("SERVICE_TOKEN_PRIVATE_KEY".to_owned(), keys.private.clone());
        }
        let own = [
            ("BIND_ADDR", self.address(self.ports.of(service))),
            ("DATABASE_URL", self.database_url(service)),
            ("EVENT_BUS_NAME", self.bus.clone()),
            ("SERVICE_TOKEN_PUBLIC_KEYS", self.secrets.public_keys()),
            ("SMS_PROVIDER", "twilio".to_owned()),
            ("SES_FROM", self.sender.clone()),
            ("WHATSAPP_API_VERSION", "v26.0".to_owned()),
            ("SHUTDOWN_GRACE_SECONDS", "10".to_owned()),
            // Here everybody comes from one address.
            ("SIGN_IN_PER_ADDRESS", "100000".to_owned()),
            // Shorter than a service waits for another: a look-up after a time-out fits into the same call.
            ("RAZORPAY_TIMEOUT_SECONDS", "3".to_owned()),
        ];
        add(&mut all, own);
        all
    }

    /// Variables of the sandbox.
    pub fn sandbox(&self) -> Variables {
        let mut all = self.common();
        all.extend(self.secrets.variables.clone());
        let api = self.public_api();
        let own = [
            ("SANDBOX_BIND", self.address(self.ports.sandbox)),
            ("SANDBOX_STATE_FILE", self.sandbox_state.display().to_string()),
            ("SANDBOX_RAZORPAY_WEBHOOK_URL", format!("{api}/api/v1/payments/webhooks/razorpay")),
            ("SANDBOX_WHATSAPP_WEBHOOK_URL", format!("{api}/api/v1/whatsapp/webhook")),
            ("SANDBOX_MAILBOX_URL", format!("http://{}/_ministack/ses/messages", self.address(self.ports.aws))),
        ];
        add(&mut all, own);
        all
    }

    /// Variables of the gateway.
    pub fn gateway(&self) -> Variables {
        let mut all = self.common();
        all.extend(self.outside());
        let own = [("BIND_ADDR", self.address(self.ports.gateway)), ("GATEWAY_ROUTES", self.routes.display().to_string())];
        add(&mut all, own);
        all
    }

    /// Where clients find the whole.
    pub fn public_api(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.gateway)
    }

    fn address(&self, port: u16) -> String {
        format!("127.0.0.1:{port}")
    }

    fn common(&self) -> Variables {
        let mut all = Variables::new();
        let log = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
        let own = [
            ("REALSERV_ENV", "local".to_owned()),
            ("FIREBASE_PROJECT_ID", PROJECT.to_owned()),
            ("CLOCK_FILE", self.clock_file.display().to_string()),
            ("PUBLIC_API_URL", self.public_api()),
            ("RUST_LOG", log),
            // A proxy of the machine must not see calls that never leave it.
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
            ("no_proxy", "127.0.0.1,localhost".to_owned()),
        ];
        add(&mut all, own);
        all.extend(self.more.clone());
        for service in SERVICES {
            all.insert(service.url_variable.to_owned(), format!("http://127.0.0.1:{}", self.ports.of(service)));
        }
        all
    }

    fn aws(&self) -> Variables {
        let mut all = Variables::new();
        let own = [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.ports.aws)),
            ("AWS_REGION", aws::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        add(&mut all, own);
        all
    }

    fn outside(&self) -> Variables {
        OUTSIDE
            .iter()
            .map(|(name, path)| {
                let url = format!("http://127.0.0.1:{}{path}", self.ports.sandbox);
                ((*name).to_owned(), url)
            })
            .collect()
    }
}

fn add<const N: usize>(all: &mut Variables, own: [(&str, String); N]) {
    all.extend(own.map(|(name, value)| (name.to_owned(), value)));
}
