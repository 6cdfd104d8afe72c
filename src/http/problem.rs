//! A request that is answered with nothing but an error: its status, its code and its sentence.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::media_type::{GRAPHQL, JSON};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// A GraphQL request that was not executed.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    headers: Vec<(HeaderName, &'static str)>,
    rejected: Rejected,
}

impl Problem {
    /// A problem of HTTP, which needs a status of its own.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::METHOD_NOT_ALLOWED => Code::OperationResolutionFailure,
            StatusCode::REQUEST_TIMEOUT => Code::Timeout,
            _ => Code::BadUserInput,
        };
        Self { status, headers: Vec::new(), rejected: Rejected::new(code, message) }
    }

    /// The same with a header.
    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        let problem = Self { status: status(rejected.code), headers: Vec::new(), rejected };
        match problem.status {
            StatusCode::UNAUTHORIZED => problem.with(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            _ => problem,
        }
    }
}

/// The status of a request that was not executed: the table of GraphQL over HTTP.
fn status(code: Code) -> StatusCode {
    match code {
        Code::ParseFailed => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Timeout | Code::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::BadUserInput
        | Code::ValidationFailed
        | Code::OperationResolutionFailure
        | Code::PersistedQueryNotSupported
        | Code::TooDeep
        | Code::TooExpensive
        | Code::TooManyAliases
        | Code::BatchNotAllowed => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "errors": self.rejected.errors });
        let headers = [(CONTENT_TYPE, GRAPHQL), (CACHE_CONTROL, "no-store")];
        let mut response = (self.status, headers, Body::from(body.to_string())).into_response();
        response
            .headers_mut()
            .extend(self.headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}

/// An error at an address that is not GraphQL's, in the same form.
pub(super) fn plain(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    (status, [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], Body::from(body.to_string())).into_response()
}
