//! The photos of published media, in all sizes and formats. Whoever has a link may see the picture, until the link ends
//! if it does. What was never asked for before is made then; in place of an AVIF, which takes seconds, another format is
//! served until it is there.
//!
//! What a link shows never changes, so it can be kept for as long as the link works. Nothing but a link that this server
//! gave reaches the store: each part of it is checked before it becomes part of a path.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Edge;
use super::problem::{self, Problem};
use super::range::{Wanted, wanted};
use crate::base::client_address::ClientAddress;
use crate::base::clock::Timestamp;
use crate::base::error::{Code, Error, Result};
use crate::base::ids::UploadId;
use crate::domain::media::{self, Followed};
use crate::domain::uploads::{ImageFile, file_name};
use crate::graphql::report;
use crate::platform::blobs::Part;
use crate::platform::imaging::Output;
use crate::platform::links::Worth;

/// 16 bytes in base58 have at most so many letters.
const KEY_LENGTH: usize = 22;
/// Seconds after which a client may ask again while the store is away.
const PAUSE: &str = "5";
/// Seconds for which a picture may be kept whose link does not end.
const YEAR: u64 = 31_536_000;
/// Seconds for which caches that many share may keep one: its link may be renewed, and browsers' copies are their owners'.
const SHARED_LIFE: u64 = 3600;
/// Seconds for which a picture may be kept that stands in for another: by then that one is made, unless many are.
const STAND_IN_LIFE: u64 = 60;

pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/images/{key}/{seal}/{file}", get(image))
}

/// A picture in the store, and how its answers may be kept.
struct Picture {
    file: ImageFile,
    blob: String,
    tag: String,
    validity: Worth,
    /// It is shown in place of one that is being made.
    is_stand_in: bool,
}

/// What a client wants of a picture.
struct Wish {
    method: Method,
    headers: HeaderMap,
    client: ClientAddress,
    now: Timestamp,
}

