//! What S3's failures mean. All our calls to it are safe to repeat.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use outbound::OutboundError;

/// Why a file is not there, or not here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The file is larger than the caller takes.
    #[error("the file is larger than allowed")]
    TooLarge,
    /// The call failed.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

pub(crate) fn read_failure<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> StoreError {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    if status == 404 && code != "NoSuchBucket" || code == "NoSuchKey" {
        return StoreError::NotFound;
    }
    let failure = match error {
        SdkError::ConstructionFailure(_) => OutboundError::reject(0, "invalid_request", "the request cannot be built"),
        SdkError::TimeoutError(_) => OutboundError::unknown("no answer in time"),
        SdkError::DispatchFailure(_) => OutboundError::retry("no connection to the file store"),
        _ if matches!(status, 429 | 500..=599) => OutboundError::retry(format!("HTTP {status} {code}")),
        _ if status >= 300 => OutboundError::reject(status, code, error.message().unwrap_or_default()),
        _ => OutboundError::unknown("an answer we do not understand"),
    };
    failure.into()
}
