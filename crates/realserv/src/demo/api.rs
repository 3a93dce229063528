//! The demo as a client: the gateway as the apps see it, the sandbox as the people behind the phones see it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Somebody with a phone and, once signed in, a token.
#[derive(Debug, Clone)]
pub struct Person {
    /// First name.
    pub name: &'static str,
    /// Phone, E.164.
    pub phone: &'static str,
    /// ID token; empty before the sign-in.
    pub token: String,
    refresh_token: String,
    /// `users.id`; empty before the registration.
    pub id: String,
}

impl Person {
    /// Somebody not signed in yet.
    pub fn new(name: &'static str, phone: &'static str) -> Self {
        Self { name, phone, token: String::new(), refresh_token: String::new(), id: String::new() }
    }
}

/// Speaks to gateway and sandbox.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    gateway: String,
    sandbox: String,
}

/// How long something that happens by events may take. Longer than a queue hides the message, or a lease the job, that a
/// killed service had in hand.
const PATIENCE: Duration = Duration::from_secs(90);

impl Api {
    /// At these two addresses.
    pub fn new(gateway: String, sandbox: String) -> Result<Self> {
        Ok(Self { http: outbound::http_client(outbound::HttpSettings::default())?, gateway, sandbox })
    }

    /// Calls the gateway as somebody; answers status and whole body.
    pub async fn call(&self, method: Method, path: &str, who: Option<&Person>, body: Option<&Value>) -> Result<(u16, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.gateway));
        self.send(request, who, body).await
    }

    /// Sends a request; as an app does, it tries again for a while when a service is not there at the moment.
    async fn send(&self, mut request: RequestBuilder, who: Option<&Person>, body: Option<&Value>) -> Result<(u16, Value)> {
        if let Some(who) = who.filter(|who| !who.token.is_empty()) {
            request = request.bearer_auth(&who.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let again = request.try_clone();
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let answer: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null);
            let code = answer["error"]["code"].as_str().unwrap_or_default();
            let busy = code == "request_in_progress" || matches!(status, 502..=504);
            // These are kept with the key: the order has been undone.
            let last_word = matches!(code, "payment_unavailable" | "stock_unavailable");
            match again.filter(|_| Instant::now() < until && busy && !last_word) {
                Some(again) => request = again,
                None => return Ok((status, answer)),
            }
            sleep(Duration::from_millis(300)).await;
        }
    }

    /// The same, and the answer has to be a good one; gives its `data`.
    pub async fn ask(&self, method: Method, path: &str, who: &Person, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.call(method.clone(), path, Some(who), body).await?;
        good(&format!("{} {method} {path}", who.name), status, answer)
    }

    /// A GET that has to work.
    pub async fn get(&self, path: &str, who: &Person) -> Result<Value> {
        self.ask(Method::GET, path, who, None).await
    }

    /// A POST that has to work.
    pub async fn post(&self, path: &str, who: &Person, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, who, Some(body)).await
    }

    /// A PUT that has to work.
    pub async fn put(&self, path: &str, who: &Person, body: &Value) -> Result<Value> {
        self.ask(Method::PUT, path, who, Some(body)).await
    }

    /// A POST with an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, who: &Person, key: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.gateway)).header("idempotency-key", key);
        let (status, answer) = self.send(request, Some(who), Some(body)).await?;
        good(&format!("{} POST {path}", who.name), status, answer)
    }

    /// Places an order as the app does: when it was undone because a service was not there, the buyer presses the button
    /// again, which is a new request with a new key. Gives the order and the key it was placed with.
    pub(super) async fn place(&self, who: &Person, key: &str, body: &Value) -> Result<(Value, String)> {
        let mut tries = 1;
        loop {
            let key = format!("{key}-{tries}");
            match self.post_once("/api/v1/orders", who, &key, body).await {
                Err(error) if tries < 5 && error.to_string().contains("_unavailable") => tries += 1,
                answer => return Ok((answer?, key)),
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Uploads a file and gives its media id.
    pub async fn upload(&self, who: &Person, category: &str, name: &str, content: Vec<u8>) -> Result<String> {
        let file = reqwest::multipart::Part::bytes(content).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().text("category", category.to_owned()).part("file", file);
        let request = self.http.post(format!("{}/api/v1/media/upload", self.gateway)).multipart(form);
        let (status, answer) = self.send(request, Some(who), None).await?;
        let media = good("POST /api/v1/media/upload", status, answer)?;
        text(&media, "/media_id")
    }

    /// Asks again until the answer is as wanted.
    pub async fn until(&self, path: &str, who: &Person, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (status, answer) = self.call(Method::GET, path, Some(who), None).await?;
            if status == 200 && wanted(&answer["data"]) {
                return Ok(answer["data"].clone());
            }
            if Instant::now() > until {
                bail!("{path} did not become as expected within {} s; last: {status} {answer}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks the sandbox's control API.
    pub async fn sandbox(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.http.request(method, format!("{}/_sandbox{path}", self.sandbox));
        let (status, answer) = self.send(request, None, body).await?;
        if status >= 300 {
            bail!("the sandbox refused {path}: {status} {answer}");
        }
        Ok(answer.get("data").cloned().unwrap_or(answer))
    }

    /// Waits for an SMS to a phone that fits, and gives its text.
    pub async fn sms(&self, phone: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        self.message(&format!("/phones/{phone}/sms"), |m| m["body"].as_str().filter(|body| fits(body)).map(str::to_owned)).await
    }

    /// Waits for a WhatsApp message to a phone that fits; looks at everything a template or text says.
    pub async fn whatsapp(&self, phone: &str, after: usize, fits: impl Fn(&str) -> bool) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let chat = self.sandbox(Method::GET, &format!("/phones/{phone}/whatsapp"), None).await?;
            let messages = chat.as_array().cloned().unwrap_or_default();
            let found = messages.iter().skip(after).filter(|m| !is_inbound(m)).map(words).find(|text| fits(text));
            if let Some(text) = found {
                return Ok(text);
            }
            if Instant::now() > until {
                bail!("no fitting WhatsApp message to {phone}; the chat: {}", serde_json::to_string_pretty(&chat)?);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many messages a chat has.
    pub async fn chat_length(&self, phone: &str) -> Result<usize> {
        Ok(self.sandbox(Method::GET, &format!("/phones/{phone}/whatsapp"), None).await?.as_array().map_or(0, Vec::len))
    }

    /// Types on WhatsApp as a phone and waits for the bot's answer.
    pub async fn types(&self, phone: &str, message: &Value) -> Result<String> {
        let before = self.chat_length(phone).await?;
        self.sandbox(Method::POST, &format!("/phones/{phone}/whatsapp"), Some(message)).await?;
        self.whatsapp(phone, before, |_| true).await
    }

    async fn message(&self, path: &str, pick: impl Fn(&Value) -> Option<String>) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let messages = self.sandbox(Method::GET, path, None).await?;
            if let Some(found) = messages.as_array().into_iter().flatten().rev().find_map(&pick) {
                return Ok(found);
            }
            if Instant::now() > until {
                bail!("nothing fitting under {path}: {messages}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Signs somebody in by phone and code.
    pub async fn sign_in(&self, who: &mut Person) -> Result<()> {
        let body = json!({ "phone": who.phone });
        let (status, started) = self.call(Method::POST, "/api/v1/auth/send-otp", None, Some(&body)).await?;
        let started = good("POST /api/v1/auth/send-otp", status, started)?;
        let code = text(&self.sandbox(Method::GET, &format!("/phones/{}/otp", who.phone), None).await?, "/code")?;
        let body = json!({ "session_info": started["session_info"], "code": code });
        let (status, tokens) = self.call(Method::POST, "/api/v1/auth/verify-phone", None, Some(&body)).await?;
        take_tokens(who, &good("POST /api/v1/auth/verify-phone", status, tokens)?)
    }

    /// Gets a new ID token: claims changed, or the old one's hour is over.
    pub async fn refresh(&self, who: &mut Person) -> Result<()> {
        let body = json!({ "refresh_token": who.refresh_token });
        let (status, tokens) = self.call(Method::POST, "/api/v1/auth/refresh-token", None, Some(&body)).await?;
        take_tokens(who, &good("POST /api/v1/auth/refresh-token", status, tokens)?)
    }
}

fn take_tokens(who: &mut Person, tokens: &Value) -> Result<()> {
    who.token = text(tokens, "/id_token")?;
    who.refresh_token = text(tokens, "/refresh_token")?;
    Ok(())
}

fn good(what: &str, status: u16, answer: Value) -> Result<Value> {
    if (200..300).contains(&status) {
        return Ok(answer["data"].clone());
    }
    bail!("{what}: {status} {answer}")
}

fn is_inbound(message: &Value) -> bool {
    message["direction"] == "inbound"
}

/// What a chat message says, as the phone shows it.
fn words(message: &Value) -> String {
    message["text"].as_str().map_or_else(|| message["message"].to_string(), str::to_owned)
}

/// A text inside a JSON document.
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {pointer} in {value}"))
}
