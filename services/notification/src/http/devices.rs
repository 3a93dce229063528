//! The devices that push goes to.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Body, Created, Data, NoContent, PathId, Problems, RegisteredCaller};
use uuid::Uuid;

use crate::App;
use crate::usecases::register_device::{forget_device, register_device};

/// A kind of device.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeviceType {
    /// iPhone or iPad.
    Ios,
    /// Android.
    Android,
    /// A browser.
    Web,
}

impl DeviceType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }
}

/// A device.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceIn {
    /// Its FCM registration token.
    #[garde(length(min = 10, max = 512), ascii)]
    token: String,
    /// What it is.
    #[garde(skip)]
    device_type: Option<DeviceType>,
    /// Model, version of the app and the like.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    device_info: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A registered device.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeviceOut {
    /// Ours of it.
    id: Uuid,
}

fn user(caller: &RegisteredCaller) -> Result<domain::UserId, ApiError> {
    caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "only people have devices"))
}

/// Registers a device of the caller. A device belongs to whoever registered it last; again changes nothing.
#[utoipa::path(post, path = "/api/v1/notifications/devices", tag = "devices", operation_id = "register_device", request_body = DeviceIn,
               responses((status = 201, description = "Registered", body = Data<DeviceOut>), Problems))]
pub(crate) async fn register(
    State(app): State<App>,
    caller: RegisteredCaller,
    Body(body): Body<DeviceIn>,
) -> Result<Created<DeviceOut>, ApiError> {
    let info = body.device_info.map(serde_json::Value::Object);
    let kind = body.device_type.map(DeviceType::as_str);
    let id = register_device(&app, user(&caller)?, &body.token, kind, info.as_ref()).await?;
    Ok(Created(DeviceOut { id }))
}

/// Forgets a device of the caller.
#[utoipa::path(delete, path = "/api/v1/notifications/devices/{token}", tag = "devices", operation_id = "forget_device",
               params(("token" = String, Path, description = "Its FCM registration token")),
               responses((status = 204, description = "Forgotten"), Problems))]
pub(crate) async fn forget(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(token): PathId<String>,
) -> Result<NoContent, ApiError> {
    if forget_device(&app, user(&caller)?, &token).await? { Ok(NoContent) } else { Err(ApiError::not_found("the device was")) }
}