async fn image(
    State(edge): State<Arc<Edge>>,
    Path((key, seal, file)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let Some(named) = named(&key, &file) else { return missing() };
    let wish = Wish::of(&edge, &request);
    let validity = edge.app.links.worth((&key, &file), &seal, request.uri().query(), wish.now);
    match validity {
        Worth::Nothing => return missing(),
        Worth::Expired => return expired(),
        Worth::Lasting | Worth::Until(_) => {}
    }
    match follow(&edge, named, validity, &wish).await {
        Ok(response) => response.unwrap_or_else(missing),
        Err(error) => failed(&edge, &error),
    }
}

/// Shows what a link leads to, if it still leads somewhere.
async fn follow(edge: &Edge, named: ImageFile, validity: Worth, wish: &Wish) -> Result<Option<Response>> {
    let link = Followed { key: &named.key, is_lasting: validity == Worth::Lasting };
    let Some(files) = media::files_behind(&edge.app, link).await? else { return Ok(None) };
    let tag = format!("\"{}-{}\"", named.key, file_name(named.size, named.output));
    let file = ImageFile { key: files, ..named };
    let picture = Picture { tag, blob: file.blob(), file, validity, is_stand_in: false };
    show_or_make(edge, &picture, wish).await
}

impl Wish {
    fn of(edge: &Edge, request: &Request) -> Self {
        let client = request.extensions().get().copied().unwrap_or(ClientAddress::SERVER);
        let (method, headers) = (request.method().clone(), request.headers().clone());
        Self { method, headers, client, now: edge.app.clock.now() }
    }
}

/// What is not there may be made; what still is not there then belongs to no photo.
async fn show_or_make(edge: &Edge, picture: &Picture, wish: &Wish) -> Result<Option<Response>> {
    let shown = show(edge, picture, wish).await?;
    if shown.is_some() {
        return Ok(shown);
    }
    if picture.file.output == Output::Avif {
        media::make_image_later(&edge.app, &picture.file, wish.client);
        return stand_in(edge, picture, wish).await;
    }
    make(edge, picture, wish).await
}

async fn make(edge: &Edge, picture: &Picture, wish: &Wish) -> Result<Option<Response>> {
    match media::make_image(&edge.app, &picture.file, wish.client).await? {
        true => show(edge, picture, wish).await,
        false => Ok(None),
    }
}

/// The same picture in a format that is there or soon made, while the one that was asked for takes its time.
async fn stand_in(edge: &Edge, picture: &Picture, wish: &Wish) -> Result<Option<Response>> {
    let webp = show(edge, &picture.in_place_of(Output::WebP), wish).await?;
    if webp.is_some() {
        return Ok(webp);
    }
    let jpeg = picture.in_place_of(Output::Jpeg);
    let shown = show(edge, &jpeg, wish).await?;
    if shown.is_some() { Ok(shown) } else { make(edge, &jpeg, wish).await }
}

/// `None` when the store does not have it.
async fn show(edge: &Edge, picture: &Picture, wish: &Wish) -> Result<Option<Response>> {
    let given = |name: &HeaderName| wish.headers.get(name).and_then(|value| value.to_str().ok());
    let is_known = given(&IF_NONE_MATCH).is_some_and(|tags| is_among(&picture.tag, tags));
    let range = given(&RANGE).filter(|_| given(&IF_RANGE).is_none_or(|tag| tag == picture.tag));
    // The next part that is asked for may be one of another file.
    let range = range.filter(|_| !picture.is_stand_in);
    if !is_known && range.is_none() && wish.method == Method::GET {
        return whole(edge, picture, wish).await;
    }
    let Some(kept) = edge.app.blobs.look(&picture.blob).await? else { return Ok(None) };
    if is_known {
        return Ok(Some((StatusCode::NOT_MODIFIED, picture.described(wish)).into_response()));
    }
    // A range means nothing to who only looks.
    if wish.method == Method::HEAD {
        return Ok(Some(picture.answer(wish, (StatusCode::OK, kept.bytes), Body::empty())));
    }
    match range.map_or(Wanted::Whole, |range| wanted(range, kept.bytes)) {
        Wanted::Whole => whole(edge, picture, wish).await,
        Wanted::Part(wanted) => part(edge, (picture, wish), wanted, kept.bytes).await,
        Wanted::Nothing => {
            let place = [(CONTENT_RANGE, format!("bytes */{}", kept.bytes))];
            Ok(Some((StatusCode::RANGE_NOT_SATISFIABLE, place).into_response()))
        }
    }
}

async fn whole(edge: &Edge, picture: &Picture, wish: &Wish) -> Result<Option<Response>> {
    let Some(opened) = edge.app.blobs.open_part(&picture.blob, None).await? else { return Ok(None) };
    Ok(Some(picture.answer(wish, (StatusCode::OK, opened.bytes), Body::from_stream(opened.body))))
}

async fn part(edge: &Edge, (picture, wish): (&Picture, &Wish), part: Part, length: u64) -> Result<Option<Response>> {
    let Some(opened) = edge.app.blobs.open_part(&picture.blob, Some(part)).await? else { return Ok(None) };
    let place = format!("bytes {}-{}/{length}", part.from, part.from + part.bytes - 1);
    let answer = picture.answer(wish, (StatusCode::PARTIAL_CONTENT, part.bytes), Body::from_stream(opened.body));
    Ok(Some(([(CONTENT_RANGE, place)], answer).into_response()))
}

/// Whether a tag is among those of `If-None-Match`.
fn is_among(tag: &str, tags: &str) -> bool {
    tags.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

impl Picture {
    /// The picture in another format, for the time until this one is made.
    fn in_place_of(&self, output: Output) -> Self {
        let file = ImageFile { output, ..self.file.clone() };
        let tag = format!("{}.{}\"", self.tag.trim_end_matches('"'), output.extension());
        Self { blob: file.blob(), file, tag, validity: self.validity, is_stand_in: true }
    }

    /// One who was given a link may keep the picture for as long as the link works; nobody between may keep one that not
    /// everyone may see.
    fn cache(&self, now: Timestamp) -> String {
        let (reach, life, shared) = match self.validity {
            Worth::Until(end) => ("private", end.since(now).as_secs(), String::new()),
            Worth::Lasting | Worth::Expired | Worth::Nothing => ("public", YEAR, format!(", s-maxage={SHARED_LIFE}")),
        };
        match self.is_stand_in {
            true => format!("{reach}, max-age={}", life.min(STAND_IN_LIFE)),
            false => format!("{reach}, max-age={life}, immutable{shared}"),
        }
    }

    fn described(&self, wish: &Wish) -> [(HeaderName, String); 6] {
        [
            (ETAG, self.tag.clone()),
            (CACHE_CONTROL, self.cache(wish.now)),
            (ACCEPT_RANGES, "bytes".into()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
            (CONTENT_SECURITY_POLICY, "default-src 'none'".into()),
            // Pages of other origins may show it, also those that are isolated from others.
            (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".into()),
        ]
    }

    fn answer(&self, wish: &Wish, (status, bytes): (StatusCode, u64), body: Body) -> Response {
        let media_type = self.file.output.media_type().to_owned();
        let what = [(CONTENT_TYPE, media_type), (CONTENT_LENGTH, bytes.to_string())];
        (status, self.described(wish), what, body).into_response()
    }
}

fn missing() -> Response {
    problem::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such image.")
}

fn expired() -> Response {
    let message = "This link has ended. Ask for the photo again to have a new one.";
    problem::plain(StatusCode::GONE, "NOT_FOUND", message)
}

/// A store that is away may be back soon: whoever asked is told to come again.
fn failed(edge: &Edge, error: &Error) -> Response {
    let response = Problem::from(report::failed(&edge.app.chance, error)).into_response();
    match error.code() {
        Some(Code::Overloaded) => ([(RETRY_AFTER, PAUSE)], response).into_response(),
        _ => response,
    }
}

/// The image that an address names, by the key in it, if both parts are what they must be: a key, or the ID of an upload.
fn named(key: &str, file: &str) -> Option<ImageFile> {
    let is_key = (1..=KEY_LENGTH).contains(&key.len()) && key.chars().all(is_base58);
    let is_sound = is_key || key.parse::<UploadId>().is_ok();
    ImageFile::named(key, file).filter(|_| is_sound)
}

fn is_base58(letter: char) -> bool {
    letter.is_ascii_alphanumeric() && !"0OIl".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_and_sizes_reach_the_store() {
        let blob = |key: &str, file: &str| named(key, file).map(|named| named.blob());
        for file in ["low.jpg", "full.jpg", "thumbnail.webp", "high.avif"] {
            assert_eq!(blob("3mJr7AoUXx2Wqd", file), Some(format!("images/3mJr7AoUXx2Wqd/{file}")));
        }
        let long = "a".repeat(23);
        let cases = [
            ("..", "low.jpg"),
            ("", "low.jpg"),
            ("a/b", "low.jpg"),
            ("a\\b", "low.jpg"),
            ("a.b", "low.jpg"),
            ("a\0b", "low.jpg"),
            ("O0Il", "low.jpg"),
            ("äö", "low.jpg"),
            (&long, "low.jpg"),
            ("abc", "low"),
            ("abc", "low.png"),
            ("abc", "original.jpg"),
            ("abc", "../low.jpg"),
            ("abc", ".jpg"),
            ("abc", "LOW.jpg"),
        ];
        for (key, file) in cases {
            assert_eq!(blob(key, file), None, "{key}/{file}");
        }
    }
}
