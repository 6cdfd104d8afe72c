//! What an operator's own machines ask: the numbers that the program counts of itself. On an address of its own, because
//! it is nobody else's business.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connection_table::ConnectionTable;
use super::proxies::Proxies;
use super::server::Served;
use crate::app::App;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Connections at once: those of a few machines that watch this one.
const CONNECTIONS: usize = 64;

/// Answers until it is told to stop.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) {
    let router = Router::new().route("/metrics", get(metrics)).with_state(app.clone());
    let served = Served::new(router, ConnectionTable::new(CONNECTIONS, CONNECTIONS), &app.config);
    // Who reads the numbers comes by itself, also from the network of the proxies.
    let served = Served { proxies: Proxies::none(), ..served };
    super::server::serve(listener, served, stop.cancelled_owned()).await;
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-store")], app.metrics.text()).into_response()
}
