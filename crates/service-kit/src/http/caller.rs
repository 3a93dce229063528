//! Who calls, as extractors: a handler that does not ask who calls cannot be written by forgetting (house rule 14).

use std::marker::PhantomData;

use auth::{AccessDenied, FirebaseClaims, Principal, TokenError, TokenKind, token_kind};
use axum::extract::{FromRef, FromRequestParts};
// Public for `policy!`: a service has a `domain` of its own.
#[doc(hidden)]
pub use domain::AdminRole;
use domain::{Actor, ActorKind, BuyerId, Channel, ServiceName, UserId, VendorId};
use http::request::Parts;
use http::{HeaderMap, header};

use super::error::{ApiError, UNAUTHENTICATED};
use crate::Kit;

/// Somebody whose token was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Signed in with Firebase, not registered with us.
    Unregistered {
        /// Firebase's id.
        uid: String,
    },
    /// A buyer.
    Buyer {
        /// As a user.
        user_id: UserId,
        /// The profile.
        buyer_id: BuyerId,
    },
    /// A vendor.
    Vendor {
        /// As a user.
        user_id: UserId,
        /// The business.
        vendor_id: VendorId,
    },
    /// Staff.
    Admin {
        /// As a user.
        user_id: UserId,
        /// What they may do.
        role: AdminRole,
    },
    /// One of our services.
    Service {
        /// Which.
        service: ServiceName,
        /// For whom, when it acts for somebody.
        on_behalf_of: Option<Actor>,
    },
}

impl Caller {
    /// The caller as a user of ours, when it is one.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Buyer { user_id, .. } | Self::Vendor { user_id, .. } | Self::Admin { user_id, .. } => Some(*user_id),
            Self::Service { on_behalf_of, .. } => on_behalf_of.as_ref().and_then(|actor| actor.user_id),
            Self::Unregistered { .. } => None,
        }
    }

    /// Whether this is staff with one of these roles; a super admin always is.
    #[must_use]
    pub fn is_admin(&self, roles: &[AdminRole]) -> bool {
        matches!(self, Self::Admin { role, .. } if *role == AdminRole::SuperAdmin || roles.contains(role))
    }

    /// Whether this is that buyer.
    #[must_use]
    pub fn is_buyer(&self, id: BuyerId) -> bool {
        matches!(self, Self::Buyer { buyer_id, .. } if *buyer_id == id)
    }

    /// Whether this is that vendor.
    #[must_use]
    pub fn is_vendor(&self, id: VendorId) -> bool {
        matches!(self, Self::Vendor { vendor_id, .. } if *vendor_id == id)
    }

    /// A name that tells callers apart, for idempotency records.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Unregistered { uid } => format!("uid:{uid}"),
            Self::Buyer { user_id, .. } | Self::Vendor { user_id, .. } | Self::Admin { user_id, .. } => format!("user:{user_id}"),
            Self::Service { service, .. } => format!("service:{service}"),
        }
    }

    fn actor(&self, channel: Option<Channel>) -> Actor {
        match self {
            Self::Buyer { user_id, .. } => Actor::person(ActorKind::Buyer, *user_id, channel.unwrap_or(Channel::Mobile)),
            Self::Vendor { user_id, .. } => Actor::person(ActorKind::Vendor, *user_id, channel.unwrap_or(Channel::Web)),
            Self::Admin { user_id, .. } => Actor::person(ActorKind::Admin, *user_id, channel.unwrap_or(Channel::Web)),
            Self::Service { service, on_behalf_of } => on_behalf_of.clone().unwrap_or_else(|| Actor::system(*service)),
            Self::Unregistered { .. } => {
                Actor { kind: ActorKind::System, user_id: None, channel: channel.unwrap_or(Channel::Web), service: None }
            }
        }
    }
}

