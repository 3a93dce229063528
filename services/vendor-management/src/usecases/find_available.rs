//! Who can deliver somewhere.

use clients::integration::{AreaSearchIn, Point};

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
    if let Some(point) = wanted.point {
        let point = Point { latitude: point.latitude, longitude: point.longitude };
        match app.integration.vendors_by_area(AreaSearchIn { point: Some(point), vendor_id: None }).await {
            Ok(found) => wanted.by_area = found,
            Err(error) => tracing::warn!(%error, "drawn areas could not be asked for; pincodes and radii have to do"),
        }
    }
    let mut conn = app.kit.pool.acquire().await?;
    Ok(available::find(&mut conn, &wanted).await?)
}
