//! Files in Amazon S3 and short-lived URLs to them.
//!
//! Buckets are private. A file is handed out by a signed URL that makes browsers save it, never
//! show it in our name.

mod disposition;
mod error;
mod settings;
mod store;

pub use disposition::attachment;
pub use error::StoreError;
pub use settings::MediaStoreSettings;
pub use store::{Download, MediaStore, ObjectInfo, SignedUrl, Upload};
