//! What the service does: one verb, one file.

pub(crate) mod approve_kyc;
pub(crate) mod approve_proof;
pub(crate) mod approve_settlement;
pub(crate) mod audit;
pub(crate) mod change_vendor;
pub(crate) mod close_vendor;
pub(crate) mod create_delivery;
pub(crate) mod data_keys;
pub(crate) mod earnings;
pub(crate) mod expire_paper;
pub(crate) mod find_available;
pub(crate) mod generate_otp;
pub(crate) mod generate_settlements;
pub(crate) mod mark_settlement_paid;
pub(crate) mod move_delivery;
pub(crate) mod onboard_vendor;
pub(crate) mod open_vendor;
pub(crate) mod prove;
pub(crate) mod rate_vendor;
pub(crate) mod refusal;
pub(crate) mod reject_kyc;
pub(crate) mod set_availability;
pub(crate) mod set_commission;
pub(crate) mod set_status;
pub(crate) mod submit_kyc;
pub(crate) mod update_vendor;
pub(crate) mod upload_proof;
pub(crate) mod verify_otp;

pub(crate) use refusal::Refusal;
