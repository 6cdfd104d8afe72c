//! What Amazon's S3 checks of a request beside its signature, and s3s does not.

use http::{Extensions, HeaderMap, HeaderName, Method, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::route::S3Route;
use s3s::{Body, S3Request, S3Response, S3Result, s3_error};

/// A week: no presigned address works for longer.
const LONGEST: u32 = 604_800;

/// Who may do what: whoever signed all of it.
pub struct Rules;

#[async_trait::async_trait]
impl S3Access for Rules {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        }
        let query = cx.uri().query().unwrap_or_default();
        let Some(signed) = parameter(query, "X-Amz-SignedHeaders") else { return Ok(()) };
        let signed = signed.to_ascii_lowercase().replace("%3b", ";");
        let is_signed = |name: &str| signed.split(';').any(|known| known == name);
        let mut special = cx.headers().keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
        if let Some(name) = special.find(|name| !is_signed(name)) {
            return Err(s3_error!(AccessDenied, "There is a header that was not signed: {name}"));
        }
        match parameter(query, "X-Amz-Expires").and_then(|seconds| seconds.parse::<u32>().ok()) {
            Some(seconds) if seconds <= LONGEST => Ok(()),
            _ => Err(s3_error!(AuthorizationQueryParametersError, "X-Amz-Expires is a week at most")),
        }
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
}

/// What a browser asks before it sends something of another origin's page. The bucket lets every page in, as the README
/// tells operators to set theirs up.
pub struct Preflight;

#[async_trait::async_trait]
impl S3Route for Preflight {
    fn is_match(&self, method: &Method, _uri: &Uri, _headers: &HeaderMap, _extensions: &mut Extensions) -> bool {
        method == "OPTIONS"
    }

    async fn check_access(&self, _request: &mut S3Request<Body>) -> S3Result<()> {
        Ok(())
    }

    async fn call(&self, _request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let mut response = S3Response::new(Body::empty());
        open_to_all(&mut response);
        Ok(response)
    }
}

/// Lets the pages of every origin read an answer.
pub fn open_to_all<T>(response: &mut S3Response<T>) {
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, PUT"),
        ("access-control-allow-headers", "*"),
    ] {
        response.headers.insert(name, value.parse().expect("a value of a header"));
    }
}
