//! What is true of users whatever they are stored in: pure, without IO.

pub mod address;
pub mod claims;
pub mod device;
pub mod permissions;
pub mod redaction;
pub mod standing;
pub mod user;

pub use address::{Address, AddressText, Buyer};
pub use device::DeviceType;
pub use standing::{IllegalTransition, StatusChange};
pub use user::User;
