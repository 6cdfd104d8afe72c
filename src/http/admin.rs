//! What an operator's own machines ask: the numbers that the program counts of itself. On an address of its own, because
//! it is nobody else's business.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers until it is told to stop.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) {
    let idle = Duration::from_secs(app.config.http.idle_seconds);
    let router = Router::new().route("/metrics", get(metrics)).with_state(app);
    super::server::serve(listener, router, idle, stop.cancelled_owned()).await;
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-store")], app.metrics.text()).into_response()
}
