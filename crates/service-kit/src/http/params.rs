//! Path and query parameters whose refusals are envelopes.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::fields;

/// The one identifier in a path. What is no identifier names nothing: 404.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let nothing = || ApiError::not_found("what this address names was");
        if parts.uri.path().contains("%00") {
            return Err(nothing());
        }
        Path::<T>::from_request_parts(parts, state).await.map(|Path(id)| Self(id)).map_err(|_| nothing())
    }
}

/// Several parameters in a path, as a tuple or struct.
#[derive(Debug)]
pub struct PathOf<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathOf<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        PathId::<T>::from_request_parts(parts, state).await.map(|PathId(value)| Self(value))
    }
}

/// Query parameters, validated; keys may be repeated for lists.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S, T> FromRequestParts<S> for Params<T>
where
    S: Send + Sync,
    T: DeserializeOwned + garde::Validate<Context = ()>,
{
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(fields::nul_refused());
        }
        let axum_extra::extract::Query(value) = axum_extra::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::invalid(vec![fields::from_query(&rejection.body_text())]))?;
        // A query string is flat, whatever the struct that reads it flattens.
        value.validate().map_err(|report| fields::from_flat_report(&report))?;
        Ok(Self(value))
    }
}
