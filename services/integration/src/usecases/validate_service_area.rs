//! Whether a vendor delivers somewhere, how far it is and what delivery costs.

use domain::{Money, MoneyError, Pincode, VendorId};

use super::locate::{self, LocateError};
use crate::App;
use crate::domain::coverage::{Coverage, Limits, Position, coverage};
use crate::domain::{area, centres};
use crate::store::{areas, vendors};

/// Where to.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) point: Option<Position>,
    pub(crate) pincode: Option<Pincode>,
    pub(crate) address: Option<String>,
}

/// The answer.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) coverage: Coverage,
    pub(crate) metres: u32,
    pub(crate) approximate: bool,
    pub(crate) delivery_charge: Money,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceAreaError {
    #[error("vendor not known")]
    VendorNotFound,
    #[error("say where to")]
    NoDestination,
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Answers.
pub(crate) async fn validate(app: &App, vendor_id: VendorId, to: Destination) -> Result<Served, ServiceAreaError> {
    let vendor = {
        let mut conn = app.kit.pool.acquire().await?;
        vendors::place(&mut conn, vendor_id).await?.ok_or(ServiceAreaError::VendorNotFound)?
    };
    let Place { position, pincode, approximate } = destination(app, to, !vendor.service_pincodes.is_empty()).await?;
    let polygons = {
        let mut conn = app.kit.pool.acquire().await?;
        areas::near(&mut conn, vendor_id, (position.latitude, position.longitude)).await?
    };
    let warehouse = vendor.latitude.zip(vendor.longitude).map(|(latitude, longitude)| Position { latitude, longitude });
    let limits = Limits {
        warehouse,
        radius_km: vendor.service_radius_km,
        pincodes: &vendor.service_pincodes,
        within_polygon: area::any_holds(&polygons, position),
    };
    let coverage = coverage(&limits, position, pincode.as_ref().map(Pincode::as_str));
    let Some(warehouse) = warehouse else {
        return Ok(Served { coverage, metres: 0, approximate: false, delivery_charge: Money::ZERO });
    };
    // Google is not asked how far it is to where nobody delivers.
    let road =
        if coverage.covered() { locate::road(app, warehouse, position).await } else { locate::guessed(app, warehouse, position) };
    let delivery_charge = app.config.tariff().for_distance(road.metres)?;
    Ok(Served { coverage, metres: road.metres, approximate: approximate || road.approximate, delivery_charge })
}

/// Where to, as far as it is known.
struct Place {
    position: Position,
    pincode: Option<Pincode>,
    /// Only the PIN code's centre.
    approximate: bool,
}

/// The point and, where pincodes matter, the pincode. What is given counts; the rest is looked up. While the map cannot be
/// asked, the middle of the PIN code has to do, so that orders go on.
async fn destination(app: &App, to: Destination, pincodes_matter: bool) -> Result<Place, ServiceAreaError> {
    if let Some(position) = to.point {
        if to.pincode.is_some() || !pincodes_matter {
            return Ok(Place { position, pincode: to.pincode, approximate: false });
        }
        // Without an answer the point alone has to do.
        let found = locate::reverse(app, position).await;
        return Ok(Place { position, pincode: found.ok().and_then(|place| place.pincode), approximate: false });
    }
    let address = match (&to.address, &to.pincode) {
        (Some(address), _) => address.clone(),
        (None, Some(pincode)) => pincode.to_string(),
        (None, None) => return Err(ServiceAreaError::NoDestination),
    };
    match locate::geocode(app, &address).await {
        Ok(place) => Ok(Place { position: place.position, pincode: to.pincode.or(place.pincode), approximate: false }),
        Err(LocateError::Unavailable(error)) => {
            let pincode = to.pincode.or_else(|| centres::pincode_in(&address));
            let Some(position) = pincode.as_ref().and_then(centres::centre) else {
                return Err(LocateError::Unavailable(error).into());
            };
            tracing::warn!(%error, "place guessed by its PIN code: the map cannot be asked");
            metrics::counter!("location_guessed_total").increment(1);
            Ok(Place { position, pincode, approximate: true })
        }
        Err(error) => Err(error.into()),
    }
}
