//! Makes buses, rules, queues, buckets and the sender in the stand-in, all from the one catalogue, and keeps the
//! fleet's secrets in its Secrets Manager as production does.

use super::REGION;
use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use bus::{
    Catalogue,
    aws::Clients,
    topology::{self, Topology},
};
use serde_json::json;
use std::collections::BTreeMap;

/// How the stand-in at that endpoint is spoken to.
pub async fn config(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "local stack"))
        .endpoint_url(endpoint)
        .load()
        .await
}

/// Makes everything of the catalogue at that endpoint.
pub async fn ensure(endpoint: &str, catalogue: &Catalogue) -> Result<Topology> {
    let made = topology::ensure(&Clients::new(&config(endpoint).await), catalogue).await?;
    Ok(made)
}

/// Puts each service's secrets under `realserv/<service>`.
pub async fn store_secrets(endpoint: &str, secrets: &BTreeMap<String, BTreeMap<String, String>>) -> Result<()> {
    let http = outbound::http_client(outbound::HttpSettings::default())?;
    for (service, values) in secrets {
        let name = format!("realserv/{service}");
        let value = json!(values).to_string();
        let create = json!({ "Name": name, "SecretString": value, "ClientRequestToken": token(&value) });
        if call(&http, endpoint, "CreateSecret", &create).await? {
            continue;
        }
        let put = json!({ "SecretId": name, "SecretString": value, "ClientRequestToken": token(&value) });
        anyhow::ensure!(call(&http, endpoint, "PutSecretValue", &put).await?, "secret {name} cannot be stored");
    }
    Ok(())
}

/// The same value twice is one version of the secret.
fn token(value: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("realserv-local-{:032x}", hasher.finish())
}

/// The stand-in looks at the target only; a signature would be decoration, and the SDK of one more service is not.
async fn call(http: &reqwest::Client, endpoint: &str, operation: &str, body: &serde_json::Value) -> Result<bool> {
    let answer = http
        .post(endpoint)
        .header("x-amz-target", format!("secretsmanager.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/secretsmanager/aws4_request"))
        .body(body.to_string())
        .send()
        .await
        .context("the AWS stand-in does not answer")?;
    Ok(answer.status().is_success())
}
