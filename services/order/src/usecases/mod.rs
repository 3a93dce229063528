//! What the service does, a file a verb.

mod audit;
pub(crate) mod cancel_order;
pub(crate) mod carry_edit;
pub(crate) mod checkout;
pub(crate) mod confirm_order;
pub(crate) mod count_orders;
pub(crate) mod disputes;
pub(crate) mod edit_items;
pub(crate) mod finish_sagas;
pub(crate) mod follow_delivery;
pub(crate) mod follow_payment;
pub(crate) mod follow_story;
pub(crate) mod media;
pub(crate) mod moves;
pub(crate) mod open_order;
pub(crate) mod place_order;
pub(crate) mod quote_order;
pub(crate) mod read_orders;
pub(crate) mod refusal;
pub(crate) mod remind_vendor;
pub(crate) mod tickets;
pub(crate) mod time_out_order;
pub(crate) mod undo_order;
pub(crate) mod update_status;

pub(crate) use refusal::{LineRefusal, Missing, Refusal};
