//! Who is asking: the access token in a request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::{Map, Value};

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
        (Some(value), None) => signed_in(app, value.to_str().map_err(|_| malformed())?),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

/// The viewer of `Bearer` and an access token. `None` when there is no token: clients that build the header before anybody
/// has logged in send it empty, or `Bearer` alone.
///
/// # Errors
/// `UNAUTHENTICATED` when it is not that, or the token is not valid.
pub(super) fn signed_in(app: &App, authorization: &str) -> Result<Option<Viewer>, Rejected> {
    let mut words = authorization.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok(None),
        (Some(scheme), token, None) if scheme.eq_ignore_ascii_case("bearer") => {
            by_token(app, token.unwrap_or_default())
        }
        _ => Err(malformed()),
    }
}

/// The viewer of an access token; `None` when it is empty.
///
/// # Errors
/// `UNAUTHENTICATED` when it is not valid.
pub(super) fn by_token(app: &App, token: &str) -> Result<Option<Viewer>, Rejected> {
    if token.trim().is_empty() {
        return Ok(None);
    }
    sessions::authenticate(app, token).map(Some).map_err(|error| report::failed(&app.chance, &error))
}

/// The viewer of the payload of `connection_init`: `authorization` as in HTTP, or `accessToken` alone. `None` when neither
/// has a token.
///
/// # Errors
/// `UNAUTHENTICATED` when it is neither, or the token is not valid.
pub(super) fn of_payload(app: &App, payload: &Map<String, Value>) -> Result<Option<Viewer>, Rejected> {
    let read: [(_, Read); 3] = [("authorization", signed_in), ("Authorization", signed_in), ("accessToken", by_token)];
    for (name, read) in read {
        let Some(value) = payload.get(name).filter(|value| !value.is_null()) else { continue };
        if let Some(viewer) = read(app, value.as_str().ok_or_else(malformed)?)? {
            return Ok(Some(viewer));
        }
    }
    Ok(None)
}

/// How a text names a viewer.
type Read = fn(&App, &str) -> Result<Option<Viewer>, Rejected>;

fn malformed() -> Rejected {
    Rejected::new(Code::Unauthenticated, "Send one header `Authorization: Bearer` with an access token, or none.")
}
