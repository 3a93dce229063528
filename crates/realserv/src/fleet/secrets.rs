//! Secrets of the local fleet, made once and kept in `.realserv/secrets.json`. Sandbox and services share them, as
//! the real systems and services would.

use crate::{home::Home, service::SERVICES};
use anyhow::{Context as _, Result};
use auth::ServiceKeyPair;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand,
    rsa::{KeyPair, KeySize},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The Firebase project of the local fleet.
pub(super) const PROJECT: &str = "demo-realserv";

/// Everything secret.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Password of Postgres' superuser.
    pub postgres: String,
    /// Password of each service's role.
    pub databases: BTreeMap<String, String>,
    /// Key pair of each service.
    pub service_tokens: BTreeMap<String, TokenKeys>,
    /// What is handed on under the name of its variable.
    pub variables: BTreeMap<String, String>,
}

/// The pair with which a service signs its calls to others.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenKeys {
    /// PKCS#8, base64.
    pub private: String,
    /// Raw public key, base64.
    pub public: String,
}

impl Secrets {
    /// Reads the file and adds what is missing from it.
    pub fn ensure(home: &Home) -> Result<Self> {
        let file = home.state.join("secrets.json");
        let mut secrets = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?,
            Err(_) => Self::default(),
        };
        secrets.complete()?;
        secrets.write(&file)?;
        Ok(secrets)
    }

    /// Public keys of all services, as `SERVICE_TOKEN_PUBLIC_KEYS` wants them.
    pub fn public_keys(&self) -> String {
        let keys: BTreeMap<&str, &str> =
            self.service_tokens.iter().map(|(name, keys)| (name.as_str(), keys.public.as_str())).collect();
        json!(keys).to_string()
    }

    fn complete(&mut self) -> Result<()> {
        if self.postgres.is_empty() {
            self.postgres = random_hex(24)?;
        }
        for service in SERVICES {
            if let Entry::Vacant(missing) = self.databases.entry(service.name.to_owned()) {
                missing.insert(random_hex(24)?);
            }
            if let Entry::Vacant(missing) = self.service_tokens.entry(service.name.to_owned()) {
                let pair = ServiceKeyPair::generate()?;
                let private = pair.private_key.expose_secret().to_owned();
                missing.insert(TokenKeys { private, public: pair.public_key });
            }
        }
        for (name, make) in VARIABLES {
            if let Entry::Vacant(missing) = self.variables.entry(name.to_owned()) {
                missing.insert(make()?);
            }
        }
        Ok(())
    }

    fn write(&self, file: &Path) -> Result<()> {
        use std::io::Write as _;
        let text = serde_json::to_string_pretty(self)?;
        let fresh = file.with_extension("json.new");
        let mut out = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        out.write_all(text.as_bytes())?;
        fs::rename(&fresh, file)?;
        Ok(())
    }
}

type Make = fn() -> Result<String>;

/// Each variable that holds a secret, and how it is made.
const VARIABLES: [(&str, Make); 17] = [
    ("FIREBASE_API_KEY", || Ok(format!("AIza-{}", random_hex(16)?))),
    ("FIREBASE_SERVICE_ACCOUNT", service_account),
    ("RAZORPAY_KEY_ID", || Ok(format!("rzp_test_{}", random_hex(7)?))),
    ("RAZORPAY_KEY_SECRET", || random_hex(16)),
    ("RAZORPAY_WEBHOOK_SECRETS", || random_hex(20)),
    ("WHATSAPP_PHONE_NUMBER_ID", || Ok("106540352242922".to_owned())),
    ("WHATSAPP_ACCESS_TOKEN", || Ok(format!("EAA{}", random_hex(24)?))),
    ("WHATSAPP_APP_SECRET", || random_hex(16)),
    ("WHATSAPP_VERIFY_TOKEN", || random_hex(12)),
    ("GOOGLE_MAPS_API_KEY", || Ok(format!("AIza-{}", random_hex(16)?))),
    ("TWILIO_ACCOUNT_SID", || Ok(format!("AC{}", random_hex(16)?))),
    ("TWILIO_AUTH_TOKEN", || random_hex(16)),
    ("TWILIO_FROM", || Ok("+15005550006".to_owned())),
    ("MSG91_AUTH_KEY", || random_hex(12)),
    ("OTP_HASH_KEY", || random_base64(32)),
    ("FIELD_KEYS", || Ok(format!("local:{}", random_base64(32)?))),
    ("FIELD_HASH_KEY", || random_base64(32)),
];

fn random_bytes(count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("this machine has no randomness"))?;
    Ok(bytes)
}

fn random_hex(count: usize) -> Result<String> {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in random_bytes(count)? {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn random_base64(count: usize) -> Result<String> {
    Ok(STANDARD.encode(random_bytes(count)?))
}

/// A Google service account, in the shape of the file Google hands out.
fn service_account() -> Result<String> {
    let no_key = |_| anyhow::anyhow!("no RSA key could be made");
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(no_key)?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(no_key)?;
    let encoded = STANDARD.encode(der.as_ref());
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in encoded.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let account = json!({
        "type": "service_account",
        "project_id": PROJECT,
        "client_email": format!("firebase-adminsdk@{PROJECT}.iam.gserviceaccount.com"),
        "private_key": pem,
    });
    Ok(account.to_string())
}
