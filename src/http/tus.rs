//! tus 1.0: the bytes of a photo over networks that break. `HEAD` tells how much arrived, `PATCH` goes on from there.
//!
//! An upload is made with `createUpload`, which gives its address; so there is no creation by HTTP. Of the extensions there
//! are `expiration` and `termination`. What is sent is checked as a whole against the SHA-256 that was announced.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete};

use super::Edge;
use super::problem;
use super::upload::{closing, header, pieces, refused};
use crate::base::error::{Error, Kind, RefusalCode, Result};
use crate::base::ids::UploadId;
use crate::domain::uploads::{self, Appended, Progress};

const VERSION: &str = "1.0.0";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const MOST: HeaderName = HeaderName::from_static("tus-max-size");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// With which some clients say `PATCH` or `DELETE` where only `POST` gets through.
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// The headers of tus that a page of another origin may read.
pub(super) const EXPOSED: [HeaderName; 7] = [RESUMABLE, VERSIONS, EXTENSIONS, MOST, OFFSET, LENGTH, EXPIRES];

/// Where an upload is: its id and its secret.
type Address = Path<(String, String)>;

pub(super) fn methods() -> MethodRouter<Arc<Edge>> {
    delete(answer).head(answer).patch(answer).post(answer)
}

/// What the server can do, for those who ask with `OPTIONS`. A browser that asks for leave is answered by CORS instead.
pub(super) async fn describe(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let is_preflight = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() != Method::OPTIONS || is_preflight || !request.uri().path().starts_with("/uploads/") {
        return next.run(request).await;
    }
    let most = edge.app.config.uploads.photo_bytes.to_string();
    let said = [(VERSIONS, VERSION), (EXTENSIONS, "expiration,termination"), (MOST, most.as_str())];
    with(StatusCode::NO_CONTENT.into_response(), said)
}

async fn answer(
    State(edge): State<Arc<Edge>>,
    Path((upload, secret)): Address,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if header(&headers, &RESUMABLE) != Some(VERSION) {
        let message = "This server speaks tus 1.0.0: send `Tus-Resumable: 1.0.0`.";
        let response = problem::plain(StatusCode::PRECONDITION_FAILED, "BAD_USER_INPUT", message);
        return with(closing(response), [(VERSIONS, VERSION)]);
    }
    let Ok(upload) = upload.parse::<UploadId>() else {
        return with(closing(refused(&edge, &Error::not_found("upload"))), []);
    };
    let meant = header(&headers, &OVERRIDE).filter(|_| method == Method::POST).unwrap_or(method.as_str());
    let response = match meant {
        "HEAD" => look(&edge, upload, &secret).await,
        "PATCH" => append(&edge, (upload, &secret), &headers, body).await,
        "DELETE" => end(&edge, upload, &secret).await,
        _ => closing(problem::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "BAD_USER_INPUT",
            "An upload is made with `createUpload`.",
        )),
    };
    with(response, [])
}

async fn look(edge: &Edge, upload: UploadId, secret: &str) -> Response {
    match uploads::progress(&edge.app, upload, secret).await {
        Ok(progress) => told(StatusCode::OK, progress),
        Err(error) => failed(edge, &error),
    }
}

async fn append(edge: &Edge, (upload, secret): (UploadId, &str), headers: &HeaderMap, body: Body) -> Response {
    if header(headers, &CONTENT_TYPE) != Some("application/offset+octet-stream") {
        let message = "The bytes come with `Content-Type: application/offset+octet-stream`.";
        return closing(problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA", message));
    }
    let number = |name: &HeaderName| header(headers, name).and_then(|text| text.parse::<u64>().ok());
    let Some(offset) = number(&OFFSET) else {
        let message = "Say where the bytes begin: send `Upload-Offset`.";
        return closing(problem::plain(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message));
    };
    // More than there is place for is refused before it is read.
    let comes = number(&CONTENT_LENGTH).unwrap_or(0);
    match uploads::progress(&edge.app, upload, secret).await {
        Ok(progress) if progress.offset == offset && comes > progress.length - offset => return too_large(progress),
        Ok(_) => {}
        Err(error) => return closing(failed(edge, &error)),
    }
    match keep(edge, (upload, secret), offset, body).await {
        Ok(Appended::Here(progress)) => told(StatusCode::NO_CONTENT, progress),
        Ok(Appended::Elsewhere(progress)) => {
            let message = format!("The upload goes on at byte {}.", progress.offset);
            let response = problem::plain(StatusCode::CONFLICT, "INVALID", &message);
            closing(with(response, [(OFFSET, progress.offset.to_string().as_str())]))
        }
        Err(error) => closing(failed(edge, &error)),
    }
}

/// Goes on by itself: when the connection breaks nobody waits for the answer any more, and what came is kept all the same.
async fn keep(edge: &Edge, (upload, secret): (UploadId, &str), offset: u64, body: Body) -> Result<Appended> {
    let (app, secret) = (edge.app.clone(), secret.to_owned());
    let bytes = Box::pin(pieces(edge, body, Arc::new(AtomicBool::new(false))));
    let work = async move { uploads::append(&app, (upload, &secret), offset, bytes).await };
    tokio::spawn(work).await.map_err(Error::internal)?
}

/// What is over is gone; what is being processed or used is in the way.
async fn end(edge: &Edge, upload: UploadId, secret: &str) -> Response {
    if let Err(error) = uploads::progress(&edge.app, upload, secret).await {
        return failed(edge, &error);
    }
    match uploads::end(&edge.app, upload, secret).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(edge, &error),
    }
}

fn told(status: StatusCode, progress: Progress) -> Response {
    let (offset, length) = (progress.offset.to_string(), progress.length.to_string());
    let expires = progress.expires_at.http_date();
    with(status.into_response(), [(OFFSET, &offset), (LENGTH, &length), (EXPIRES, &expires)])
}

fn too_large(progress: Progress) -> Response {
    let message = format!("{} bytes were announced, and more are sent.", progress.length);
    closing(problem::plain(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", &message))
}

/// What is over is gone, as tus says it.
fn failed(edge: &Edge, error: &Error) -> Response {
    match &error.kind {
        Kind::Refused(refusal) if refusal.code == RefusalCode::UploadUnusable => {
            problem::plain(StatusCode::GONE, "UPLOAD_UNUSABLE", error.message())
        }
        _ => refused(edge, error),
    }
}

/// The answer in the words of tus.
fn with<const N: usize>(mut response: Response, said: [(HeaderName, &str); N]) -> Response {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in said {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
