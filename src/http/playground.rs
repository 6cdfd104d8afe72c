//! The pages at `/playground` and `/playground/studio` where people try the API. They are part of this program: nothing is
//! fetched from elsewhere.
//!
//! A page holds access tokens, so what it may load and where it may send is closed by a Content Security Policy;
//! `playground/README.md` says why each source is allowed. The files are made by `build.rs`, which leaves
//! `missing.txt` when it cannot.

use std::{borrow::Cow, io, io::Read};

use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use rust_embed::Embed;

/// The built playground: `index.html` and `studio.html`, and under `assets/` files whose names hold a hash of their
/// content, each only in its gzip form.
#[derive(Embed)]
#[folder = "$OUT_DIR/playground"]
struct Files;

/// What every answer here carries, beside its policy.
const SECURITY: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What the page and its scripts may load and where they may send; scripts of workers obey the policy they came with.
#[derive(Clone, Debug)]
struct Policy(HeaderValue);

impl Policy {
    /// Photos are sent to the store and loaded from where their links lead, when those are elsewhere.
    fn open_to(store: Option<&str>, images: Option<&str>) -> Self {
        let also = |origin: Option<&str>| origin.map(|origin| format!(" {origin}")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:{}; font-src 'self' data:; connect-src 'self'{}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            also(images),
            also(store),
        );
        // An address that no header can hold opens nothing.
        Self(policy.parse().unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")))
    }

    async fn over(self, request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, self.0);
        response
    }
}

/// The page and its assets. It may send to the store and load images from there, when they have other addresses.
pub fn routes<S>(store: Option<&str>, images: Option<&str>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let policy = Policy::open_to(store, images);
    Router::new()
        .route("/playground", get(async || page("index.html")))
        .route("/playground/studio", get(async || page("studio.html")))
        .route("/playground/", get(async || Redirect::permanent("/playground")))
        .route("/playground/assets/{*path}", get(asset))
        .route_layer(from_fn(move |request, next| policy.clone().over(request, next)))
}

fn page(name: &str) -> Response {
    let no_cache = [(header::CACHE_CONTROL, "no-cache")];
    match Files::get(name) {
        Some(index) => (SECURITY, no_cache, Html(index.data)).into_response(),
        None => (StatusCode::NOT_IMPLEMENTED, SECURITY, no_cache, Html(missing_page())).into_response(),
    }
}

/// What is missing, and how to get it, as `build.rs` left it.
fn missing_page() -> String {
    let reason = Files::get("missing.txt").map_or(Cow::Borrowed(&b"The playground is missing."[..]), |file| file.data);
    format!(
        "<!doctype html><html lang=\"en\"><title>photograph playground</title>\
         <body style=\"font: 16px/1.5 system-ui; max-width: 40em; margin: 15vh auto; padding: 0 1em\">\
         <h1>No playground here</h1><p>{}</p>",
        String::from_utf8_lossy(&reason),
    )
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(content_type) = content_type(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(file) = Files::get(&format!("assets/{path}.gz")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let described = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "Accept-Encoding"),
    ];
    if accepts_gzip(&headers) {
        return (SECURITY, described, [(header::CONTENT_ENCODING, "gzip")], file.data).into_response();
    }
    match inflate(&file.data) {
        Ok(bytes) => (SECURITY, described, bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Vite makes files of these kinds only; anything else is not here.
fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "ttf" => Some("font/ttf"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// For the rare client that does not take gzip, such as a proxy that reads along.
fn inflate(compressed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(compressed).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_accept_it() {
        for (value, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("GZIP", true),
            ("identity", false),
            ("br, gzip;q=0", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepts_gzip(&headers), expected, "{value:?}");
        }
    }

    #[test]
    fn the_page_may_send_to_the_store_and_show_what_is_elsewhere() {
        let Policy(here) = Policy::open_to(None, None);
        let here = here.to_str().unwrap();
        assert!(here.contains("img-src 'self' data:;") && here.contains("connect-src 'self';"), "{here}");
        let Policy(elsewhere) = Policy::open_to(Some("https://s3.example.org"), Some("https://cdn.example.org"));
        let elsewhere = elsewhere.to_str().unwrap();
        assert!(elsewhere.contains("img-src 'self' data: https://cdn.example.org;"), "{elsewhere}");
        assert!(elsewhere.contains("connect-src 'self' https://s3.example.org;"), "{elsewhere}");
    }

    #[tokio::test]
    async fn nothing_outside_of_the_assets_is_served() {
        for path in ["../index.html", "../missing.txt", "..", "", "nothing.js", "index.js.gz", "a/../../index.html"] {
            let answer = asset(Path(path.to_owned()), HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path:?}");
        }
    }
}
