//! Amazon SNS. In India a message goes out under its DLT ids, which travel as attributes.

use std::{error::Error, io};

use aws_config::SdkConfig;
use aws_sdk_sns::{
    Client,
    config::{Builder, http::HttpResponse, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::MessageAttributeValue,
};
use futures::future::BoxFuture;
use outbound::OutboundError;

use crate::{Accepted, Sms, SmsSender, SmsSettings};

/// Sends through SNS.
#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
}

impl Sns {
    /// A client in the account of the AWS configuration.
    pub fn new(settings: &SmsSettings, aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(settings.timeout).build();
        // A message is tried once here and repeated by whoever keeps count: SNS has no idempotency key for SMS.
        let config = Builder::from(aws).retry_config(RetryConfig::disabled()).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config) }
    }

    async fn publish(&self, sms: &Sms) -> Result<Accepted, OutboundError> {
        let template = &sms.template;
        let kind = if sms.promotional { "Promotional" } else { "Transactional" };
        let attributes: [(&str, Option<&str>); 4] = [
            ("AWS.SNS.SMS.SMSType", Some(kind)),
            ("AWS.SNS.SMS.SenderID", template.sender_id.as_deref()),
            ("AWS.MM.SMS.EntityId", template.dlt_entity_id.as_deref()),
            ("AWS.MM.SMS.TemplateId", template.dlt_template_id.as_deref()),
        ];
        let mut request = self.client.publish().phone_number(sms.to.as_str()).message(&sms.text);
        for (name, value) in attributes {
            if let Some(value) = value {
                let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
                let value = value.map_err(|_| OutboundError::reject(0, "invalid_request", "the message cannot be built"))?;
                request = request.message_attributes(name, value);
            }
        }
        let published = request.send().await.map_err(|error| read_failure(&error))?;
        published.message_id.map(|provider_id| Accepted { provider_id }).ok_or_else(|| OutboundError::unknown("no message id"))
    }
}

impl SmsSender for Sns {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Accepted, OutboundError>> {
        Box::pin(self.publish(sms))
    }
}

fn read_failure<E>(error: &SdkError<E, HttpResponse>) -> OutboundError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    match error {
        SdkError::ConstructionFailure(_) => OutboundError::reject(0, "invalid_request", "the message cannot be built"),
        SdkError::TimeoutError(_) => OutboundError::unknown("no answer in time"),
        SdkError::DispatchFailure(_) if never_connected(error) => OutboundError::retry("no connection to SNS"),
        SdkError::DispatchFailure(_) => OutboundError::unknown("connection to SNS lost"),
        // Too fast, or over what the account may spend.
        _ if matches!(code, "Throttled" | "Throttling" | "ThrottlingException" | "ThrottledException") => {
            OutboundError::retry(code)
        }
        _ if matches!(status, 429 | 502..=504) => OutboundError::retry(format!("HTTP {status} {code}")),
        _ if (400..500).contains(&status) => OutboundError::reject(status, code, error.message().unwrap_or_default()),
        _ => OutboundError::unknown(format!("HTTP {status} {code}")),
    }
}

fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && matches!(io.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable)
        {
            return true;
        }
        cause = error.source();
    }
    false
}
