//! Makes what the catalogue describes: bus, rules, queues, dead-letter queues, policies, buckets. As
//! often as one likes, and quietly: what is there is brought up to date.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types::{DeadLetterConfig, Target};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration};
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use crate::Catalogue;
use crate::aws::Clients;
use crate::catalogue::{QueueSpec, dead_letter, queue_name, rule_name};

/// Something could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make {what}: {why}")]
pub struct TopologyError {
    /// What.
    pub what: String,
    /// Why, in AWS's words.
    pub why: String,
}

/// Where services find what was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// URL of each service's queue.
    pub queue_urls: BTreeMap<String, String>,
    /// URL of each service's dead-letter queue.
    pub dead_letter_urls: BTreeMap<String, String>,
    /// Name of each bucket by the variable that tells it to services.
    pub buckets: BTreeMap<String, String>,
}

struct Queue {
    url: String,
    arn: String,
}

/// Makes everything, or brings it up to date.
pub async fn ensure(aws: &Clients, catalogue: &Catalogue) -> Result<Topology, TopologyError> {
    bus(aws, &catalogue.bus).await?;
    let mut made = Topology::default();
    for (service, spec) in &catalogue.queues {
        let (queue, dead) = queues(aws, service, spec).await?;
        let rule_arn = rule(aws, catalogue, service).await?;
        // The policies before the target: an event must not arrive at a closed door.
        for one in [&queue, &dead] {
            allow(aws, one, &rule_arn).await?;
        }
        target(aws, catalogue, service, &queue, &dead).await?;
        made.queue_urls.insert(service.clone(), queue.url);
        made.dead_letter_urls.insert(service.clone(), dead.url);
    }
    for bucket in &catalogue.buckets {
        private_bucket(aws, &bucket.name).await?;
        made.buckets.insert(bucket.variable.clone(), bucket.name.clone());
    }
    for identity in &catalogue.ses_identities {
        sender(aws, identity).await?;
    }
    Ok(made)
}

fn failed<E>(what: impl Into<String>) -> impl FnOnce(E) -> TopologyError
where
    E: std::error::Error,
{
    let what = what.into();
    move |error| TopologyError { what, why: DisplayErrorContext(&error).to_string() }
}

fn missing(what: impl Into<String>, field: &str) -> TopologyError {
    TopologyError { what: what.into(), why: format!("the answer has no {field}") }
}

async fn bus(aws: &Clients, name: &str) -> Result<(), TopologyError> {
    match aws.events.create_event_bus().name(name).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some("ResourceAlreadyExistsException") => Ok(()),
        Err(error) => Err(failed(format!("bus {name}"))(error)),
    }
}

async fn queues(aws: &Clients, service: &str, spec: &QueueSpec) -> Result<(Queue, Queue), TopologyError> {
    let name = queue_name(service);
    let dead = queue(
        aws,
        &dead_letter(&name),
        [(QueueAttributeName::MessageRetentionPeriod, spec.dead_letter_retention_seconds.to_string())],
    )
    .await?;
    let redrive = json!({ "deadLetterTargetArn": dead.arn, "maxReceiveCount": spec.max_receive_count });
    let queue = queue(
        aws,
        &name,
        [
            (QueueAttributeName::VisibilityTimeout, spec.visibility_seconds.to_string()),
            (QueueAttributeName::MessageRetentionPeriod, spec.retention_seconds.to_string()),
            (QueueAttributeName::ReceiveMessageWaitTimeSeconds, "20".to_owned()),
            (QueueAttributeName::RedrivePolicy, redrive.to_string()),
        ],
    )
    .await?;
    Ok((queue, dead))
}

