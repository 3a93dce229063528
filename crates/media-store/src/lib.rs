//! Files in Amazon S3 and short-lived URLs to them.
