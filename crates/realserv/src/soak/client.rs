//! Asking as an app does, one try at a time: what became of a try that got no answer is for the model to bear.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep};

use super::model::Answer;
use crate::demo::api::{Api, Person};

/// Longer than the gateway waits for a service.
const TIMEOUT: Duration = Duration::from_secs(35);
/// How long somebody who is signed in may need to be signed in again.
const SIGN_IN: Duration = Duration::from_secs(60);

/// Somebody whose token is renewed under way.
pub(super) type Someone = Arc<RwLock<Person>>;

/// What came back.
#[derive(Debug, Clone)]
pub(super) enum Got {
    /// An answer with its status.
    Said(u16, Value),
    /// None.
    Nothing(String),
}

impl Got {
    /// Its `data`, or nothing.
    pub(super) fn data(&self) -> &Value {
        match self {
            Self::Said(200..=299, body) => body.get("data").unwrap_or(body),
            _ => &Value::Null,
        }
    }

    /// What the model judges.
    pub(super) fn answer(&self) -> Answer {
        let Self::Said(status, body) = self else { return Answer::Unknown };
        let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or("");
        match (status, code) {
            (200..=299, _) => Answer::Done,
            (502..=504, _) | (409, "request_in_progress" | "concurrent_change" | "order_not_ready") => Answer::Unknown,
            (429, code) if code != "otp_limit_reached" => Answer::Unknown,
            (500, _) => Answer::Refused(format!("500 {code}")),
            _ => Answer::Refused(code.to_owned()),
        }
    }
}

/// Gateway and sandbox.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) api: Api,
    http: reqwest::Client,
    gateway: String,
    sandbox: String,
}

impl Client {
    pub(super) fn new(gateway: String, sandbox: String) -> Result<Self> {
        let settings = outbound::HttpSettings { timeout: TIMEOUT, ..outbound::HttpSettings::default() };
        let http = outbound::http_client(settings)?;
        Ok(Self { api: Api::new(gateway.clone(), sandbox.clone())?, http, gateway, sandbox })
    }

    /// One try; with a token that has just run out, one more.
    pub(super) async fn ask(&self, who: &Someone, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Got {
        let got = self.once(who, method.clone(), path, key, body).await;
        match &got {
            Got::Said(401, _) if self.renew(who).await.is_ok() => self.once(who, method, path, key, body).await,
            _ => got,
        }
    }

    async fn once(&self, who: &Someone, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Got {
        let token = who.read().await.token.clone();
        let mut request = self.http.request(method, format!("{}{path}", self.gateway)).bearer_auth(token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                match answer.bytes().await {
                    Ok(bytes) => Got::Said(status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)),
                    Err(error) => Got::Nothing(error.to_string()),
                }
            }
            Err(error) => Got::Nothing(error.to_string()),
        }
    }

    /// A fresh token, however long the user service is away.
    pub(super) async fn renew(&self, who: &Someone) -> Result<()> {
        let until = Instant::now() + SIGN_IN;
        let mut person = who.write().await;
        loop {
            match self.api.refresh(&mut person).await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// The sandbox's control API; answers status and body as they are.
    pub(super) async fn control(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let request = self.http.request(method, format!("{}/_sandbox{path}", self.sandbox)).json(body.unwrap_or(&json!({})));
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null)))
    }

    /// The same, and it has to work; gives `data`.
    pub(super) async fn must(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, mut answer) = self.control(method, path, body).await?;
        if status >= 300 {
            bail!("the sandbox refused {path}: {status} {answer}");
        }
        Ok(answer.get_mut("data").map(Value::take).unwrap_or(answer))
    }
}
