//! What a person wants to hear.

use domain::UserId;

use crate::App;
use crate::domain::preferences::Preferences;
use crate::store::preferences;

/// Keeps a person's choices.
pub(crate) async fn change_preferences(app: &App, user_id: UserId, chosen: &Preferences) -> sqlx::Result<()> {
    let mut conn = app.kit.pool.acquire().await?;
    preferences::keep(&mut conn, app.kit.ids.uuid(), user_id, chosen, app.kit.clock.now()).await
}
