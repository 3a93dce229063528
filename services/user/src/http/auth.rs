//! `/api/v1/auth`: registering, signing in and out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{Channel, Phone, UserId, UserStatus};
use garde::Validate;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Body, Created, Data, NoContent, Problems, SignedIn};
use utoipa::ToSchema;

use super::checks::{Device, trimmed, words};
use super::shapes::{BuyerOut, Language, UserOut};
use crate::App;
use crate::store;
use crate::usecases::{self, Registration, SignIn};

/// As what somebody registers. Staff is made by staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RegisterAs {
    /// Orders.
    Buyer,
    /// Supplies.
    Vendor,
}

/// Who registers. The phone is the token's.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterIn {
    /// `buyer` or `vendor`.
    #[garde(skip)]
    user_type: RegisterAs,
    /// Name.
    #[garde(length(chars, max = 120), custom(words))]
    #[schema(max_length = 120)]
    full_name: String,
    /// E-mail, if there is one.
    #[serde(default)]
    #[garde(inner(email, length(max = 255)))]
    email: Option<String>,
    /// Language to be written to in.
    #[serde(default)]
    #[garde(skip)]
    preferred_language: Language,
}

/// Who is registered now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegisteredOut {
    /// The user.
    user: UserOut,
    /// Always true: the token at hand does not say yet who this is. Refresh it.
    token_refresh_required: bool,
    /// Whether a refreshed token will say it now. False while Firebase or vendor-management could not be reached; it is
    /// made good by itself, so refresh again a little later.
    setup_complete: bool,
}

/// Registers the phone of the token.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterIn, security(("firebase" = [])),
    responses((status = 201, description = "Registered", body = Data<RegisteredOut>),
              (status = 200, description = "Registered before: the same user", body = Data<RegisteredOut>), Problems))]
pub(super) async fn register(
    State(app): State<App>,
    signed_in: SignedIn,
    device: Device,
    Body(body): Body<RegisterIn>,
) -> Result<Response, ApiError> {
    let registration = Registration {
        as_vendor: body.user_type == RegisterAs::Vendor,
        full_name: trimmed(body.full_name),
        email: body.email,
        preferred_language: body.preferred_language.as_str(),
    };
    let channel = signed_in.channel.unwrap_or(Channel::Mobile);
    let sign_in = device.sign_in(&signed_in);
    let registered = usecases::register(&app, &signed_in.claims, channel, &registration, &sign_in).await?;
    let setup_complete = registered.user.is_in_sync();
    let out = RegisteredOut { user: registered.user.into(), token_refresh_required: true, setup_complete };
    Ok(if registered.is_new { Created(out).into_response() } else { Data::new(out).into_response() })
}

/// Which phone wants a code.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendOtpIn {
    /// Phone.
    #[garde(skip)]
    phone: Phone,
}

/// A code is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SendOtpOut {
    /// Give this with the code.
    session_info: String,
}

/// Has a sign-in code sent. With the real Firebase the app's own SDK does this, and the answer is 404.
#[utoipa::path(post, path = "/api/v1/auth/send-otp", tag = "auth", operation_id = "send_otp", request_body = SendOtpIn,
    responses((status = 200, description = "Sent, whether or not the phone is known here", body = Data<SendOtpOut>), Problems))]
pub(super) async fn send_otp(
    State(app): State<App>,
    device: Device,
    Body(body): Body<SendOtpIn>,
) -> Result<Data<SendOtpOut>, ApiError> {
    app.limits.by_address.check(&device.key())?;
    app.limits.otp_by_phone.check(body.phone.as_str())?;
    let session = usecases::send_code(&app, &body.phone).await?;
    Ok(Data::new(SendOtpOut { session_info: session.expose_secret().to_owned() }))
}

/// A code and what it belongs to.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyPhoneIn {
    /// From `send-otp`, or from the app's SDK.
    #[garde(length(min = 1, max = 4096))]
    session_info: String,
    /// The digits.
    #[garde(length(min = 4, max = 10), pattern("^[0-9]+$"))]
    #[schema(example = "123456", pattern = "^[0-9]+$", min_length = 4, max_length = 10)]
    code: String,
}

/// Signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct VerifyPhoneOut {
    /// Send it as `Authorization: Bearer …`.
    id_token: String,
    /// For the next ID token.
    refresh_token: String,
    /// Seconds that the ID token counts.
    expires_in: u64,
    /// Whether this person is registered with us.
    registered: bool,
    /// Who that is to us, once registered.
    user_id: Option<UserId>,
}

