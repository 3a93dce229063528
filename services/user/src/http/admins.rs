//! `/api/v1/admin/users`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{AdminRole, Phone, UserId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, Page, PageParams, Params, PathId, Problems};
use utoipa::{IntoParams, ToSchema};

use super::checks::{Device, trimmed, words};
use super::shapes::{AdminOut, UserOut};
use super::users::After;
use crate::App;
use crate::domain::permissions;
use crate::store;
use crate::usecases::{self, NewAdmin};

service_kit::policy!(
    /// Super admins alone.
    pub(super) SuperAdmins: admin[SuperAdmin]
);

/// Somebody who is to become staff.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MakeAdminIn {
    /// Phone to sign in with; or an e-mail address.
    #[garde(skip)]
    phone: Option<Phone>,
    /// E-mail address.
    #[garde(inner(email, length(max = 255)))]
    email: Option<String>,
    /// Name.
    #[garde(length(chars, max = 120), custom(words))]
    #[schema(max_length = 120)]
    full_name: String,
    /// What they may do.
    #[garde(skip)]
    role: AdminRole,
    /// What they may do beyond that.
    #[serde(default)]
    #[garde(length(max = 50))]
    permissions: Vec<String>,
}

fn known(permissions: Vec<String>) -> Result<Vec<String>, ApiError> {
    permissions::checked(permissions)
        .map_err(|_| ApiError::invalid_field("permissions", format!("each must be one of: {}", permissions::KNOWN.join(", "))))
}

/// Makes somebody staff.
#[utoipa::path(post, path = "/api/v1/admin/users", tag = "admin", operation_id = "make_admin", request_body = MakeAdminIn,
    security(("firebase" = [])),
    responses((status = 201, description = "Made", body = Data<AdminOut>),
              (status = 200, description = "Was that already", body = Data<AdminOut>), Problems))]
pub(super) async fn make(
    State(app): State<App>,
    who: Allowed<SuperAdmins>,
    device: Device,
    Body(body): Body<MakeAdminIn>,
) -> Result<Response, ApiError> {
    if body.phone.is_none() && body.email.is_none() {
        return Err(ApiError::invalid_field("phone", "give a phone or an e-mail address"));
    }
    let admin = NewAdmin {
        phone: body.phone,
        email: body.email,
        full_name: trimmed(body.full_name),
        role: body.role,
        permissions: known(body.permissions)?,
    };
    let made = usecases::make_admin(&app, &who.actor, device.address, admin).await?;
    let out = AdminOut { user: made.user.into(), permissions: made.permissions };
    Ok(if made.is_new { Created(out).into_response() } else { Data::new(out).into_response() })
}

/// What a list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AdminFilter {
    /// Only these.
    #[garde(skip)]
    #[param(inline)]
    role: Option<AdminRole>,
}

/// Staff, newest first.
#[utoipa::path(get, path = "/api/v1/admin/users", tag = "admin", operation_id = "list_admins",
    params(AdminFilter, PageParams), security(("firebase" = [])),
    responses((status = 200, description = "Staff", body = Page<AdminOut>), Problems))]
pub(super) async fn list(
    State(app): State<App>,
    _who: Allowed<SuperAdmins>,
    Params(filter): Params<AdminFilter>,
    Params(page): Params<PageParams>,
) -> Result<Page<AdminOut>, ApiError> {
    let page = page.request::<After>()?;
    let after = page.after.as_ref().map(|after| (after.at, after.id));
    let mut conn = app.kit.pool.acquire().await?;
    let found = store::admins::list(&mut conn, filter.role, after, page.fetch()).await?;
    let out = |(user, permissions)| AdminOut { user: UserOut::from(user), permissions };
    Ok(page.page(found, |(user, _)| After { at: user.created_at, id: user.id }, out))
}

/// Another role.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleIn {
    /// What they may do.
    #[garde(skip)]
    role: AdminRole,
    /// What they may do beyond that; what they had when left out.
    #[garde(inner(length(max = 50)))]
    permissions: Option<Vec<String>>,
}

/// Gives a member of staff another role; they have to sign in again. The last super admin stays one.
#[utoipa::path(put, path = "/api/v1/admin/users/{id}/roles", tag = "admin", operation_id = "change_admin_role",
    request_body = RoleIn, params(("id" = UserId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "As it is now", body = Data<AdminOut>), Problems))]
pub(super) async fn change_role(
    State(app): State<App>,
    who: Allowed<SuperAdmins>,
    device: Device,
    PathId(id): PathId<UserId>,
    Body(body): Body<RoleIn>,
) -> Result<Data<AdminOut>, ApiError> {
    let permissions = body.permissions.map(known).transpose()?;
    let (user, permissions) = usecases::change_role(&app, &who.actor, device.address, id, body.role, permissions).await?;
    Ok(Data::new(AdminOut { user: user.into(), permissions }))
}
