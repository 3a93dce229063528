use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_sqs::types::QueueAttributeName;
use bus::catalogue::CatalogueError;
use bus::{EventBridgePublisher, topology};
use domain::ServiceName;
use domain::events::{EventSink, PublishError};
use serde_json::{Value, json};

use crate::support::{World, envelope, placed, until};

async fn attribute(world: &World, url: &str, name: QueueAttributeName) -> String {
    let told = world.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    told.attributes().unwrap().get(&name).unwrap().clone()
}

#[tokio::test]
async fn making_the_topology_again_changes_nothing() {
    let world = World::new().await;
    assert_eq!(topology::ensure(&world.aws, &world.catalogue).await.unwrap(), world.made);
    assert_eq!(world.made.queue_urls.len(), 7);
    let rules = world.aws.events.list_rules().event_bus_name("realserv").send().await.unwrap();
    let names: BTreeSet<&str> = rules.rules().iter().filter_map(|rule| rule.name()).collect();
    assert_eq!(
        names,
        ServiceName::ALL.iter().map(|s| format!("realserv-to-{s}")).collect::<Vec<_>>().iter().map(String::as_str).collect()
    );
    let targets =
        world.aws.events.list_targets_by_rule().event_bus_name("realserv").rule("realserv-to-order").send().await.unwrap();
    let [target] = targets.targets() else { panic!("{targets:?}") };
    assert!(target.arn().ends_with(":realserv-order-events"));
    assert!(target.dead_letter_config().unwrap().arn().unwrap().ends_with(":realserv-order-events-dlq"));
}

#[tokio::test]
async fn queues_have_the_catalogues_attributes_and_let_only_their_rule_in() {
    let world = World::new().await;
    let url = world.queue("payment");
    let wanted = world.catalogue.queue(ServiceName::Payment).unwrap();
    let visibility = wanted.visibility_seconds.to_string();
    assert_eq!(attribute(&world, url, QueueAttributeName::VisibilityTimeout).await, visibility);
    let redrive: Value = serde_json::from_str(&attribute(&world, url, QueueAttributeName::RedrivePolicy).await).unwrap();
    assert_eq!(redrive.get("maxReceiveCount").unwrap(), wanted.max_receive_count);
    for url in [url, world.dead_letters("payment")] {
        let policy = attribute(&world, url, QueueAttributeName::Policy).await;
        assert!(policy.contains("realserv-to-payment") && policy.contains("events.amazonaws.com"), "{policy}");
    }
    let buckets = world.aws.s3.list_buckets().send().await.unwrap();
    let names: BTreeSet<&str> = buckets.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    assert!(world.made.buckets.values().all(|name| names.contains(name.as_str())), "{names:?}");
}

#[tokio::test]
async fn an_event_reaches_every_consumer_of_the_catalogue_and_nobody_else() {
    let world = World::new().await;
    for name in ["OrderPlaced", "NotificationSent", "UserAccessChanged", "AuditRecorded"] {
        let spec = world.catalogue.event(name, 1).unwrap().clone();
        let from = spec.from.first().unwrap().parse::<ServiceName>().unwrap();
        let sent = envelope(name, json!({ "about": name }));
        world.publish(from, &sent).await;
        for service in &spec.to {
            until("arriving", async || {
                world.take(world.queue(service)).await.iter().any(|message| {
                    let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
                    body.get("detail").unwrap() == &serde_json::to_value(&sent).unwrap()
                })
            })
            .await;
        }
        for service in world.catalogue.queues.keys().filter(|service| !spec.to.contains(service)) {
            assert!(world.take(world.queue(service)).await.is_empty(), "{name} reached {service}");
        }
    }
}

#[tokio::test]
async fn what_the_stand_in_would_swallow_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let order = world.publisher(ServiceName::Order);
    let bad = [
        envelope("OrderPlaced", json!(["not", "an", "object"])),
        envelope("OrderPlaced", json!({ "note": "x".repeat(256 * 1024) })),
        envelope("OrderVanished", json!({})),
        envelope("PaymentCaptured", json!({})),
        bus_version_two(),
        placed(),
    ];
    let outcomes = order.publish(&bad).await;
    assert_eq!(outcomes.len(), bad.len());
    for outcome in outcomes.iter().take(bad.len() - 1) {
        assert!(matches!(outcome, Err(PublishError::Reject(_))), "{outcome:?}");
    }
    assert!(outcomes.last().unwrap().is_ok(), "the good one goes its way");
    let other = EventBridgePublisher::new(world.aws.events.clone(), Arc::clone(&world.catalogue), "default", ServiceName::Order);
    assert!(matches!(other, Err(CatalogueError::OtherBus { .. })));
}

fn bus_version_two() -> domain::events::Envelope {
    domain::events::Envelope { version: 2, ..placed() }
}
