//! Who can deliver somewhere.

use super::Refusal;
use crate::App;
use crate::domain::place::Place;
use crate::store::available::{self, Available, Wanted};

/// Open shops for a place, nearest first. A PIN code alone is placed on the map for the distance; when that fails, the
/// vendors who named the PIN code are found all the same.
pub(crate) async fn find_available(app: &App, mut wanted: Wanted) -> Result<Vec<Available>, Refusal> {
    if let (None, Some(pincode)) = (wanted.point, &wanted.pincode) {
        wanted.point = match app.integration.geocode(&format!("{pincode}, India")).await {
            Ok(found) => found.map(|p| Place { latitude: p.latitude, longitude: p.longitude }),
            Err(error) => {
                tracing::info!(%error, "a PIN code could not be placed on the map");
                None
            }
        };
    }
    let mut conn = app.kit.pool.acquire().await?;
    Ok(available::find(&mut conn, &wanted).await?)
}
