//! The shapes of an answer: `{data}` and `{data, page: {next_cursor, limit}}`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::ErrorEnvelope;

/// One thing. Status 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Data<T> {
    /// The thing.
    pub data: T,
}

impl<T> Data<T> {
    /// Wraps it.
    pub const fn new(data: T) -> Self {
        Self { data }
    }
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

/// One thing that was made. Status 201.
#[derive(Debug)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, axum::Json(Data::new(self.0))).into_response()
    }
}

/// One thing that will be done. Status 202.
#[derive(Debug)]
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, axum::Json(Data::new(self.0))).into_response()
    }
}

/// Nothing to say. Status 204.
#[derive(Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Some of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// These.
    pub data: Vec<T>,
    /// Where they stand among the others.
    pub page: PageInfo,
}

/// Where a page stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PageInfo {
    /// Give this as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// How many were asked for at most.
    pub limit: u16,
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

/// The refusals any operation may answer, for its description.
#[derive(Debug)]
pub struct Problems;

impl utoipa::IntoResponses for Problems {
    fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>> {
        const WHAT: &[(&str, &str)] = &[
            ("400", "The request cannot be read"),
            ("401", "No token, or one that does not count"),
            ("403", "Not allowed"),
            ("404", "Not there, or not for this caller to know of"),
            ("409", "Not in the state that this needs"),
            ("413", "Too large"),
            ("415", "Not the content type that is expected"),
            ("422", "Readable and not acceptable"),
            ("429", "Too many requests"),
            ("500", "A fault of ours"),
            ("503", "Something we need is not there at the moment"),
            ("504", "It took too long"),
        ];
        WHAT.iter()
            .map(|(status, description)| {
                let schema = utoipa::openapi::Ref::from_schema_name("ErrorEnvelope");
                let content = utoipa::openapi::ContentBuilder::new().schema(Some(schema)).build();
                let response = utoipa::openapi::ResponseBuilder::new()
                    .description(*description)
                    .content("application/json", content)
                    .build();
                ((*status).to_owned(), utoipa::openapi::RefOr::T(response))
            })
            .collect()
    }
}

/// The schemas that [`Problems`] refers to; the document needs them once.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ErrorEnvelope, super::error::ErrorBody, super::error::FieldError)))]
pub(crate) struct ProblemSchemas;
