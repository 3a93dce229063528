//! Opens a file. One that was promised is looked at first: it counts by what it holds.

use domain::{Actor, MediaId, ServiceName};
use media_store::{Download, MediaStore, SignedUrl, StoreError};

use super::store_media::{MediaError, sha256, tell};
use crate::App;
use crate::domain::file::{self, Category, FileError};
use crate::store::media::{self, MediaFile};

/// What is known of a file that is there.
pub(crate) async fn find(app: &App, id: MediaId) -> Result<MediaFile, MediaError> {
    let mut conn = app.kit.pool.acquire().await?;
    media::find(&mut conn, id).await?.ok_or(MediaError::NotFound)
}

/// The same file once it is there for certain.
pub(crate) async fn arrived(app: &App, file: MediaFile) -> Result<MediaFile, MediaError> {
    if !file.is_pending {
        return Ok(file);
    }
    let category = Category::read(&file.file_category).ok_or(MediaError::NotFound)?;
    let content = match store_of(app, &file).get(&file.s3_key, file::largest(category)).await {
        Ok(content) => content,
        Err(StoreError::NotFound) => return Err(MediaError::NotUploaded),
        Err(StoreError::TooLarge) => return Err(FileError::TooLarge(file::largest(category)).into()),
        Err(error) => return Err(error.into()),
    };
    let kind = file::inspect(category, &content)?;
    let file = MediaFile {
        file_type: kind.mime().to_owned(),
        file_size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
        sha256: Some(sha256(&content)),
        is_pending: false,
        ..file
    };
    let mut tx = app.kit.pool.begin().await?;
    if media::arrived(&mut tx, &file, app.kit.clock.now()).await? {
        tell(&mut tx, app, &Actor::system(ServiceName::Integration), &file).await?;
    }
    tx.commit().await?;
    Ok(file)
}

/// A URL that hands the file out for a while.
pub(crate) async fn signed_url(app: &App, file: &MediaFile) -> Result<SignedUrl, MediaError> {
    let download =
        Download { filename: file.file_name.clone(), content_type: file.file_type.clone(), expires_in: app.config.media_url };
    Ok(store_of(app, file).presign_get(&file.s3_key, &download).await?)
}

fn store_of<'a>(app: &'a App, file: &MediaFile) -> &'a MediaStore {
    if file.s3_bucket == app.kyc.bucket() { &app.kyc } else { &app.media }
}
