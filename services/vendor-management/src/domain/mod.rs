//! What is decided here: pure, without async, SQL or wire shapes.

pub mod deductions;
pub mod delivery;
pub mod hours;
pub mod kyc;
pub mod otp;
pub mod performance;
pub mod place;
pub mod proof;
pub mod settlement;
pub mod standing;
pub mod statement;
pub mod vendor;

/// One field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A field and what is wrong with it.
    #[must_use]
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}
