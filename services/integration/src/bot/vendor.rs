//! One vendor in one turn of a conversation: who it is, where the conversation stands, and what was done already.

use std::sync::{Mutex, PoisonError};

use domain::{OrderId, OrderNumber, VendorId};
use reqwest::Method;
use reqwest::multipart::Form;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::market::{Call, DeliveryView, Newest, OrderView, Trouble, found, read};
use super::state::State;
use crate::App;
use crate::store::messages;

/// The vendor who writes.
#[derive(Debug, Clone)]
pub(crate) struct Vendor {
    pub(crate) uid: String,
    pub(crate) vendor_id: VendorId,
    pub(crate) name: String,
}

/// One message being answered.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) app: &'a App,
    pub(crate) vendor: Vendor,
    pub(crate) state: State,
    pub(crate) conversation_id: Uuid,
    pub(crate) steps: Steps<'a>,
}

/// What has been done for a message so far: written down after each step that must not be done twice.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    app: &'a App,
    message_id: Uuid,
    done: Mutex<Value>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(app: &'a App, message_id: Uuid, progress: Value) -> Self {
        Self { app, message_id, done: Mutex::new(progress) }
    }

    /// Our id of the message.
    pub(crate) const fn message_id(&self) -> Uuid {
        self.message_id
    }

    /// What a step left behind, if it was done.
    pub(crate) fn done(&self, step: &str) -> Option<Value> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).get(step).cloned()
    }

    /// Writes a step down.
    pub(crate) async fn mark(&self, step: &str, value: Value) -> Result<(), Trouble> {
        let all = {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(steps) = done.as_object_mut() {
                steps.insert(step.to_owned(), value);
            }
            done.clone()
        };
        let written = async {
            let mut conn = self.app.kit.pool.acquire().await?;
            messages::note_progress(&mut conn, self.message_id, &all).await
        };
        written.await.map_err(|error: sqlx::Error| Trouble::Later(error.to_string()))
    }

    /// The key of a step, the same on every try.
    pub(crate) fn key(&self, step: &str) -> String {
        format!("whatsapp:{}:{step}", self.message_id)
    }
}

impl Turn<'_> {
    /// GET.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        read(self.call(&Call { method: Method::GET, path, body: None, key: None }).await?)
    }

    /// PUT.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.call(&Call { method: Method::PUT, path, body: Some(body), key: None }).await
    }

    /// POST; the same wish of the same message has the same key.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>, step: &str) -> Result<Value, Trouble> {
        let key = self.steps.key(step);
        self.call(&Call { method: Method::POST, path, body, key: Some(&key) }).await
    }

    /// Uploads a form; made anew for each try.
    pub(crate) async fn upload(
        &self,
        path: &str,
        form: impl Fn() -> Result<Form, Trouble>,
        step: &str,
    ) -> Result<Value, Trouble> {
        let (tokens, uid, key) = (&self.app.tokens, &self.vendor.uid, self.steps.key(step));
        let token = tokens.of(uid).await?;
        match self.app.marketplace.upload(&token, path, form()?, &key).await {
            Err(Trouble::Refused { status: 401, .. }) => {
                tokens.forget(uid);
                let token = tokens.of(uid).await?;
                shut_out_if_unauthorized(self.app.marketplace.upload(&token, path, form()?, &key).await)
            }
            other => other,
        }
    }

    /// One call as the vendor; a token that is refused is replaced once.
    async fn call(&self, call: &Call<'_>) -> Result<Value, Trouble> {
        let (tokens, uid) = (&self.app.tokens, &self.vendor.uid);
        let token = tokens.of(uid).await?;
        match self.app.marketplace.call(&token, call).await {
            Err(Trouble::Refused { status: 401, .. }) => {
                tokens.forget(uid);
                let token = tokens.of(uid).await?;
                shut_out_if_unauthorized(self.app.marketplace.call(&token, call).await)
            }
            Err(Trouble::ShutOut) => {
                tokens.forget(uid);
                Err(Trouble::ShutOut)
            }
            other => other,
        }
    }

    /// The vendor's own order of this number.
    pub(crate) async fn order(&self, number: &OrderNumber) -> Result<Option<OrderView>, Trouble> {
        let order: Option<OrderView> = found(self.get(&format!("/api/v1/orders/by-number/{number}")).await)?;
        Ok(order.filter(|order| order.vendor_id.is_none_or(|id| id == self.vendor.vendor_id)))
    }

    /// The vendor's newest orders that are not over.
    pub(crate) async fn orders(&self) -> Result<Vec<OrderView>, Trouble> {
        let open =
            ["pending", "paid", "confirmed", "preparing", "in_transit", "delivered"].map(|status| format!("&status={status}"));
        self.get(&format!("/api/v1/orders/vendor/{}?limit=100{}", self.vendor.vendor_id, open.concat())).await
    }

    /// The newest delivery of an order.
    pub(crate) async fn delivery(&self, order: OrderId) -> Result<Option<DeliveryView>, Trouble> {
        let newest: Option<Newest<DeliveryView>> = found(self.get(&format!("/api/v1/deliveries/order/{order}")).await)?;
        Ok(newest.and_then(|newest| newest.0))
    }

    /// Moves a delivery.
    pub(crate) async fn move_delivery(&self, delivery: &DeliveryView, to: &str) -> Result<(), Trouble> {
        self.put(&format!("/api/v1/deliveries/{}/status", delivery.id), &json!({ "status": to })).await?;
        Ok(())
    }
}

fn shut_out_if_unauthorized(result: Result<Value, Trouble>) -> Result<Value, Trouble> {
    match result {
        Err(Trouble::Refused { status: 401, .. }) => Err(Trouble::ShutOut),
        other => other,
    }
}
