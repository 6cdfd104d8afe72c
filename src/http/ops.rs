//! Whether the server is well: `/livez` for those who restart it, `/readyz` for those who send it requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

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

async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    let is_draining = edge.app.drain.has_begun();
    let has_database = has_database(&edge).await;
    let is_ready = has_database && !is_draining;
    let parts = json!({ "database": word(has_database, "ok", "gone"), "draining": is_draining });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": is_ready, "parts": parts }).to_string();
    (status, [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], body).into_response()
}

async fn has_database(edge: &Edge) -> bool {
    let detail = match tokio::time::timeout(PING, edge.app.db.ping()).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => error.detail(),
        Err(_) => "it takes too long".to_owned(),
    };
    tracing::warn!(%detail, "the database does not answer");
    false
}

fn word(is_so: bool, yes: &'static str, no: &'static str) -> &'static str {
    if is_so { yes } else { no }
}
