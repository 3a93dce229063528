//! The client.

use chrono::{DateTime, Utc};
use domain::Money;
use outbound::{Remote, RetryPolicy, retry};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    entities::{Collection, LinkCollection, Order, Payment, PaymentLink, Refund},
    error::{RazorpayError, Refusal, RefusalKind, read_failure},
    requests::{NewOrder, NewPaymentLink, NewRefund},
    settings::RazorpaySettings,
    signature,
};

/// Razorpay's API. Reading is repeated by itself; what moves money never is.
#[derive(Debug, Clone)]
pub struct Razorpay {
    remote: Remote,
    base_url: String,
    key_id: String,
    key_secret: SecretString,
    webhook_secrets: Vec<SecretString>,
}

impl Razorpay {
    /// A client over the shared HTTP client.
    pub fn new(settings: RazorpaySettings, http: reqwest::Client) -> Self {
        Self {
            remote: Remote::new("razorpay", http, settings.timeout),
            base_url: outbound::join(&settings.base_url, "v1"),
            key_id: settings.key_id,
            key_secret: settings.key_secret,
            webhook_secrets: settings.webhook_secrets,
        }
    }

    /// The public key id that Checkout needs.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Opens an order. After [`RazorpayError::Unknown`] look for the receipt before trying again:
    /// Razorpay has no idempotency key for orders.
    pub async fn create_order(&self, order: &NewOrder) -> Result<Order, RazorpayError> {
        self.change("orders", &order.body(), None).await
    }

    /// The newest order with a receipt of ours.
    pub async fn find_order_by_receipt(&self, receipt: &str) -> Result<Option<Order>, RazorpayError> {
        let found: Collection<Order> = self.read("orders", &[("receipt", receipt)]).await?;
        Ok(found.items.into_iter().filter(|order| order.receipt.as_deref() == Some(receipt)).max_by_key(|order| order.created_at))
    }

    /// One order.
    pub async fn fetch_order(&self, order_id: &str) -> Result<Order, RazorpayError> {
        self.read(&format!("orders/{}", id(order_id)?), &[]).await
    }

    /// The payments that were tried on an order.
    pub async fn fetch_order_payments(&self, order_id: &str) -> Result<Vec<Payment>, RazorpayError> {
        let path = format!("orders/{}/payments", id(order_id)?);
        let found: Collection<Payment> = self.read(&path, &[]).await?;
        Ok(found.items)
    }

    /// One payment.
    pub async fn fetch_payment(&self, payment_id: &str) -> Result<Payment, RazorpayError> {
        self.read(&format!("payments/{}", id(payment_id)?), &[]).await
    }

    /// Takes the money of an authorized payment. The amount must be the authorized one.
    pub async fn capture(&self, payment_id: &str, amount: Money) -> Result<Payment, RazorpayError> {
        let path = format!("payments/{}/capture", id(payment_id)?);
        let body = json!({"amount": amount.paise(), "currency": "INR"});
        self.change(&path, &body, None).await
    }

    /// Gives money back. The same key with the same body yields the same refund.
    pub async fn create_refund(&self, payment_id: &str, refund: &NewRefund) -> Result<Refund, RazorpayError> {
        let path = format!("payments/{}/refund", id(payment_id)?);
        self.change(&path, &refund.body(), Some(&refund.key)).await
    }

    /// One refund.
    pub async fn fetch_refund(&self, refund_id: &str) -> Result<Refund, RazorpayError> {
        self.read(&format!("refunds/{}", id(refund_id)?), &[]).await
    }

