//! What the lists of materials and labour have in common: filters, orders, cursors.

use domain::{CategoryId, Money, Pincode, Quantity, Unit, VendorId};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{PageParams, PageRequest};
use uuid::Uuid;

use crate::domain::words::Looking;
use crate::store::offers::TermsRow;
use crate::store::search::{Filter, Sort};
use crate::store::vendors::Place;
use crate::usecases::browse::{ListCursor, ListRow};

/// What a list is narrowed down to, and its order.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Words to look for, in English, Hindi or Telugu; each has to be in the name, category, code, brand or description. What
    /// is found nowhere is taken for a typing error.
    #[garde(length(chars, max = 100))]
    #[param(max_length = 100, example = "cemnt 53 grade")]
    pub q: Option<String>,
    /// Only of this category and what hangs under it.
    #[garde(skip)]
    pub category_id: Option<CategoryId>,
    /// Not cheaper.
    #[garde(skip)]
    pub min_price: Option<Money>,
    /// Not dearer.
    #[garde(skip)]
    pub max_price: Option<Money>,
    /// Sold in this unit; materials only.
    #[garde(skip)]
    pub unit: Option<Unit>,
    /// Of this brand; materials only.
    #[garde(length(chars, max = 100))]
    #[param(max_length = 100)]
    pub brand: Option<String>,
    /// With this value of a specification, as `grade:OPC 53`; may be repeated, and all of them have to fit. Materials only.
    #[garde(length(max = 10), inner(custom(key_and_value)))]
    #[serde(default)]
    #[param(max_items = 10, example = json!(["grade:OPC 53"]))]
    pub spec: Vec<String>,
    /// Whether to count how many there are by category, brand, unit, price and specification. Materials only.
    #[garde(skip)]
    #[serde(default)]
    pub facets: bool,
    /// In which order; by relevance when something is looked for, by name otherwise.
    #[garde(skip)]
    #[param(inline)]
    pub sort: Option<SortBy>,
}

/// Where it is to be delivered: only what can be had now from a vendor who delivers there. A vendor does when it names the PIN
/// code, or when the point lies within its radius.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlaceParams {
    /// PIN code.
    #[garde(skip)]
    #[param(inline)]
    pub pincode: Option<Pincode>,
    /// Degrees north; with the longitude.
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    #[param(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east; with the latitude.
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    #[param(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
}

impl PlaceParams {
    /// Whether any place is given.
    pub(crate) const fn is_given(&self) -> bool {
        self.pincode.is_some() || self.latitude.is_some() || self.longitude.is_some()
    }

