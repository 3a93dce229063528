//! Documents as PDF: made from their rows, kept in S3.

use ::domain::OrderId;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use media_store::StoreError;

use super::{PaymentError, read_invoices};
use crate::App;
use crate::domain::invoice::Document;
use crate::pdf;
use crate::store::invoices::{self, StoredFile};

/// More than any of ours has.
const LIMIT: usize = 10 * 1024 * 1024;
const PDF: &str = "application/pdf";

/// Makes and stores those of an order that are not stored yet.
pub(crate) async fn store_pdfs(app: &App, order_id: OrderId) -> Result<(), PaymentError> {
    for document in read_invoices::documents(app, order_id).await? {
        if stored(app, &document).await?.is_none() {
            make(app, &document).await?;
        }
    }
    Ok(())
}

/// A document's PDF: the stored one, or made anew when it is not there or is not what was stored.
pub(crate) async fn pdf_of(app: &App, document: &Document) -> Result<Bytes, PaymentError> {
    let Some(file) = stored(app, document).await? else { return make(app, document).await };
    match app.invoices.get(&file.object_key, LIMIT).await {
        Ok(content) if sha256(&content) == file.sha256 => Ok(content),
        Ok(_) => {
            tracing::error!(document = %document.id, "a stored invoice is not what was stored; it is made anew");
            make(app, document).await
        }
        Err(StoreError::NotFound) => make(app, document).await,
        Err(error) => Err(files(&error)),
    }
}

async fn stored(app: &App, document: &Document) -> Result<Option<StoredFile>, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(invoices::file(&mut conn, document.id).await?)
}

async fn make(app: &App, document: &Document) -> Result<Bytes, PaymentError> {
    let drawn = document.clone();
    let content = tokio::task::spawn_blocking(move || pdf::render(&drawn))
        .await
        .map_err(|_| PaymentError::Broken("a PDF could not be made"))?
        .map_err(|_| PaymentError::Broken("a PDF could not be made"))?;
    let content = Bytes::from(content);
    let file = StoredFile { object_key: format!("{}/{}.pdf", document.financial_year, document.id), sha256: sha256(&content) };
    app.invoices.put(&file.object_key, content.clone(), PDF).await.map_err(|error| files(&error))?;
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    invoices::keep_file(&mut conn, document.id, &file, app.kit.clock.now()).await?;
    Ok(content)
}

fn sha256(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content))
}

fn files(error: &StoreError) -> PaymentError {
    PaymentError::FilesUnavailable(error.to_string())
}