/// Signs in with a code.
#[utoipa::path(post, path = "/api/v1/auth/verify-phone", tag = "auth", operation_id = "verify_phone",
    request_body = VerifyPhoneIn,
    responses((status = 200, description = "Signed in", body = Data<VerifyPhoneOut>), Problems))]
pub(super) async fn verify_phone(
    State(app): State<App>,
    device: Device,
    Body(body): Body<VerifyPhoneIn>,
) -> Result<Data<VerifyPhoneOut>, ApiError> {
    app.limits.by_address.check(&device.key())?;
    app.limits.tries_by_session.check(&body.session_info)?;
    if let Some(phone) = app.limits.sessions.of(&body.session_info) {
        app.limits.tries_by_phone.check(phone.as_str())?;
    }
    let from = (device.address, device.user_agent.as_deref(), device.channel);
    let verified = usecases::verify_phone(&app, &body.session_info, &body.code, from).await?;
    let tokens = verified.tokens;
    Ok(Data::new(VerifyPhoneOut {
        id_token: tokens.id_token.expose_secret().to_owned(),
        refresh_token: tokens.refresh_token.expose_secret().to_owned(),
        expires_in: tokens.expires_in.as_secs(),
        registered: verified.user.is_some(),
        user_id: verified.user.map(|user| user.id),
    }))
}

/// A refresh token.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshIn {
    /// From signing in, or from the refresh before.
    #[garde(length(min = 1, max = 4096))]
    refresh_token: String,
}

/// A fresh ID token.
#[derive(Serialize, ToSchema)]
pub(super) struct RefreshOut {
    /// With the claims as they are now.
    id_token: String,
    /// The refresh token from now on.
    refresh_token: String,
    /// Seconds that the ID token counts.
    expires_in: u64,
}

/// Exchanges a refresh token for a fresh ID token.
#[utoipa::path(post, path = "/api/v1/auth/refresh-token", tag = "auth", operation_id = "refresh_token",
    request_body = RefreshIn,
    responses((status = 200, description = "A fresh token", body = Data<RefreshOut>), Problems))]
pub(super) async fn refresh_token(
    State(app): State<App>,
    device: Device,
    Body(body): Body<RefreshIn>,
) -> Result<Data<RefreshOut>, ApiError> {
    app.limits.by_address.check(&device.key())?;
    let tokens = usecases::refresh_token(&app, &SecretString::from(body.refresh_token)).await?;
    Ok(Data::new(RefreshOut {
        id_token: tokens.id_token.expose_secret().to_owned(),
        refresh_token: tokens.refresh_token.expose_secret().to_owned(),
        expires_in: tokens.expires_in.as_secs(),
    }))
}

/// Ends the sessions of the caller and revokes the refresh tokens. ID tokens end by themselves within the hour.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "logout", security(("firebase" = [])),
    responses((status = 204, description = "Signed out, on every device"), Problems))]
pub(super) async fn logout(State(app): State<App>, signed_in: SignedIn) -> Result<NoContent, ApiError> {
    usecases::logout(&app, &signed_in.claims).await?;
    Ok(NoContent)
}

/// The current user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeOut {
    /// The user.
    #[serde(flatten)]
    user: UserOut,
    /// The profile, of a buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerOut>,
    /// What staff may do beyond their role.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<String>>,
    /// Whether the token at hand does not say who this is.
    token_refresh_required: bool,
}

/// The current user with its profile.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "me", security(("firebase" = [])),
    responses((status = 200, description = "Who this is", body = Data<MeOut>), Problems))]
pub(super) async fn me(State(app): State<App>, signed_in: SignedIn, device: Device) -> Result<Data<MeOut>, ApiError> {
    let sign_in: SignIn<'_> = device.sign_in(&signed_in);
    let user = usecases::see_user(&app, &signed_in.claims, &sign_in).await?;
    if user.status == UserStatus::Deleted {
        return Err(ApiError::unauthorized("account_deleted", "this account no longer exists"));
    }
    let mut conn = app.kit.pool.acquire().await?;
    let buyer = match user.buyer_id {
        Some(id) => store::buyers::find(&mut conn, id).await?.map(BuyerOut::from),
        None => None,
    };
    let permissions = store::admins::find(&mut conn, user.id).await?.map(|admin| admin.permissions);
    let token_refresh_required = signed_in.claims.app_user_id != Some(user.id);
    Ok(Data::new(MeOut { user: user.into(), buyer, permissions, token_refresh_required }))
}
