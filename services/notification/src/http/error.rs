//! Refusals of this service as the envelope speaks them.

use service_kit::ApiError;
use service_kit::http::FieldError;

use crate::domain::template::Flaw;
use crate::usecases::plan::PlanError;
use crate::usecases::read_notification::ReadError;
use crate::usecases::save_template::SaveTemplateError;
use crate::usecases::send_delivery_otp::SendOtpError;

fn field(flaw: Flaw) -> FieldError {
    FieldError { field: flaw.field, message: flaw.message }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::UnknownRecipient => Self::not_found("the recipient was"),
            PlanError::NoTemplate => Self::invalid_field("template", "there is no template of this name for this channel"),
            PlanError::Flaw(flaw) => Self::invalid(vec![field(flaw)]),
            PlanError::Db(error) => error.into(),
        }
    }
}

impl From<SendOtpError> for ApiError {
    fn from(error: SendOtpError) -> Self {
        match error {
            SendOtpError::NotSent => Self::unavailable("otp_not_sent", "the code could not be sent; ask for another in a moment"),
            SendOtpError::Plan(error) => error.into(),
        }
    }
}

impl From<SaveTemplateError> for ApiError {
    fn from(error: SaveTemplateError) -> Self {
        match error {
            SaveTemplateError::Flaws(flaws) => Self::invalid(flaws.into_iter().map(field).collect()),
            SaveTemplateError::Exists => {
                Self::conflict("template_exists", "there is such a template already; write its next version with PUT")
            }
            SaveTemplateError::NotFound => Self::not_found("the template was"),
            SaveTemplateError::NotNewest => {
                Self::conflict("not_newest_version", "somebody has written a newer version; begin with that one")
            }
            SaveTemplateError::Db(error) => error.into(),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::not_found("the message was"),
            ReadError::NotInInbox => Self::conflict("not_in_inbox", "only messages in the inbox are marked as read"),
            ReadError::Db(error) => error.into(),
        }
    }
}
