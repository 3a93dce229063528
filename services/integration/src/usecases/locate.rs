//! Where an address is, or what is at a point: from what was asked before, or from Google.

use domain::Pincode;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use google_maps::{Leg, Place, Point};
use outbound::OutboundError;
use serde_json::json;

use crate::App;
use crate::domain::coverage::Position;
use crate::store::places::{self, CachedPlace};
use crate::usecases::single_flight::SingleFlight;

/// Google's answer, or why there is none.
type Answer<T> = Result<Option<T>, OutboundError>;

/// Questions to Google that are under way: a place or a way is asked once, however many want to know at the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    places: SingleFlight<Answer<Place>>,
    roads: SingleFlight<Answer<Leg>>,
}

/// Why a place is not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocateError {
    #[error("no such place is known")]
    NotFound,
    #[error("the map cannot be asked at the moment")]
    Unavailable(#[source] OutboundError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A place as we know it.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) position: Position,
    pub(crate) formatted_address: String,
    pub(crate) place_id: Option<String>,
    pub(crate) pincode: Option<Pincode>,
    pub(crate) state: Option<String>,
}

/// Where an address is.
pub(crate) async fn geocode(app: &App, address: &str) -> Result<Located, LocateError> {
    let key = address.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let (maps, address) = (app.maps.clone(), key.clone());
    locate(app, &key, || async move { maps.geocode(&address).await }.boxed()).await
}

/// What is at a point.
pub(crate) async fn reverse(app: &App, at: Position) -> Result<Located, LocateError> {
    // Five decimals are a metre: finer keys would only ask again for the same door.
    let key = format!("@{:.5},{:.5}", at.latitude, at.longitude);
    let maps = app.maps.clone();
    locate(app, &key, || async move { maps.reverse(point(at)).await }.boxed()).await
}

const fn point(at: Position) -> Point {
    Point { latitude: at.latitude, longitude: at.longitude }
}

async fn locate(app: &App, key: &str, ask: impl FnOnce() -> BoxFuture<'static, Answer<Place>>) -> Result<Located, LocateError> {
    let now = app.kit.clock.now();
    let known = {
        let mut conn = app.kit.pool.acquire().await?;
        places::find(&mut conn, key, now).await?
    };
    if let Some(known) = known {
        metrics::counter!("location_cache_total", "outcome" => "hit").increment(1);
        return Ok(from_cache(known));
    }
    metrics::counter!("location_cache_total", "outcome" => "miss").increment(1);
    let place = app.asked.places.ask(key, ask).await.map_err(LocateError::Unavailable)?.ok_or(LocateError::NotFound)?;
    let cached = to_cache(&place);
    let mut conn = app.kit.pool.acquire().await?;
    places::keep(&mut conn, app.kit.ids.uuid(), key, &cached, now, now + app.config.cache_for()).await?;
    Ok(from_cache(cached))
}

fn to_cache(place: &Place) -> CachedPlace {
    CachedPlace {
        latitude: place.point.latitude,
        longitude: place.point.longitude,
        formatted_address: place.formatted_address.clone(),
        place_id: Some(place.place_id.clone()),
        address_components: json!({
            "pincode": place.pincode.as_ref().map(Pincode::as_str), "state": place.state, "district": place.district,
            "locality": place.locality, "sublocality": place.sublocality,
        }),
    }
}

fn from_cache(place: CachedPlace) -> Located {
    let part = |name: &str| place.address_components[name].as_str().map(str::to_owned);
    Located {
        position: Position { latitude: place.latitude, longitude: place.longitude },
        pincode: part("pincode").and_then(|text| text.parse().ok()),
        state: part("state"),
        formatted_address: place.formatted_address,
        place_id: place.place_id,
    }
}

/// What Google says of a distance is not kept: its terms forbid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Road {
    pub(crate) metres: u32,
    pub(crate) seconds: Option<u64>,
    pub(crate) approximate: bool,
}

/// How far it is by road; guessed from the straight line when Google cannot be asked or knows no way.
pub(crate) async fn road(app: &App, from: Position, to: Position) -> Road {
    let key = format!("{:.5},{:.5}>{:.5},{:.5}", from.latitude, from.longitude, to.latitude, to.longitude);
    let maps = app.maps.clone();
    let question = || async move { maps.route(point(from), point(to)).await }.boxed();
    match app.asked.roads.ask(&key, question).await {
        Ok(Some(leg)) => Road {
            metres: u32::try_from(leg.distance_metres).unwrap_or(u32::MAX),
            seconds: Some(leg.duration_seconds),
            approximate: false,
        },
        Ok(None) => guessed(app, from, to),
        Err(error) => {
            tracing::warn!(%error, "distance guessed: the map cannot be asked");
            metrics::counter!("location_guessed_total").increment(1);
            guessed(app, from, to)
        }
    }
}

/// The guess alone.
pub(crate) fn guessed(app: &App, from: Position, to: Position) -> Road {
    let metres = crate::domain::coverage::guessed_road_metres(from.metres_to(to), app.config.location_road_percent);
    Road { metres, seconds: None, approximate: true }
}

/// Forgets what Google's terms no longer let us keep.
pub(crate) async fn purge(app: &App) -> anyhow::Result<()> {
    let mut conn = app.kit.pool.acquire().await?;
    let gone = places::purge(&mut conn, app.kit.clock.now()).await?;
    if gone > 0 {
        tracing::info!(gone, "places forgotten");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn components(value: Value) -> Located {
        from_cache(CachedPlace {
            latitude: 17.44,
            longitude: 78.34,
            formatted_address: "Gachibowli".into(),
            place_id: None,
            address_components: value,
        })
    }

    #[test]
    fn parts_that_are_missing_or_nonsense_are_left_out() {
        let place = components(json!({"pincode": "500032", "state": "Telangana"}));
        assert_eq!(place.pincode.unwrap().as_str(), "500032");
        let place = components(json!({"pincode": "abc", "state": null}));
        assert!(place.pincode.is_none() && place.state.is_none());
    }
}
