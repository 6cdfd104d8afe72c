//! The bytes of a photo on their way in: `PUT` to the address that `createUpload` gave, which holds a secret.
//!
//! They are passed on as they come and never kept whole. A sender that is silent, or slow over all, loses the connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::Edge;
use super::problem::{self, Problem};
use super::tus;
use crate::base::error::{Error, Kind, RefusalCode};
use crate::base::ids::UploadId;
use crate::domain::uploads::{self, Arriving};
use crate::graphql::report;

/// How long a sender may be silent.
const SILENCE: Duration = Duration::from_secs(30);

pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/uploads/{upload}/{secret}", put(receive).merge(tus::methods()))
}

async fn receive(
    State(edge): State<Arc<Edge>>,
    Path((upload, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(upload) = upload.parse::<UploadId>() else { return closing(refused(&edge, &Error::not_found("upload"))) };
    let Some(length) = header(&headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok()) else {
        let message = "Say how long the photo is: send `Content-Length`.";
        return closing(problem::plain(StatusCode::LENGTH_REQUIRED, "INVALID", message));
    };
    let is_broken = Arc::new(AtomicBool::new(false));
    let bytes = Box::pin(pieces(&edge, body, is_broken.clone()));
    let app = edge.app.clone();
    // By itself: when the connection breaks nobody waits for the answer any more, and the transfer ends all the same.
    let received = tokio::spawn(async move {
        let arriving = Arriving { content_type: header(&headers, &CONTENT_TYPE), content_length: Some(length) };
        uploads::receive(&app, upload, &secret, arriving, bytes).await
    });
    match received.await.unwrap_or_else(|error| Err(Error::internal(error))) {
        Ok(()) => (StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response(),
        Err(_) if is_broken.load(Ordering::Relaxed) => closing(broken_off()),
        Err(error) => closing(refused(&edge, &error)),
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body piece by piece. It remembers when the sender broke off or was too slow, which is no fault of ours.
pub(super) fn pieces(
    edge: &Edge,
    body: Body,
    is_broken: Arc<AtomicBool>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let clock = edge.app.clock.clone();
    let deadline = clock.now().after(Duration::from_secs(edge.app.config.uploads.transfer_seconds));
    let broken = move |error: io::Error| {
        is_broken.store(true, Ordering::Relaxed);
        Err(error)
    };
    stream::unfold((body.into_data_stream(), clock, broken), move |(mut body, clock, broken)| async move {
        let piece = match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(None) => return None,
            // Looked at with each piece: a sender is silent for a bounded time.
            Ok(Some(Ok(_))) if clock.now() > deadline => broken(io::ErrorKind::TimedOut.into()),
            Ok(Some(Ok(piece))) => Ok(piece),
            Ok(Some(Err(error))) => broken(io::Error::other(error)),
            Err(_) => broken(io::ErrorKind::TimedOut.into()),
        };
        Some((piece, (body, clock, broken)))
    })
}

fn broken_off() -> Response {
    let message = "The photo did not arrive whole. Send it again.";
    problem::plain(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", message)
}

pub(super) fn refused(edge: &Edge, error: &Error) -> Response {
    let Kind::Refused(refusal) = &error.kind else {
        return Problem::from(report::failed(&edge.app.chance, error)).into_response();
    };
    let (status, code) = face(refusal.code);
    problem::plain(status, code, error.message())
}

/// The status of a refusal, and its code as the schema writes it.
fn face(code: RefusalCode) -> (StatusCode, &'static str) {
    match code {
        RefusalCode::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        RefusalCode::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
        RefusalCode::UnsupportedMedia => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA"),
        RefusalCode::ActionLimited => (StatusCode::LOCKED, "ACTION_LIMITED"),
        RefusalCode::UploadUnusable => (StatusCode::CONFLICT, "UPLOAD_UNUSABLE"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "INVALID"),
    }
}

/// What is left of the body is not read, so the connection cannot be used again.
pub(super) fn closing(response: Response) -> Response {
    ([(CONNECTION, "close")], response).into_response()
}
