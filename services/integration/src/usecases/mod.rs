//! What the service does, one verb a file. Transactions begin and end here.

pub(crate) mod answer_message;
mod audit;
pub(crate) mod delete_media;
pub(crate) mod list_conversations;
pub(crate) mod locate;
pub(crate) mod open_media;
pub(crate) mod presign_media;
pub(crate) mod receive_webhook;
pub(crate) mod send_message;
pub(crate) mod service_areas;
pub(crate) mod single_flight;
pub(crate) mod store_media;
pub(crate) mod validate_service_area;
