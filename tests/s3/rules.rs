//! What Amazon's S3 checks of a request beside its signature, and s3s does not.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};

const KEY: &str = "photograph";
const SECRET: &str = "photograph-secret";
/// A week: no presigned address works for longer.
const LONGEST: u32 = 604_800;

/// The one key there is.
pub struct Key;

#[async_trait::async_trait]
impl S3Auth for Key {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match access_key {
            KEY => Ok(SecretKey::from(SECRET)),
            _ => {
                Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
            }
        }
    }
}

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

/// What a browser asks before it sends something of another origin's page, which is not signed. The bucket lets every page
/// in, as the README tells operators to set theirs up.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Lets the pages of every origin send, and read the answer.
pub fn open_to_all(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, PUT"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
}
