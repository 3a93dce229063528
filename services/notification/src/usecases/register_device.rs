//! A device of a person: push goes there.

use domain::UserId;
use serde_json::Value;
use uuid::Uuid;

use crate::App;
use crate::store::devices::{self, Device};

/// Gives the device to its user.
pub(crate) async fn register_device(
    app: &App,
    user_id: UserId,
    token: &str,
    device_type: Option<&str>,
    device_info: Option<&Value>,
) -> sqlx::Result<Uuid> {
    let mut tx = app.kit.pool.begin().await?;
    let device = Device { id: app.kit.ids.uuid(), user_id, token, device_type, device_info };
    let id = devices::keep(&mut tx, &device, app.kit.clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Forgets it; false when it is none of theirs.
pub(crate) async fn forget_device(app: &App, user_id: UserId, token: &str) -> sqlx::Result<bool> {
    let mut conn = app.kit.pool.acquire().await?;
    devices::forget(&mut conn, user_id, token, app.kit.clock.now()).await
}
