//! HTTP as every service speaks it: the envelope, the extractors that refuse in it, and the layers around them.

pub mod body;
pub mod caller;
pub mod docs;
pub mod envelope;
pub mod error;
mod fields;
pub mod health;
pub mod idempotency;
pub mod paging;
pub mod params;
pub mod rate_limit;
mod stack;

pub use body::{Body, RawBody, Upload};
pub use caller::{Allowed, AnyAdmin, Anyone, BuyerCaller, Caller, Policy, RegisteredCaller, ServiceOnly, SignedIn, VendorCaller};
pub use envelope::{Accepted, Created, Data, NoContent, Page, Problems};
pub use error::{ApiError, FieldError};
pub use idempotency::IdempotencyKey;
pub use paging::{Cursor, PageParams, PageRequest};
pub use params::{Params, PathId, PathOf};
pub use rate_limit::{ClientAddress, RateLimit};
pub(crate) use stack::wrap;
