//! What each refusal is on the wire.

use ::http::StatusCode;
use media_store::StoreError;
use outbound::OutboundError;
use service_kit::ApiError;

use crate::domain::file::FileError;
use crate::usecases::locate::LocateError;
use crate::usecases::send_message::SendError;
use crate::usecases::service_areas::AreasError;
use crate::usecases::store_media::MediaError;
use crate::usecases::validate_service_area::ServiceAreaError;

impl From<LocateError> for ApiError {
    fn from(error: LocateError) -> Self {
        match error {
            LocateError::NotFound => Self::new(StatusCode::NOT_FOUND, "place_not_found", "no such place is known"),
            LocateError::Unavailable(cause) => {
                Self::unavailable("maps_unavailable", "the map cannot be asked at the moment; try again").with_cause(cause)
            }
            LocateError::Database(error) => error.into(),
        }
    }
}

impl From<ServiceAreaError> for ApiError {
    fn from(error: ServiceAreaError) -> Self {
        match error {
            ServiceAreaError::VendorNotFound => Self::not_found("vendor"),
            ServiceAreaError::NoDestination => Self::invalid_field("point", "give a point, a pincode or an address"),
            ServiceAreaError::Locate(error) => error.into(),
            ServiceAreaError::Money(error) => Self::internal(error),
            ServiceAreaError::Database(error) => error.into(),
        }
    }
}

impl From<AreasError> for ApiError {
    fn from(error: AreasError) -> Self {
        match error {
            AreasError::Area(error) => Self::invalid_field("geojson", error.to_string()),
            AreasError::Database(error) => error.into(),
        }
    }
}

impl From<MediaError> for ApiError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NotFound => Self::not_found("file"),
            MediaError::NotUploaded => Self::conflict("not_uploaded", "the file has been promised and not uploaded yet"),
            MediaError::Kept => Self::forbidden("evidence_is_kept", "this file proves something; only staff may delete it"),
            MediaError::File(error) => error.into(),
            MediaError::Store(error) => store(error),
            MediaError::Database(error) => error.into(),
        }
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Empty => Self::invalid_field("file", error.to_string()),
            FileError::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string()),
            FileError::Type | FileError::PictureOnly => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_file_type", error.to_string())
            }
        }
    }
}

fn store(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("file"),
        StoreError::TooLarge => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the file is larger than allowed"),
        StoreError::Outbound(OutboundError::Reject { .. }) => ApiError::internal(error),
        StoreError::Outbound(_) => {
            ApiError::unavailable("storage_unavailable", "files cannot be stored or read at the moment; try again")
                .with_cause(error)
        }
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoPhone => Self::not_found("phone of this user"),
            SendError::WindowClosed => Self::unprocessable(
                "outside_messaging_window",
                "this person has not written in the last 24 hours: only a template can be sent",
            ),
            SendError::Database(error) => error.into(),
        }
    }
}