    /// The place, when one is given.
    pub(crate) fn place(&self) -> Result<Option<Place>, ApiError> {
        let point = match (self.latitude, self.longitude) {
            (Some(latitude), Some(longitude)) => Some((latitude, longitude)),
            (None, None) => None,
            (Some(_), None) => return Err(ApiError::invalid_field("longitude", "latitude and longitude come together")),
            (None, Some(_)) => return Err(ApiError::invalid_field("latitude", "latitude and longitude come together")),
        };
        if self.pincode.is_none() && point.is_none() {
            return Ok(None);
        }
        Ok(Some(Place { pincode: self.pincode.clone(), point }))
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SortBy {
    /// By name.
    Name,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDesc,
    /// The newest first.
    Newest,
    /// What fits best first.
    Relevance,
}

fn key_and_value(value: &str, (): &()) -> garde::Result {
    let fits = value.split_once(':').is_some_and(|(key, value)| !key.trim().is_empty() && !value.trim().is_empty());
    if fits && value.chars().count() <= 150 { Ok(()) } else { Err(garde::Error::new("must be like grade:OPC 53")) }
}

impl ListParams {
    /// The filter.
    pub(crate) fn filter(&self) -> Result<Filter, ApiError> {
        if self.min_price.zip(self.max_price).is_some_and(|(least, most)| least > most) {
            return Err(ApiError::invalid_field("max_price", "must not be less than min_price"));
        }
        // A null character is in no text, and Postgres refuses it.
        let clean = |text: &str| text.replace('\0', "");
        let term = |spec: &String| {
            let (key, value) = spec.split_once(':').unwrap_or_default();
            clean(&format!("{}={}", key.trim(), value.trim())).to_lowercase()
        };
        Ok(Filter {
            looking: self.q.as_deref().and_then(Looking::read),
            category: self.category_id,
            min_price: self.min_price,
            max_price: self.max_price,
            unit: self.unit,
            brand: self.brand.as_ref().map(|brand| clean(brand.trim()).to_lowercase()),
            specifications: self.spec.iter().map(term).collect(),
            vendor: None,
            near: None,
        })
    }

    /// The order.
    pub(crate) fn sort(&self) -> Sort {
        let searching = self.q.as_deref().is_some_and(|q| !q.trim().is_empty());
        match (self.sort, searching) {
            (Some(SortBy::Name), _) | (Some(SortBy::Relevance) | None, false) => Sort::Name,
            (Some(SortBy::Price), _) => Sort::PriceUp,
            (Some(SortBy::PriceDesc), _) => Sort::PriceDown,
            (Some(SortBy::Newest), _) => Sort::Newest,
            (Some(SortBy::Relevance) | None, true) => Sort::Relevance,
        }
    }
}

const fn name(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "name",
        Sort::PriceUp => "price",
        Sort::PriceDown => "price_desc",
        Sort::Newest => "newest",
        Sort::Relevance => "relevance",
    }
}

/// Reads the page; a cursor of another order, or one that was tampered with, is none of this list.
pub(crate) fn page(params: &PageParams, sort: Sort) -> Result<PageRequest<ListCursor>, ApiError> {
    let request: PageRequest<ListCursor> = params.request()?;
    let fits = request.after.as_ref().is_none_or(|cursor| {
        cursor.by == name(sort)
            && match sort {
                Sort::Name => !cursor.at.contains('\0'),
                Sort::PriceUp | Sort::PriceDown => cursor.at.parse::<Money>().is_ok(),
                Sort::Newest => cursor.at.parse::<Uuid>().is_ok(),
                Sort::Relevance => {
                    let parts = cursor.at.split_once(':');
                    parts.is_some_and(|(tier, place)| matches!(tier, "0" | "1" | "2") && place.parse::<i32>().is_ok())
                }
            }
            && cursor.words.as_ref().is_none_or(|words| Looking::from_compact(words).is_some())
    });
    if fits {
        Ok(request)
    } else {
        Err(ApiError::invalid_field("cursor", "not a cursor of this list; leave it out to begin at the start"))
    }
}

/// Longer words than these have no room in a cursor.
const MOST_WORDS_IN_CURSOR: usize = 120;

/// The cursor after a row.
pub(crate) fn cursor<T>(sort: Sort, row: &ListRow<T>, words: Option<&String>) -> ListCursor {
    let at = if sort == Sort::Newest { row.id.to_string() } else { row.at.clone() };
    let words = words.filter(|words| words.len() <= MOST_WORDS_IN_CURSOR).cloned();
    ListCursor { by: name(sort).to_owned(), at, id: row.id, words }
}

/// A vendor's own terms, on a vendor's list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct VendorTermsOut {
    /// Whose.
    pub vendor_id: VendorId,
    /// The offer.
    #[schema(value_type = Uuid)]
    pub inventory_id: domain::InventoryId,
    /// What one unit costs at this vendor; of labour, an hour.
    pub unit_price: Option<Money>,
    /// What a day of labour costs at this vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_rate: Option<Money>,
    /// Always INR.
    pub currency: &'static str,
    /// The least that is sold; of labour, hours.
    pub min_order_quantity: Option<Quantity>,
    /// Whether it can be ordered now.
    pub in_stock: bool,
}

impl VendorTermsOut {
    /// A vendor's terms.
    pub(crate) fn of(vendor_id: VendorId, terms: &TermsRow) -> Self {
        Self {
            vendor_id,
            inventory_id: terms.inventory_id,
            unit_price: terms.unit_price,
            daily_rate: terms.daily_price,
            currency: "INR",
            min_order_quantity: terms.min_order_quantity,
            in_stock: terms.in_stock,
        }
    }
}

/// A web address, of an image or icon.
pub(crate) fn web_address(value: &str, (): &()) -> garde::Result {
    if value.starts_with("https://") && value.len() <= 512 && !value.contains(char::is_whitespace) {
        Ok(())
    } else {
        Err(garde::Error::new("must be an https:// address of at most 512 characters"))
    }
}

/// A slug: small letters, digits and dashes between them.
pub(crate) fn slug_form(value: &str, (): &()) -> garde::Result {
    let parts_fit =
        value.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if parts_fit && value.len() <= 100 {
        Ok(())
    } else {
        Err(garde::Error::new("must be small letters and digits with dashes between, such as opc-53-grade"))
    }
}

/// Text that can be stored: not blank, no null character.
pub(crate) fn text(value: &str, (): &()) -> garde::Result {
    if value.trim().is_empty() || value.contains('\0') { Err(garde::Error::new("must say something")) } else { Ok(()) }
}
