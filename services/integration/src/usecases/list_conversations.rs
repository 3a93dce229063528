//! The conversations with a user, for support.

use domain::UserId;

use crate::App;
use crate::store::conversations::{self, Conversation};
use crate::store::messages::{self, Listed};

const MESSAGES: i64 = 100;

/// Lists them with their newest messages.
pub(crate) async fn of_user(app: &App, user_id: UserId) -> Result<Vec<(Conversation, Vec<Listed>)>, sqlx::Error> {
    let mut conn = app.kit.pool.acquire().await?;
    let mut all = Vec::new();
    for conversation in conversations::of_user(&mut conn, user_id).await? {
        let messages = messages::newest(&mut conn, conversation.id, MESSAGES).await?;
        all.push((conversation, messages));
    }
    Ok(all)
}
