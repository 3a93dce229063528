//! One verb a file.

pub(crate) mod change_preferences;
pub(crate) mod deliver;
pub(crate) mod keep_contact;
pub(crate) mod note_status;
pub(crate) mod notify;
pub(crate) mod plan;
pub(crate) mod preview_template;
pub(crate) mod read_notification;
pub(crate) mod receive_feedback;
pub(crate) mod register_device;
pub(crate) mod save_template;
pub(crate) mod seed_templates;
pub(crate) mod send_delivery_otp;
pub(crate) mod send_message;
pub(crate) mod settle;
pub(crate) mod texts;