    /// Every payment begun in `[from, to]`, as many as there may be. Times are whole seconds, as Razorpay's are.
    pub async fn list_payments(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Payment>, RazorpayError> {
        const PAGE: usize = 100;
        let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
        let mut all: Vec<Payment> = Vec::new();
        let mut skip = 0;
        loop {
            let (count, skipped) = (PAGE.to_string(), skip.to_string());
            let query = [("from", from.as_str()), ("to", to.as_str()), ("count", count.as_str()), ("skip", skipped.as_str())];
            let page: Collection<Payment> = self.read("payments", &query).await?;
            let got = page.items.len();
            let before = all.len();
            // New ones at the top push others onto the next page: those are seen twice.
            let fresh: Vec<Payment> = page.items.into_iter().filter(|new| all.iter().all(|seen| seen.id != new.id)).collect();
            all.extend(fresh);
            skip += got;
            if got < PAGE || all.len() == before {
                return Ok(all);
            }
        }
    }

    /// All refunds of a payment, as many as there may be.
    pub async fn fetch_refunds(&self, payment_id: &str) -> Result<Vec<Refund>, RazorpayError> {
        const PAGE: usize = 100;
        let path = format!("payments/{}/refunds", id(payment_id)?);
        let mut all: Vec<Refund> = Vec::new();
        loop {
            let (count, skip) = (PAGE.to_string(), all.len().to_string());
            let query = [("count", count.as_str()), ("skip", skip.as_str())];
            let page: Collection<Refund> = self.read(&path, &query).await?;
            let got = page.items.len();
            // A page we have seen means that `skip` is not understood.
            let fresh = page.items.first().is_some_and(|first| all.iter().all(|seen| seen.id != first.id));
            if fresh {
                all.extend(page.items);
            }
            if got < PAGE || !fresh {
                return Ok(all);
            }
        }
    }

    /// Makes a payment link. After [`RazorpayError::Unknown`] look for its reference.
    pub async fn create_payment_link(&self, link: &NewPaymentLink) -> Result<PaymentLink, RazorpayError> {
        self.change("payment_links", &link.body(), None).await
    }

    /// The link with a reference of ours.
    pub async fn find_payment_link(&self, reference_id: &str) -> Result<Option<PaymentLink>, RazorpayError> {
        let found: LinkCollection = self.read("payment_links", &[("reference_id", reference_id)]).await?;
        Ok(found.payment_links.into_iter().find(|link| link.reference_id.as_deref() == Some(reference_id)))
    }

    /// One payment link.
    pub async fn fetch_payment_link(&self, link_id: &str) -> Result<PaymentLink, RazorpayError> {
        self.read(&format!("payment_links/{}", id(link_id)?), &[]).await
    }

    /// Takes a payment link back; only one that nobody paid.
    pub async fn cancel_payment_link(&self, link_id: &str) -> Result<PaymentLink, RazorpayError> {
        let path = format!("payment_links/{}/cancel", id(link_id)?);
        self.change(&path, &json!({}), None).await
    }

    /// Whether Checkout's answer is genuine. `order_id` is the one **we** stored.
    pub fn verify_checkout_signature(&self, order_id: &str, payment_id: &str, signature: &str) -> bool {
        signature::verify_checkout_signature(&self.key_secret, order_id, payment_id, signature)
    }

    /// Whether a webhook's raw bytes were signed with one of our webhook secrets.
    pub fn verify_webhook(&self, raw: &[u8], signature: &str) -> bool {
        signature::verify_webhook(raw, signature, &self.webhook_secrets)
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, RazorpayError> {
        retry(RetryPolicy::default(), || async {
            let request = self.request(Method::GET, path).query(query);
            self.answer(request, false).await
        })
        .await
    }

    async fn change<T: DeserializeOwned>(&self, path: &str, body: &Value, refund_key: Option<&str>) -> Result<T, RazorpayError> {
        let mut request = self.request(Method::POST, path).json(body);
        if let Some(key) = refund_key {
            request = request.header("X-Refund-Idempotency", key);
        }
        self.answer(request, true).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder, moves: bool) -> Result<T, RazorpayError> {
        let reply = self.remote.send(request).await?;
        if reply.is_success() { Ok(reply.json()?) } else { Err(read_failure(&reply, moves)) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.remote
            .request(method, outbound::join(&self.base_url, path))
            .basic_auth(&self.key_id, Some(self.key_secret.expose_secret()))
    }
}

/// An id goes into the path, and some come from outside: nothing but what ids are made of.
fn id(text: &str) -> Result<&str, RazorpayError> {
    let valid = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if valid {
        return Ok(text);
    }
    Err(RazorpayError::Refused(Box::new(Refusal {
        status: 400,
        kind: RefusalKind::NotFound,
        code: "BAD_REQUEST_ERROR".to_owned(),
        description: "not a valid id".to_owned(),
        ..Refusal::default()
    })))
}
