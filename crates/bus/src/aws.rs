//! Clients of the AWS services this crate speaks with.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// Configuration from the usual variables (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, … or the role of the
/// task). `endpoint` leads to a stand-in; without it `AWS_ENDPOINT_URL` decides, then AWS itself.
pub async fn sdk_config(endpoint: Option<&str>) -> SdkConfig {
    // Longer than the longest long poll.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}

/// What [`crate::topology::ensure`] works with.
#[derive(Clone, Debug)]
pub struct Clients {
    /// EventBridge.
    pub events: aws_sdk_eventbridge::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// SES.
    pub ses: aws_sdk_sesv2::Client,
}

impl Clients {
    /// Clients of one configuration. A stand-in has no host name per bucket, so its buckets are
    /// addressed by path.
    pub fn new(config: &SdkConfig) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build();
        Self {
            events: aws_sdk_eventbridge::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            ses: aws_sdk_sesv2::Client::new(config),
        }
    }
}