/// Who may call an operation.
pub trait Policy: Send + Sync + 'static {
    /// Registered or not.
    const UNREGISTERED: bool = false;
    /// Buyers.
    const BUYER: bool = false;
    /// Vendors.
    const VENDOR: bool = false;
    /// Staff with one of these roles; a super admin always may when this is `Some`.
    const ADMIN: Option<&'static [AdminRole]> = None;
    /// Our services.
    const SERVICE: bool = false;

    /// Whether this caller may.
    #[must_use]
    fn allows(caller: &Caller) -> bool {
        match caller {
            Caller::Unregistered { .. } => Self::UNREGISTERED,
            Caller::Buyer { .. } => Self::BUYER,
            Caller::Vendor { .. } => Self::VENDOR,
            Caller::Admin { .. } => Self::ADMIN.is_some_and(|roles| caller.is_admin(roles)),
            Caller::Service { .. } => Self::SERVICE,
        }
    }
}

/// Names who may call: `policy!(pub OrderReaders: buyer, vendor, admin[Operations, Support]);`
///
/// Any of `unregistered`, `buyer`, `vendor`, `service` and `admin[roles]`, in any order; `admin[]` is the super admin alone.
#[macro_export]
macro_rules! policy {
    ($(#[$meta:meta])* $vis:vis $name:ident : $($rest:tt)+) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $name;
        impl $crate::http::Policy for $name { $crate::policy!(@ $($rest)+); }
    };
    (@) => {};
    (@ unregistered $(, $($rest:tt)*)?) => { const UNREGISTERED: bool = true; $($crate::policy!(@ $($rest)*);)? };
    (@ buyer $(, $($rest:tt)*)?) => { const BUYER: bool = true; $($crate::policy!(@ $($rest)*);)? };
    (@ vendor $(, $($rest:tt)*)?) => { const VENDOR: bool = true; $($crate::policy!(@ $($rest)*);)? };
    (@ service $(, $($rest:tt)*)?) => { const SERVICE: bool = true; $($crate::policy!(@ $($rest)*);)? };
    (@ admin [$($role:ident),* $(,)?] $(, $($rest:tt)*)?) => {
        const ADMIN: Option<&'static [$crate::http::caller::AdminRole]> = Some(&[$($crate::http::caller::AdminRole::$role),*]);
        $($crate::policy!(@ $($rest)*);)?
    };
}

/// A caller that the policy lets through; everybody else got 401 or 403 before the handler ran.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    /// Who.
    pub caller: Caller,
    /// Who, as history and events keep it.
    pub actor: Actor,
    policy: PhantomData<P>,
}

impl<S, P> FromRequestParts<S> for Allowed<P>
where
    S: Send + Sync,
    Kit: FromRef<S>,
    P: Policy,
{
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = identify(&Kit::from_ref(state), &parts.headers).await?;
        if !P::allows(&caller) {
            return Err(match caller {
                Caller::Unregistered { .. } => not_registered(),
                _ => ApiError::forbidden("forbidden", "you may not do this"),
            });
        }
        let actor = caller.actor(channel(&parts.headers));
        Ok(Self { caller, actor, policy: PhantomData })
    }
}

fn not_registered() -> ApiError {
    ApiError::forbidden("not_registered", "register first: POST /api/v1/auth/register, then refresh your token")
}

/// Anyone; who it is, if a token came along that counts. A bad token is refused all the same.
#[derive(Debug, Clone)]
pub struct Anyone(pub Option<Caller>);

impl<S> FromRequestParts<S> for Anyone
where
    S: Send + Sync,
    Kit: FromRef<S>,
{
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        identify(&Kit::from_ref(state), &parts.headers).await.map(|caller| Self(Some(caller)))
    }
}

/// Somebody signed in with Firebase, registered or not, with what their token says.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the token says.
    pub claims: FirebaseClaims,
    /// Who that is to us.
    pub principal: Principal,
    /// The token itself, for Firebase calls that want it.
    pub channel: Option<Channel>,
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Kit: FromRef<S>,
{
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let kit = Kit::from_ref(state);
        let (claims, principal) = person(&kit, bearer(&parts.headers)?).await?;
        Ok(Self { claims, principal, channel: channel(&parts.headers) })
    }
}

macro_rules! one_kind {
    ($(#[$meta:meta])* $name:ident { $($field:ident : $ty:ty),+ } = $pattern:pat => $make:expr, else $refuse:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $(#[doc = concat!("The caller's `", stringify!($field), "`.")] pub $field: $ty,)+
            /// Who, as history and events keep it.
            pub actor: Actor,
        }
        impl<S> FromRequestParts<S> for $name
        where
            S: Send + Sync,
            Kit: FromRef<S>,
        {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
                let caller = identify(&Kit::from_ref(state), &parts.headers).await?;
                let actor = caller.actor(channel(&parts.headers));
                match caller {
                    $pattern => Ok($make(actor)),
                    Caller::Unregistered { .. } => Err(not_registered()),
                    _ => Err($refuse),
                }
            }
        }
    };
}

