//! The edge to the network: GraphQL over HTTP, WebSocket and responses that stay open, uploads, images, health and the playground.
//!
//! Any web page may call this API: there are no cookies, only bearer tokens, so a page can do what its own user's token
//! allows and nothing else. That is why every origin is let in, without credentials.

pub mod admin;
mod bearer;
mod byte_budget;
mod connection_table;
mod connections;
mod filters;
mod graphql;
mod images;
mod media_type;
mod ops;
mod patient;
mod playground;
mod problem;
mod proxies;
mod proxy_protocol;
mod range;
mod server;
mod socket;
mod stream;
mod tus;
mod upload;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowHeaders, Any as AnyOrigin, CorsLayer};

use self::byte_budget::ByteBudget;
use self::connection_table::ConnectionTable;
use self::connections::Connections;
use self::media_type::JSON;
use self::problem::Problem;
use self::server::Served;
use crate::app::App;
use crate::base::chance::Chance;
use crate::base::error::Error;
use crate::graphql::Schema;
use crate::graphql::execute::Operations;
use crate::graphql::report::{self, Rejected};

/// How long requests may go on after the server was told to stop, beyond what an operation may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long browsers keep what CORS allows.
const CORS_KEPT: Duration = Duration::from_hours(24);
/// Bytes from which packing is worth its time.
const WORTH_PACKING: u64 = 1024;

/// What every request can reach.
pub(crate) struct Edge {
    app: Arc<App>,
    operations: Arc<Operations>,
    connections: Connections,
    bytes: ByteBudget,
    watch: socket::Watch,
    /// The open sockets and responses.
    open: TaskTracker,
}

impl Edge {
    fn new(app: Arc<App>, extended: Option<Schema>) -> Arc<Self> {
        let operations = Arc::new(Operations::new(&app, extended));
        let connections = Connections::new(&app.config);
        let bytes = ByteBudget::new(app.config.http.buffer_bytes);
        let watch = socket::Watch::new(&app.config);
        Arc::new(Self { app, operations, connections, bytes, watch, open: TaskTracker::new() })
    }

    /// A bug, logged.
    fn broken(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Rejected {
        report::failed(&self.app.chance, &Error::internal(error))
    }
}

/// Serves until it is told to stop, then finishes what has begun: requests get their answers; live streams are told to
/// come again, one after the other, and sockets close with 1001. Until then it still answers, if only that it stops.
pub fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) -> BoxFuture<'static, ()> {
    // In a box it is compiled here once, and not again with every program that awaits it.
    answer(Edge::new(app, None), listener, stop).boxed()
}

/// The same with a schema over the app to which the caller added an extension.
pub fn serve_schema(
    (app, schema): (Arc<App>, Schema),
    listener: TcpListener,
    stop: CancellationToken,
) -> BoxFuture<'static, ()> {
    answer(Edge::new(app, Some(schema)), listener, stop).boxed()
}

async fn answer(edge: Arc<Edge>, listener: TcpListener, stop: CancellationToken) {
    let patience = edge.app.drain.window() + edge.app.config.timeout() + PATIENCE;
    let http = &edge.app.config.http;
    let table = ConnectionTable::new(http.most_connections(), http.connections_per_address);
    let served = Served::new(router(&edge), table, &edge.app.config);
    let server = server::serve(listener, served, drained(edge.clone(), stop.clone()));
    let watching = edge.watch.watches();
    let impatience = async {
        stop.cancelled().await;
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        () = server => {}
        () = impatience => {}
        () = watching => {}
    }
    let _ = tokio::time::timeout(PATIENCE, edge.open.wait()).await;
}

/// Comes back when the server was told to stop and nobody listens any more.
async fn drained(edge: Arc<Edge>, stop: CancellationToken) {
    stop.cancelled().await;
    edge.app.drain.begin();
    edge.open.close();
    let _ = tokio::time::timeout(edge.app.drain.window() + PATIENCE, edge.open.wait()).await;
}

/// A process that is no API says only whether it is well.
fn router(edge: &Arc<Edge>) -> Router {
    if !edge.app.config.server.role.api {
        return ops::routes().fallback(nothing_here).with_state(edge.clone());
    }
    let mut pages = graphql::routes();
    if edge.app.config.playground.enabled {
        pages = pages.merge(playground_routes(&edge.app));
    }
    let packed = pages.layer(packing());
    let all = packed
        .merge(upload::routes())
        .merge(images::routes())
        .merge(filters::routes())
        .merge(ops::routes())
        .fallback(nothing_here);
    let chance = edge.app.chance.clone();
    let contained = CatchPanicLayer::custom(move |panic: Box<dyn Any + Send>| panicked(&chance, panic.as_ref()));
    let described = from_fn_with_state(edge.clone(), tus::describe);
    all.layer(contained).layer(cors()).layer(described).with_state(edge.clone())
}

fn playground_routes(app: &App) -> Router<Arc<Edge>> {
    playground::routes(app.blobs.origin(), app.config.images.url.as_deref())
        .route("/", get(async || Redirect::temporary("/playground")))
        .route("/playground/people.json", get(people))
}

/// The seeded people, whom the playground can sign in as.
async fn people(State(edge): State<Arc<Edge>>) -> Response {
    let people = Value::Array(crate::seed::people(&edge.app).await);
    ([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], people.to_string()).into_response()
}

async fn nothing_here() -> Response {
    problem::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address. GraphQL is at /graphql.")
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        // A `*` here would not cover `Authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([ALLOW, RETRY_AFTER, WWW_AUTHENTICATE].into_iter().chain(tus::EXPOSED).collect::<Vec<_>>())
        .max_age(CORS_KEPT)
}

fn packing() -> CompressionLayer<impl Predicate> {
    // What is packed is gathered first, and events are not to wait. The default knows that of `text/event-stream`.
    let worth = DefaultPredicate::new().and(NotForContentType::const_new("multipart/mixed"));
    let worth = worth.and(SizeAbove::new(WORTH_PACKING));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth)
}

fn panicked(chance: &Chance, panic: &(dyn Any + Send)) -> Response {
    Problem::from(report::panicked(chance, panic)).into_response()
}