/// Made without attributes and given them afterwards: creating an existing queue with other
/// attributes is an error, creating it without any is not.
async fn queue(
    aws: &Clients,
    name: &str,
    attributes: impl IntoIterator<Item = (QueueAttributeName, String)>,
) -> Result<Queue, TopologyError> {
    let made = aws.sqs.create_queue().queue_name(name).send().await.map_err(failed(format!("queue {name}")))?;
    let url = made.queue_url.ok_or_else(|| missing(format!("queue {name}"), "url"))?;
    aws.sqs
        .set_queue_attributes()
        .queue_url(&url)
        .set_attributes(Some(attributes.into_iter().collect()))
        .send()
        .await
        .map_err(failed(format!("attributes of queue {name}")))?;
    let told = aws
        .sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(failed(format!("queue {name}")))?;
    let arn = told
        .attributes()
        .and_then(|all| all.get(&QueueAttributeName::QueueArn))
        .cloned()
        .ok_or_else(|| missing(format!("queue {name}"), "ARN"))?;
    Ok(Queue { url, arn })
}

async fn rule(aws: &Clients, catalogue: &Catalogue, service: &str) -> Result<String, TopologyError> {
    let name = rule_name(service);
    let made = aws
        .events
        .put_rule()
        .name(&name)
        .event_bus_name(&catalogue.bus)
        .event_pattern(catalogue.pattern(service))
        .description(format!("What {service} acts on"))
        .send()
        .await
        .map_err(failed(format!("rule {name}")))?;
    made.rule_arn.ok_or_else(|| missing(format!("rule {name}"), "ARN"))
}

/// EventBridge may send to the queue for this rule, and nobody else for another.
async fn allow(aws: &Clients, queue: &Queue, rule_arn: &str) -> Result<(), TopologyError> {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "FromItsRule",
            "Effect": "Allow",
            "Principal": { "Service": "events.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": queue.arn,
            "Condition": { "ArnEquals": { "aws:SourceArn": rule_arn } },
        }],
    });
    aws.sqs
        .set_queue_attributes()
        .queue_url(&queue.url)
        .attributes(QueueAttributeName::Policy, policy.to_string())
        .send()
        .await
        .map_err(failed(format!("policy of {}", queue.arn)))?;
    Ok(())
}

async fn target(aws: &Clients, catalogue: &Catalogue, service: &str, queue: &Queue, dead: &Queue) -> Result<(), TopologyError> {
    let what = format!("target of {}", rule_name(service));
    let target = Target::builder()
        .id(format!("queue-{service}"))
        .arn(&queue.arn)
        .dead_letter_config(DeadLetterConfig::builder().arn(&dead.arn).build())
        .build()
        .map_err(failed(what.clone()))?;
    let put = aws
        .events
        .put_targets()
        .rule(rule_name(service))
        .event_bus_name(&catalogue.bus)
        .targets(target)
        .send()
        .await
        .map_err(failed(what.clone()))?;
    match put.failed_entries().first() {
        None => Ok(()),
        Some(entry) => Err(TopologyError {
            what,
            why: format!("{}: {}", entry.error_code().unwrap_or_default(), entry.error_message().unwrap_or_default()),
        }),
    }
}

async fn private_bucket(aws: &Clients, name: &str) -> Result<(), TopologyError> {
    let region = aws.s3.config().region().map(ToString::to_string).unwrap_or_default();
    let mut create = aws.s3.create_bucket().bucket(name);
    // us-east-1 is the one region that must not be named.
    if !region.is_empty() && region != "us-east-1" {
        create = create.create_bucket_configuration(
            CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region.as_str())).build(),
        );
    }
    match create.send().await {
        Ok(_) => {}
        Err(error) if matches!(error.code(), Some("BucketAlreadyOwnedByYou")) => {}
        Err(error) => return Err(failed(format!("bucket {name}"))(error)),
    }
    let closed = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    aws.s3
        .put_public_access_block()
        .bucket(name)
        .public_access_block_configuration(closed)
        .send()
        .await
        .map_err(failed(format!("access block of bucket {name}")))?;
    Ok(())
}

async fn sender(aws: &Clients, identity: &str) -> Result<(), TopologyError> {
    match aws.ses.create_email_identity().email_identity(identity).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some("AlreadyExistsException") => Ok(()),
        Err(error) => Err(failed(format!("sender {identity}"))(error)),
    }
}
