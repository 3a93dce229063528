//! RSA keys: the one that signs ID tokens, and a service account's.

use anyhow::Context as _;
use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// An RSA key pair as kept in the state file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredKey {
    /// PKCS#8 in PEM.
    pub(crate) pem: String,
}

impl StoredKey {
    /// A new key of 2048 bits; takes a moment.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).context("generate an RSA key")?;
        let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).context("encode an RSA key")?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(Self { pem })
    }
}

/// A key ready for work.
pub(crate) struct RsaKey {
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl RsaKey {
    /// From PKCS#8 in PEM.
    pub(crate) fn from_pem(pem: &str) -> anyhow::Result<Self> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = STANDARD.decode(body).context("the key's PEM")?;
        let pair = KeyPair::from_pkcs8(&der).context("the key is not RSA in PKCS#8")?;
        let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let exponent = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
        let kid = hex::encode(&digest::digest(&digest::SHA256, &modulus).as_ref()[..20]);
        let encoding = EncodingKey::from_rsa_pem(pem.as_bytes()).context("the key's PEM")?;
        let decoding = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
        Ok(Self { kid, modulus, exponent, encoding, decoding })
    }

    /// The public half as one entry of a key set.
    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus), "e": URL_SAFE_NO_PAD.encode(&self.exponent),
        })
    }

    /// Signs claims into a token that names this key.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// The claims of a token this key signed. Times are the caller's business: they go by the sandbox's clock.
    pub(crate) fn verify<T: DeserializeOwned + Clone>(&self, token: &str) -> Result<T, jsonwebtoken::errors::Error> {
        let mut validation = jsonwebtoken::Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<T>(token, &self.decoding, &validation).map(|data| data.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_signed_it_accepts_and_another_key_does_not() {
        let key = RsaKey::from_pem(&StoredKey::generate().unwrap().pem).unwrap();
        let other = RsaKey::from_pem(&StoredKey::generate().unwrap().pem).unwrap();
        let token = key.sign(&json!({"sub": "someone"})).unwrap();
        assert_eq!(key.verify::<Value>(&token).unwrap()["sub"], "someone");
        assert!(other.verify::<Value>(&token).is_err());
    }
}
