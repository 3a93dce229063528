//! Typed REST clients of our own services: the shapes that both sides share, and how to call.
//!
//! The services use the same shapes in their handlers, so that a change which one side does not know does not compile.
//! Every call carries a service token for its callee, the correlation id and the trace context.

mod call;
pub mod catalog;
pub mod integration;
pub mod notification;
pub mod order;
pub mod payment;
pub mod user;
pub mod vendor;

pub use call::{ServiceClient, ServiceError};
pub use catalog::CatalogClient;
pub use integration::IntegrationClient;
pub use notification::NotificationClient;
pub use order::OrderClient;
pub use payment::PaymentClient;
pub use user::UserClient;
pub use vendor::VendorClient;
