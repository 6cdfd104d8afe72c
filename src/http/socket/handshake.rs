//! How a request becomes a WebSocket (RFC 6455, section 4), and which subprotocol is spoken on it.

use axum::body::Body;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::message::PROTOCOL;
use crate::http::problem::Problem;

/// What the key of a client is hashed with (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: &str = "13";

/// What both sides agreed on.
pub(super) struct Agreed {
    accept: String,
    protocol: Option<HeaderValue>,
    /// Whether the subprotocol is the one we speak.
    pub(super) speaks_ours: bool,
}

/// Reads what a client wants.
///
/// # Errors
/// When it is no WebSocket of the version that everybody speaks.
pub(super) fn agree(request: &Parts) -> Result<Agreed, Problem> {
    let headers = &request.headers;
    if !names(headers, UPGRADE, "websocket") || !names(headers, CONNECTION, "upgrade") {
        return Err(not_here());
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, "A WebSocket has version 13 here.");
        return Err(problem.with(SEC_WEBSOCKET_VERSION, VERSION));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes())).ok_or_else(not_here)?;
    let hashed = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key.as_bytes(), GUID.as_bytes()].concat());
    let offered: Vec<&str> = offered(headers).collect();
    let speaks_ours = offered.contains(&PROTOCOL);
    // A browser is told why a socket closes only when the handshake agreed on one of the protocols it offered.
    let protocol = if speaks_ours { Some(PROTOCOL) } else { offered.first().copied() };
    let protocol = protocol.and_then(|protocol| HeaderValue::from_str(protocol).ok());
    Ok(Agreed { accept: STANDARD.encode(hashed), protocol, speaks_ours })
}

/// Whether this stands for sixteen bytes (RFC 6455, section 4.1).
fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// What is answered to one that cannot become a WebSocket.
pub(super) fn not_here() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "This is not how a WebSocket is opened.")
}

/// Whether one of the words of a header is this one, in any case.
fn names(headers: &HeaderMap, header: HeaderName, word: &str) -> bool {
    words(headers, header).any(|one| one.eq_ignore_ascii_case(word))
}

fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    words(headers, SEC_WEBSOCKET_PROTOCOL)
}

fn words(headers: &HeaderMap, header: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

impl Agreed {
    /// The answer after which the connection is a WebSocket.
    pub(super) fn answer(self) -> Response {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(protocol) = self.protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn asked(headers: &[(&str, &str)]) -> Result<Agreed, Problem> {
        let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        agree(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_example_of_the_standard() {
        let agreed = asked(&[
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "other, graphql-transport-ws"),
        ]);
        let agreed = agreed.ok().unwrap();
        assert_eq!(agreed.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(agreed.speaks_ours && agreed.protocol.unwrap() == PROTOCOL);
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        let all = [
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ];
        assert!(asked(&all).is_ok_and(|agreed| !agreed.speaks_ours && agreed.protocol.is_none()));
        for missing in 0..all.len() {
            let some: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, one)| *one).collect();
            assert!(asked(&some).is_err(), "{missing}");
        }
        for (at, wrong) in [(0, "h2c"), (1, "close"), (2, "c2hvcnQ="), (2, "no key"), (3, "8")] {
            let mut some = all;
            some[at].1 = wrong;
            assert!(asked(&some).is_err(), "{wrong}");
        }
    }
}