one_kind! {
    /// A buyer, and nobody else.
    BuyerCaller { user_id: UserId, buyer_id: BuyerId }
    = Caller::Buyer { user_id, buyer_id } => |actor| Self { user_id, buyer_id, actor },
    else ApiError::forbidden("forbidden", "only buyers may do this")
}
one_kind! {
    /// A vendor, and nobody else.
    VendorCaller { user_id: UserId, vendor_id: VendorId }
    = Caller::Vendor { user_id, vendor_id } => |actor| Self { user_id, vendor_id, actor },
    else ApiError::forbidden("forbidden", "only vendors may do this")
}
one_kind! {
    /// One of our services, and nobody else.
    ServiceOnly { service: ServiceName }
    = Caller::Service { service, .. } => |actor| Self { service, actor },
    else ApiError::forbidden("forbidden", "only RealServ's own services may do this")
}

policy!(
    /// Any registered person.
    pub RegisteredPolicy: buyer, vendor, admin[Operations, Support, Finance]
);
policy!(
    /// Staff of any role.
    pub AdminPolicy: admin[Operations, Support, Finance]
);

/// Any registered person.
pub type RegisteredCaller = Allowed<RegisteredPolicy>;
/// Staff of any role.
pub type AnyAdmin = Allowed<AdminPolicy>;

/// Says who calls.
async fn identify(kit: &Kit, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let token = bearer(headers)?;
    if token_kind(token) == TokenKind::Service {
        let caller = kit.service_tokens.verify(token).map_err(|error| refused(&error))?;
        return Ok(Caller::Service { service: caller.service, on_behalf_of: caller.on_behalf_of });
    }
    let (_, principal) = person(kit, token).await?;
    Ok(match principal {
        Principal::Unregistered { uid, .. } => Caller::Unregistered { uid },
        Principal::Buyer { user_id, buyer_id, .. } => Caller::Buyer { user_id, buyer_id },
        Principal::Vendor { user_id, vendor_id, .. } => Caller::Vendor { user_id, vendor_id },
        Principal::Admin { user_id, role, .. } => Caller::Admin { user_id, role },
    })
}

async fn person(kit: &Kit, token: &str) -> Result<(FirebaseClaims, Principal), ApiError> {
    let claims = kit.verifier.verify(token).await.map_err(|error| refused(&error))?;
    kit.access.check(&claims).map_err(|denied| match denied {
        AccessDenied::Revoked => ApiError::unauthorized("token_revoked", "your access has changed; sign in again"),
        AccessDenied::Suspended => ApiError::forbidden("account_suspended", "this account is suspended; contact support"),
        AccessDenied::Deleted => ApiError::unauthorized("account_deleted", "this account no longer exists"),
    })?;
    let principal = Principal::from_claims(&claims).map_err(|error| refused(&error))?;
    Ok((claims, principal))
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| ApiError::unauthorized(UNAUTHENTICATED, "sign in: send Authorization: Bearer <token>"))?;
    value
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| ApiError::unauthorized(UNAUTHENTICATED, "the Authorization header must be: Bearer <token>"))
}

fn refused(error: &TokenError) -> ApiError {
    if error.is_unavailable() {
        return ApiError::unavailable("identity_unavailable", "tokens cannot be checked at the moment; try again");
    }
    metrics::counter!("auth_refused_total", "reason" => error.code()).increment(1);
    match error {
        TokenError::Expired => ApiError::unauthorized("token_expired", "the token has expired; refresh it"),
        other => ApiError::unauthorized("invalid_token", other.to_string()),
    }
}

fn channel(headers: &HeaderMap) -> Option<Channel> {
    let channel: Channel = headers.get(context::CHANNEL_HEADER)?.to_str().ok()?.parse().ok()?;
    // Nobody outside speaks as the system.
    (channel != Channel::System).then_some(channel)
}
