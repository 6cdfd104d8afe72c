//! The photos of published media, in four sizes. An address never changes what it shows, so it can be kept for ever.
//!
//! The key is 128 random bits: whoever has the address may see the picture. It is checked letter by letter before it
//! becomes part of a path.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio_util::io::ReaderStream;

use super::Edge;
use super::problem::{self, Problem};
use crate::graphql::report;

/// 16 bytes in base58 have at most so many letters.
const KEY_LENGTH: usize = 22;
const SIZES: [&str; 4] = ["thumbnail", "low", "standard", "high"];
/// Bytes read from the store at once.
const PIECE: usize = 32 << 10;

pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/images/{key}/{file}", get(image))
}

async fn image(State(edge): State<Arc<Edge>>, Path((key, file)): Path<(String, String)>) -> Response {
    let Some(blob) = blob(&key, &file) else { return missing() };
    match edge.app.blobs.open(&blob).await {
        Ok(Some((length, file))) => found(length, file),
        Ok(None) => missing(),
        Err(error) => Problem::from(report::failed(&edge.app.chance, &error)).into_response(),
    }
}

fn found(length: u64, file: tokio::fs::File) -> Response {
    let headers = [
        (CONTENT_TYPE, "image/jpeg"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
        // Pages of other origins may show it, also those that are isolated from others.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE));
    (headers, [(CONTENT_LENGTH, length.to_string())], body).into_response()
}

fn missing() -> Response {
    problem::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such image.")
}

/// The name in the store, if both parts of the address are what they must be.
fn blob(key: &str, file: &str) -> Option<String> {
    let size = file.strip_suffix(".jpg")?;
    let is_key = (1..=KEY_LENGTH).contains(&key.len()) && key.chars().all(is_base58);
    (is_key && SIZES.contains(&size)).then(|| format!("images/{key}/{size}.jpg"))
}

fn is_base58(letter: char) -> bool {
    letter.is_ascii_alphanumeric() && !"0OIl".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_and_sizes_reach_the_store() {
        assert_eq!(blob("3mJr7AoUXx2Wqd", "low.jpg").as_deref(), Some("images/3mJr7AoUXx2Wqd/low.jpg"));
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
