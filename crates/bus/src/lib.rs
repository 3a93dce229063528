//! Events between services: the catalogue, the EventBridge publisher, the SQS consumer loop.
