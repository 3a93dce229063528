//! Events between services: the one catalogue, the EventBridge publisher, the SQS consumer loop, and
//! the topology made from the catalogue.

pub mod aws;
pub mod catalogue;
pub mod consumer;
pub mod publisher;
pub mod topology;

pub use catalogue::Catalogue;
pub use consumer::{Consumer, Outcome};
pub use publisher::EventBridgePublisher;
