//! Reading a message in the inbox.

use domain::{NotificationChannel, NotificationId, UserId};

use crate::App;
use crate::store::notifications::{self, Notification};

/// Why a message was not marked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Not there, or somebody else's.
    #[error("there is no such message")]
    NotFound,
    /// It did not come to the inbox: its provider says whether it was read.
    #[error("only messages in the inbox are marked as read")]
    NotInInbox,
    /// The database.
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Marks a person's own message; again changes nothing.
pub(crate) async fn read_notification(app: &App, reader: UserId, id: NotificationId) -> Result<Notification, ReadError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let found = notifications::lock(&mut tx, id).await?.filter(|found| found.recipient_id == reader);
    let found = found.ok_or(ReadError::NotFound)?;
    if found.channel != NotificationChannel::InApp {
        return Err(ReadError::NotInInbox);
    }
    notifications::read(&mut tx, id, now, now).await?;
    let read = notifications::find(&mut tx, id).await?.ok_or(ReadError::NotFound)?;
    tx.commit().await?;
    Ok(read)
}
