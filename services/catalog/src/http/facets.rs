//! How many there are of what, beside a list.

use std::collections::BTreeMap;

use domain::{CategoryId, Money, Unit};
use serde::Serialize;

use crate::usecases::count_facets::{Counted, Facets};

/// How many of all that the list would show have which property, the most frequent first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FacetsOut {
    categories: Vec<CategoryCount>,
    brands: Vec<ValueCount>,
    units: Vec<UnitCount>,
    /// From the cheapest on; ranges without anything in them are left out.
    prices: Vec<PriceCount>,
    /// By specification; `grade` and so on.
    specifications: BTreeMap<String, Vec<ValueCount>>,
}

/// Of a category itself, without what hangs under it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryCount {
    category_id: CategoryId,
    name: String,
    count: i64,
}

/// Of a value; give it as `brand`, or as `spec` with its name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ValueCount {
    value: String,
    count: i64,
}

/// Sold in a unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UnitCount {
    unit: Unit,
    count: i64,
}

/// In a range of base prices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PriceCount {
    from: Money,
    /// Without this price itself; absent at the top.
    to: Option<Money>,
    /// Always INR.
    currency: &'static str,
    count: i64,
}

fn values(counted: &[Counted<String>]) -> Vec<ValueCount> {
    counted.iter().map(|one| ValueCount { value: one.of.clone(), count: one.count }).collect()
}

impl From<&Facets> for FacetsOut {
    fn from(facets: &Facets) -> Self {
        let category = |one: &Counted<(CategoryId, String)>| CategoryCount {
            category_id: one.of.0,
            name: one.of.1.clone(),
            count: one.count,
        };
        Self {
            categories: facets.categories.iter().map(category).collect(),
            brands: values(&facets.brands),
            units: facets.units.iter().map(|one| UnitCount { unit: one.of, count: one.count }).collect(),
            prices: facets
                .prices
                .iter()
                .map(|one| PriceCount { from: one.of.from, to: one.of.to, currency: "INR", count: one.count })
                .collect(),
            specifications: facets.specifications.iter().map(|(key, counted)| (key.clone(), values(counted))).collect(),
        }
    }
}
