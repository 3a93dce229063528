//! How many of the materials that a filter leaves have which property, for the choices beside a list.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{CategoryId, Money, Unit};
use tokio::sync::OnceCell;

use super::CatalogError;
use crate::App;
use crate::store::search::{self, Count, Filter};
use crate::store::{categories, changes};

/// Rupees between the ranges of price.
const BOUNDS: [i32; 9] = [10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
/// More values of one specification nobody reads.
const MOST_VALUES: usize = 20;
/// More specifications neither.
const MOST_KEYS: usize = 10;
/// Different filters that are remembered.
const MOST_KEPT: usize = 512;

/// How many there are of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted<T> {
    pub of: T,
    pub count: i64,
}

/// From this price on, up to and without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PriceRange {
    pub from: Money,
    pub to: Option<Money>,
}

/// The counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facets {
    /// With the name.
    pub categories: Vec<Counted<(CategoryId, String)>>,
    pub brands: Vec<Counted<String>>,
    pub units: Vec<Counted<Unit>>,
    pub prices: Vec<Counted<PriceRange>>,
    pub specifications: BTreeMap<String, Vec<Counted<String>>>,
}

type Cell = Arc<OnceCell<Arc<Facets>>>;
/// By what is looked at and the catalogue's version: when it was counted, and what.
type Kept = HashMap<(Filter, i64), (DateTime<Utc>, Cell)>;

/// What was counted a moment ago. Counting 50,000 materials takes a tenth of a second of a processor, so that people who look
/// at the same share it. It counts again when the catalogue changes, and when it is old; of those who ask at the same moment
/// one counts.
#[derive(Debug, Default)]
pub(crate) struct KeptFacets(Mutex<Kept>);

impl KeptFacets {
    fn cell(&self, filter: &Filter, version: i64, now: DateTime<Utc>, keep: TimeDelta) -> Cell {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |at: DateTime<Utc>| now - at < keep && at <= now;
        if kept.len() >= MOST_KEPT {
            kept.retain(|(_, of), (at, _)| *of == version && fresh(*at));
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let entry = kept.entry((filter.clone(), version)).or_insert_with(|| (now, Cell::default()));
        if !fresh(entry.0) {
            *entry = (now, Cell::default());
        }
        entry.1.clone()
    }
}

/// The counts under a filter.
pub(crate) async fn count_facets(app: &App, filter: &Filter) -> Result<Arc<Facets>, CatalogError> {
    let version = {
        let mut conn = app.kit.pool.acquire().await?;
        changes::version(&mut conn).await?
    };
    let keep = TimeDelta::seconds(i64::from(app.config.public_cache_seconds));
    let cell = app.facets.cell(filter, version, app.kit.clock.now(), keep);
    cell.get_or_try_init(|| async { count(app, filter).await.map(Arc::new) }).await.cloned()
}

async fn count(app: &App, filter: &Filter) -> Result<Facets, CatalogError> {
    if filter.near.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Facets::default());
    }
    let bounds = BOUNDS.map(Money::from_rupees);
    let mut conn = app.kit.pool.acquire().await?;
    let counts = search::counts(&mut conn, filter, &bounds).await?;
    let names = categories::active(&mut conn).await?.into_iter().map(|row| (row.id, row.name)).collect();
    Ok(sorted(counts, &names, &bounds))
}

/// The most frequent first; prices from the cheapest.
fn sorted(counts: Vec<Count>, names: &HashMap<CategoryId, String>, bounds: &[Money]) -> Facets {
    let mut facets = Facets::default();
    for Count { kind, term, label, count } in counts {
        match kind.as_str() {
            "category" => {
                let named = term.parse::<CategoryId>().ok().and_then(|id| Some((id, names.get(&id)?.clone())));
                facets.categories.extend(named.map(|of| Counted { of, count }));
            }
            "unit" => facets.units.extend(term.parse::<Unit>().ok().map(|of| Counted { of, count })),
            "price" => facets.prices.extend(range(&term, bounds).map(|of| Counted { of, count })),
            _ => {
                let Some((key, value)) = term.split_once('=') else { continue };
                let of = label.unwrap_or_else(|| value.to_owned());
                let values =
                    if key == "brand" { &mut facets.brands } else { facets.specifications.entry(key.to_owned()).or_default() };
                values.push(Counted { of, count });
            }
        }
    }
    facets.prices.sort_by_key(|counted| counted.of.from);
    facets.units.sort_by_key(|counted| std::cmp::Reverse(counted.count));
    facets.categories.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.of.1.cmp(&b.of.1)));
    most(&mut facets.brands);
    facets.specifications.values_mut().for_each(most);
    keep_most_common_keys(&mut facets.specifications);
    facets
}

fn most(values: &mut Vec<Counted<String>>) {
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.of.cmp(&b.of)));
    values.truncate(MOST_VALUES);
}

fn keep_most_common_keys(keys: &mut BTreeMap<String, Vec<Counted<String>>>) {
    let mut all: Vec<(i64, String)> =
        keys.iter().map(|(key, values)| (values.iter().map(|value| value.count).sum(), key.clone())).collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, key) in all.into_iter().skip(MOST_KEYS) {
        keys.remove(&key);
    }
}

/// `width_bucket` counts from 1; 0 is below the first bound.
fn range(number: &str, bounds: &[Money]) -> Option<PriceRange> {
    let number = number.parse::<usize>().ok()?;
    let from = number.checked_sub(1).map_or(Some(Money::ZERO), |below| bounds.get(below).copied())?;
    Some(PriceRange { from, to: bounds.get(number).copied() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(kind: &str, term: &str, count: i64) -> Count {
        Count { kind: kind.to_owned(), term: term.to_owned(), label: None, count }
    }

    #[test]
    fn ranges_of_price_meet_without_a_gap() {
        let bounds = BOUNDS.map(Money::from_rupees);
        let ranges: Vec<PriceRange> = (0..=bounds.len()).filter_map(|n| range(&n.to_string(), &bounds)).collect();
        assert_eq!((ranges[0].from, ranges[bounds.len()].to), (Money::ZERO, None));
        assert!(ranges.windows(2).all(|two| two[0].to == Some(two[1].from)));
    }

    #[test]
    fn the_most_frequent_come_first_and_brands_stand_apart() {
        let counts = vec![
            counted("specification", "grade=a", 1),
            counted("specification", "grade=b", 5),
            counted("specification", "brand=x", 2),
        ];
        let facets = sorted(counts, &HashMap::new(), &[]);
        assert_eq!(facets.brands, [Counted { of: "x".to_owned(), count: 2 }]);
        assert_eq!(facets.specifications["grade"][0].of, "b");
    }
}
