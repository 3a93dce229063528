//! What the lists of materials and labour have in common: filters, orders, cursors.

use domain::{CategoryId, Money, Quantity, Unit, VendorId};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{PageParams, PageRequest};
use uuid::Uuid;

use crate::store::offers::TermsRow;
use crate::store::search::{Filter, Sort};
use crate::usecases::browse::ListCursor;

/// What a list is narrowed down to, and its order.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Words to look for; each has to be in the name, code, brand or description, or something much like it.
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
    /// In which order; by relevance when something is looked for, by name otherwise.
    #[garde(skip)]
    pub sort: Option<SortBy>,
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

/// More words than anybody looks for.
const MOST_WORDS: usize = 8;

impl ListParams {
    /// The filter.
    pub(crate) fn filter(&self) -> Result<Filter, ApiError> {
        if self.min_price.zip(self.max_price).is_some_and(|(least, most)| least > most) {
            return Err(ApiError::invalid_field("max_price", "must not be less than min_price"));
        }
        let words = self.q.as_deref().unwrap_or_default().to_lowercase();
        // A null character is in no text, and Postgres refuses it.
        let words = words.split(|c: char| c.is_whitespace() || c == '\0').filter(|word| !word.is_empty());
        Ok(Filter {
            words: words.take(MOST_WORDS).map(str::to_owned).collect(),
            category: self.category_id,
            min_price: self.min_price,
            max_price: self.max_price,
            unit: self.unit,
            brand: self.brand.as_ref().map(|brand| brand.replace('\0', "")),
            vendor: None,
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
                Sort::Relevance => cursor.at.parse::<i32>().is_ok(),
            }
    });
    if fits {
        Ok(request)
    } else {
        Err(ApiError::invalid_field("cursor", "not a cursor of this list; leave it out to begin at the start"))
    }
}

/// The cursor after a row.
pub(crate) fn cursor(sort: Sort, value: &str, id: Uuid) -> ListCursor {
    ListCursor { by: name(sort).to_owned(), at: value.to_owned(), id }
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
