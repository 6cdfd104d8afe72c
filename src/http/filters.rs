//! The tables of photo filters, and examples. What an address shows never changes: its name is the SHA-256 of the table.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::Edge;
use super::problem::{self, Problem};
use crate::base::client_address::ClientAddress;
use crate::base::error::Result;
use crate::domain::filters;
use crate::graphql::report;

pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/filters/{file}", get(file))
}

async fn file(
    State(edge): State<Arc<Edge>>,
    Extension(client): Extension<ClientAddress>,
    Path(file): Path<String>,
) -> Response {
    match find(&edge, &file, client).await {
        Ok(Some((media_type, bytes))) => (described(&file), [(CONTENT_TYPE, media_type)], bytes).into_response(),
        Ok(None) => problem::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such filter."),
        Err(error) => Problem::from(report::failed(&edge.app.chance, &error)).into_response(),
    }
}

async fn find(edge: &Edge, file: &str, client: ClientAddress) -> Result<Option<(&'static str, Vec<u8>)>> {
    let Some((sha256, ending)) = file.split_once('.') else { return Ok(None) };
    Ok(match ending {
        "png" => filters::table(&edge.app, sha256).await?.map(|table| ("image/png", table.png.clone())),
        "jpg" => filters::preview(&edge.app, sha256, client).await?.map(|picture| ("image/jpeg", picture)),
        _ => None,
    })
}

fn described(file: &str) -> [(HeaderName, String); 5] {
    [
        (ETAG, format!("\"{file}\"")),
        (CACHE_CONTROL, "public, max-age=31536000, immutable".into()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'".into()),
        // Pages of other origins may use it, also those that are isolated from others.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".into()),
    ]
}
