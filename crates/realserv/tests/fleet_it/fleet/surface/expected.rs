//! What the access table means for one caller.

use super::cast::{Caller, Kind};
use super::table::Operation;

/// The class of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// 401: who are you?
    Unauthorized,
    /// 403, or 404 where even the thing's existence is private.
    Refused,
    /// 404: to a stranger of the right kind it does not exist.
    Hidden,
    /// 401 or 403: no token helps, only a signature.
    Unsigned,
    /// Neither 401, 403 nor 404; what is wrong otherwise does not matter here, short of a failure of the service.
    Allowed,
    /// The table leaves it open.
    Open,
}

impl Expected {
    pub(super) fn agrees(self, status: u16) -> bool {
        match self {
            Self::Unauthorized => status == 401,
            Self::Refused => matches!(status, 403 | 404),
            Self::Hidden => status == 404,
            Self::Unsigned => matches!(status, 401 | 403),
            Self::Allowed => status < 500 && !matches!(status, 401 | 403 | 404),
            Self::Open => status < 500,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unauthorized => "401",
            Self::Refused => "403 or 404",
            Self::Hidden => "404",
            Self::Unsigned => "401 or 403",
            Self::Allowed => "to be let in",
            Self::Open => "no 5xx",
        }
    }
}

/// Where the prose of the surface ("admin", "anyone") lets in more than its table does.
const MORE: &[(&str, &str)] = &[
    ("GET /api/v1/orders/{id}/items", "support"),
    ("GET /api/v1/orders/{id}/items", "finance"),
    ("GET /api/v1/orders/{id}/timeline", "finance"),
    ("GET /api/v1/vendors/{id}/availability", "nobody"),
];

/// Where prose and table differ and either will do.
const EITHER: &[(&str, &str)] = &[
    ("GET /api/v1/orders/{id}/events", "support"),
    ("GET /api/v1/orders/{id}/events", "finance"),
    ("POST /api/v1/orders/{id}/support-tickets", "super_admin"),
    ("POST /api/v1/orders/{id}/support-tickets", "support"),
    ("GET /api/v1/vendors/{id}/performance", "support"),
    ("GET /api/v1/vendors/{id}/performance", "finance"),
    ("GET /api/v1/media/{id}", "support"),
    ("GET /api/v1/media/{id}", "finance"),
    // Parties read their own.
    ("GET /api/v1/disputes", "stranger buyer"),
    ("GET /api/v1/disputes", "stranger vendor"),
    ("GET /api/v1/disputes", "owner buyer"),
    ("GET /api/v1/disputes", "owner vendor"),
    // Signed in, but nobody yet: there is no user to show, and nobody whose device it would be.
    ("GET /api/v1/auth/me", "unregistered"),
    ("POST /api/v1/notifications/devices", "unregistered"),
    ("DELETE /api/v1/notifications/devices/{token}", "unregistered"),
    // A party of the delivery that the picture proves.
    ("GET /api/v1/media/{id}", "owner buyer"),
    // Rates what was delivered to her, which nothing was.
    ("POST /api/v1/vendors/{id}/ratings", "stranger buyer"),
];

/// Things whose existence is nobody else's business.
const PRIVATE: &[&str] = &[
    "/api/v1/orders/{id}",
    "/api/v1/buyers/{id}",
    "/api/v1/users/{id}",
    "/api/v1/support-tickets/{",
    "/api/v1/disputes/{",
    "/api/v1/payments/{id}",
    "/api/v1/payments/order/",
    "/api/v1/invoices/order/",
    "/api/v1/deliveries/{id}",
    "/api/v1/deliveries/order/",
    "/api/v1/settlements/{id}",
    "/api/v1/media/{id}",
    "/api/v1/notifications/{id}",
];

/// What a caller should get.
pub(super) fn expected(operation: &Operation, caller: &Caller) -> Expected {
    let says = |list: &[(&str, &str)]| list.iter().any(|(name, who)| *name == operation.name() && *who == caller.name);
    if operation.lets("signature") || operation.lets("verify-token") {
        return Expected::Unsigned;
    }
    if operation.lets("anyone") || says(MORE) {
        return Expected::Allowed;
    }
    if says(EITHER) {
        return Expected::Open;
    }
    let by_token = operation.lets("signed-in") || operation.lets("registered");
    match caller.kind {
        Kind::Nobody => Expected::Unauthorized,
        Kind::Service if operation.lets("service") => Expected::Allowed,
        Kind::Service => Expected::Open,
        Kind::Unregistered if operation.lets("signed-in") => Expected::Allowed,
        Kind::Unregistered => Expected::Refused,
        _ if by_token => Expected::Allowed,
        Kind::Buyer { owner } => {
            // The things of the walk are Bhavana's: her account, her order, her ticket.
            party(operation, ["buyer", "creator", "parties", "self"].iter().any(|word| operation.lets(word)), owner)
        }
        Kind::Vendor { owner } => {
            let theirs = ["vendor", "parties", "owner"].iter().any(|word| operation.lets(word));
            party(operation, theirs, owner)
        }
        Kind::Admin(role) => {
            let any = operation.who.iter().any(|word| word.starts_with("admin:"));
            let named = operation.lets(&format!("admin:{role}"));
            if named || (role == "super_admin" && any) { Expected::Allowed } else { Expected::Refused }
        }
    }
}

/// A buyer or a vendor, where the table names the kind or not.
fn party(operation: &Operation, named: bool, owner: bool) -> Expected {
    let of_somebody = operation.path.contains('{') || BY_BODY.contains(&operation.name().as_str());
    match (named, owner || !of_somebody) {
        (false, _) => Expected::Refused,
        (true, true) => Expected::Allowed,
        // A picture of goods, which everybody may see and only its owner may remove.
        (true, false) if operation.name() == "DELETE /api/v1/media/{id}" => Expected::Refused,
        (true, false) if PRIVATE.iter().any(|private| operation.path.starts_with(private)) => Expected::Hidden,
        (true, false) => Expected::Refused,
    }
}

/// Whose it is says the body.
const BY_BODY: &[&str] = &["POST /api/v1/payments/create-order", "POST /api/v1/payments/verify"];
