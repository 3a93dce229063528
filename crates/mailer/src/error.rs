//! What SES's failures mean.

use std::{error::Error, io};

use aws_sdk_sesv2::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use outbound::OutboundError;

pub(crate) fn read_failure<E>(error: &SdkError<E, HttpResponse>) -> OutboundError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    match error {
        SdkError::ConstructionFailure(_) => OutboundError::reject(0, "invalid_request", "the mail cannot be built"),
        SdkError::TimeoutError(_) => OutboundError::unknown("no answer in time"),
        SdkError::DispatchFailure(_) if never_connected(error) => OutboundError::retry("no connection to SES"),
        SdkError::DispatchFailure(_) => OutboundError::unknown("connection to SES lost"),
        // The account's own limits: too fast now, too much today, paused by us or by Amazon.
        _ if matches!(
            code,
            "TooManyRequestsException" | "LimitExceededException" | "SendingPausedException" | "ThrottlingException"
        ) =>
        {
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
