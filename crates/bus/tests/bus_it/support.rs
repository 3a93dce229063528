//! What these tests share: an account for each test, so that tests on one stand-in never meet.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use bus::aws::{Clients, sdk_config};
use bus::topology::{self, Topology};
use bus::{Catalogue, EventBridgePublisher};
use chrono::DateTime;
use domain::events::{Envelope, EventSink};
use domain::{Actor, CorrelationId, EventId, IdGen, ServiceName, SystemIds};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) aws: Clients,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) made: Topology,
}

impl World {
    /// The catalogue as it is, in an account of the test's own: the stand-in keeps accounts apart by
    /// the access key.
    pub(crate) async fn new() -> Self {
        Self::with(Catalogue::load().unwrap()).await
    }

    pub(crate) async fn with(mut catalogue: Catalogue) -> Self {
        let account = format!("{:012}", SystemIds.uuid().as_u64_pair().1 % 1_000_000_000_000);
        let aws = clients(&account).await;
        // Names of buckets are everybody's.
        for bucket in &mut catalogue.buckets {
            bucket.name = format!("{}-{account}", bucket.name);
        }
        let made = topology::ensure(&aws, &catalogue).await.unwrap();
        Self { aws, catalogue: Arc::new(catalogue), made }
    }

    pub(crate) fn publisher(&self, service: ServiceName) -> EventBridgePublisher {
        let bus = self.catalogue.bus.clone();
        EventBridgePublisher::new(self.aws.events.clone(), Arc::clone(&self.catalogue), &bus, service).unwrap()
    }

    pub(crate) async fn publish(&self, service: ServiceName, envelope: &Envelope) {
        for outcome in self.publisher(service).publish(std::slice::from_ref(envelope)).await {
            outcome.unwrap();
        }
    }

    pub(crate) fn queue(&self, service: &str) -> &str {
        self.made.queue_urls.get(service).unwrap()
    }

    pub(crate) fn dead_letters(&self, service: &str) -> &str {
        self.made.dead_letter_urls.get(service).unwrap()
    }

    /// Whatever lies on the queue, taken away.
    pub(crate) async fn take(&self, url: &str) -> Vec<Message> {
        let answer = self
            .aws
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(0)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .unwrap();
        let messages = answer.messages.unwrap_or_default();
        for message in &messages {
            let receipt = message.receipt_handle().unwrap();
            self.aws.sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
        }
        messages
    }
}

async fn clients(account: &str) -> Clients {
    let endpoint = std::env::var("AWS_ENDPOINT_URL")
        .unwrap_or_else(|_| panic!("AWS_ENDPOINT_URL is not set: this test wants an AWS stand-in, run it by `make test`"));
    let keys = aws_sdk_sqs::config::Credentials::new(account, "test", None, None, "test");
    let config = sdk_config(Some(&endpoint)).await.into_builder();
    let config = config
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(keys))
        .region(aws_config::Region::from_static("ap-south-1"))
        .build();
    Clients::new(&config)
}

pub(crate) fn envelope(r#type: &str, data: Value) -> Envelope {
    let ids: &dyn IdGen = &SystemIds;
    Envelope {
        event_id: ids.next::<EventId>(),
        r#type: r#type.into(),
        version: 1,
        occurred_at: DateTime::UNIX_EPOCH,
        aggregate_id: ids.uuid(),
        sequence: 1,
        correlation_id: ids.next::<CorrelationId>(),
        causation_id: None,
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        actor: Actor::system(ServiceName::Order),
        data,
    }
}

pub(crate) fn placed() -> Envelope {
    envelope("OrderPlaced", json!({ "order_number": "ORD000001" }))
}

/// Looks until it is so, for ten seconds at most.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen within ten seconds");
}
