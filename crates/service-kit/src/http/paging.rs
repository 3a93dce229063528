//! Cursor pages: stable under inserts, opaque to callers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::envelope::{Page, PageInfo};
use super::error::ApiError;

const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;

/// `?cursor=…&limit=…`, to be flattened into a list's parameters.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[serde(default, deserialize_with = "number_or_digits")]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
}

/// A query string's values are text, and flattening hands them on as such, without their names.
fn number_or_digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Limit {
        Number(u16),
        Text(String),
        Nothing(()),
    }
    let refuse = || serde::de::Error::custom(format!("limit: must be a whole number from 1 to {MAX_LIMIT}"));
    match Limit::deserialize(deserializer).map_err(|_: D::Error| refuse())? {
        Limit::Number(number) => Ok(Some(number)),
        Limit::Text(text) if text.is_empty() => Ok(None),
        Limit::Text(text) => text.parse().map(Some).map_err(|_| refuse()),
        Limit::Nothing(()) => Ok(None),
    }
}

/// Where the last row of a page stands in the order of the list. Opaque to callers, plain to us.
pub trait Cursor: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> Cursor for T {}

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest<C> {
    /// Begin after this.
    pub after: Option<C>,
    /// At most so many.
    pub limit: u16,
}

impl PageParams {
    /// Reads the cursor.
    ///
    /// # Errors
    /// 422 when the cursor is none of ours.
    pub fn request<C: Cursor>(&self) -> Result<PageRequest<C>, ApiError> {
        let after = self.cursor.as_deref().map(decode).transpose()?;
        Ok(PageRequest { after, limit: self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT) })
    }
}

fn decode<C: Cursor>(cursor: &str) -> Result<C, ApiError> {
    let refuse = || ApiError::invalid_field("cursor", "not a cursor of this list; leave it out to begin at the start");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refuse())?;
    serde_json::from_slice(&bytes).map_err(|_| refuse())
}

impl<C: Cursor> PageRequest<C> {
    /// How many rows to fetch: one more than asked, to know whether there is a next page.
    #[must_use]
    pub const fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Makes the page of the rows fetched; `cursor_of` says where a row stands, `out` how it is spoken.
    pub fn page<R, T>(&self, mut rows: Vec<R>, cursor_of: impl Fn(&R) -> C, out: impl Fn(R) -> T) -> Page<T> {
        let more = rows.len() > usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        let next_cursor = if more { rows.last().and_then(|row| encode(&cursor_of(row))) } else { None };
        Page { data: rows.into_iter().map(out).collect(), page: PageInfo { next_cursor, limit: self.limit } }
    }
}

fn encode(cursor: &impl Cursor) -> Option<String> {
    serde_json::to_vec(cursor).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_where_the_next_begins_and_the_last_tells_nothing() {
        let params = PageParams { cursor: None, limit: Some(2) };
        let request = params.request::<u32>().unwrap();
        assert_eq!(request.fetch(), 3);
        let page = request.page(vec![1, 2, 3], |n| *n, |n| n);
        assert_eq!(page.data, [1, 2]);
        let next = PageParams { cursor: page.page.next_cursor, limit: Some(2) }.request::<u32>().unwrap();
        assert_eq!(next.after, Some(2));
        assert_eq!(next.page(vec![3], |n| *n, |n| n).page.next_cursor, None);
    }

    #[test]
    fn a_cursor_of_somebody_elses_is_refused() {
        let params = PageParams { cursor: Some("nonsense".into()), limit: None };
        assert_eq!(params.request::<u32>().unwrap_err().status().as_u16(), 422);
    }
}
