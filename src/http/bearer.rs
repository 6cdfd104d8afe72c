//! Who is asking: the access token in a request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::app::App;
use crate::base::error::Code;
use crate::domain::sessions::{self, Viewer};
use crate::graphql::report::{self, Rejected};

/// The viewer of a request; `None` when it came without a token.
///
/// # Errors
/// `UNAUTHENTICATED` when the token is not valid, or something other than one token came.
pub(super) fn viewer(app: &App, headers: &HeaderMap) -> Result<Option<Viewer>, Rejected> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => signed_in(app, value.to_str().unwrap_or_default()).map(Some),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

/// The viewer of `Bearer` and an access token.
///
/// # Errors
/// `UNAUTHENTICATED` when it is not that, or the token is not valid.
pub(super) fn signed_in(app: &App, authorization: &str) -> Result<Viewer, Rejected> {
    let (scheme, token) = authorization.trim().split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    by_token(app, token.trim())
}

/// The viewer of an access token.
///
/// # Errors
/// `UNAUTHENTICATED` when it is not valid.
pub(super) fn by_token(app: &App, token: &str) -> Result<Viewer, Rejected> {
    sessions::authenticate(app, token).map_err(|error| report::failed(&app.chance, &error))
}

fn malformed() -> Rejected {
    Rejected::new(Code::Unauthenticated, "Send one header `Authorization: Bearer` with an access token, or none.")
}
