//! Whether the server is well: `/livez` for those who restart it, `/readyz` for those who send it requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::timeout;

use super::Edge;
use super::media_type::JSON;

/// How long the database may take to answer before it counts as gone.
const PING: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/livez", get(alive)).route("/readyz", get(ready)).route("/healthz", get(ready))
}

/// Answers as long as the program runs at all. A broken database is no reason to restart it.
async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], "ok").into_response()
}

/// A server is ready while any of its databases is there: what needs another one is answered with an error at once, and
/// to send everybody away from all servers would help nobody.
async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    let is_draining = edge.app.drain.has_begun();
    let database = databases(&edge).await;
    let is_ready = database != "gone" && !is_draining;
    let parts = json!({ "database": database, "draining": is_draining });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": is_ready, "parts": parts }).to_string();
    (status, [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], body).into_response()
}

async fn databases(edge: &Edge) -> &'static str {
    let all = edge.app.db.databases().len();
    let (mut answering, mut last) = (0, String::new());
    for answer in join_all(edge.app.db.databases().iter().map(|database| timeout(PING, database.ping()))).await {
        match answer {
            Ok(Ok(())) => answering += 1,
            Ok(Err(error)) => last = error.detail(),
            Err(_) => "it takes too long".clone_into(&mut last),
        }
    }
    if answering < all {
        tracing::warn!(detail = %last, answering, all, "not every database answers");
    }
    match answering {
        0 => "gone",
        some if some < all => "partly gone",
        _ => "ok",
    }
}
