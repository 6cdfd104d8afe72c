//! Which client is behind a connection, and by which address it reached this server, when trusted proxies stand between.
//!
//! One header is read, the one that is configured, and only from a peer that is trusted. The client is the rightmost hop
//! that is not trusted: what stands left of it is whatever the client wrote.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::header::{FORWARDED, HOST};

use crate::base::client_address::{ClientAddress, RequestOrigin};
use crate::base::config::{AddressRange, ClientAddressSource, Config};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Bytes in a host and its port: a name has 253 (RFC 1035).
const HOST_BYTES: usize = 259;

/// The proxies that are trusted, and what is believed of what they say.
#[derive(Clone)]
pub(super) struct Proxies {
    trusted: Arc<[AddressRange]>,
    source: ClientAddressSource,
    /// Whether links are made for the address by which a client reached this server.
    derives_origin: bool,
    has_warned: Arc<AtomicBool>,
}

impl Proxies {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            // A list that cannot be read is refused when the program starts.
            trusted: config.server.proxies().unwrap_or_default().into(),
            source: config.server.client_address,
            derives_origin: config.server.url.is_none(),
            has_warned: Arc::default(),
        }
    }

    /// For an address that clients reach by themselves.
    pub(super) fn none() -> Self {
        let (source, derives_origin) = (ClientAddressSource::Peer, false);
        Self { trusted: Arc::default(), source, derives_origin, has_warned: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether a peer is a proxy of ours.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(peer))
    }

    /// Whether a peer begins its connections with a header of the PROXY protocol.
    pub(super) fn has_proxy_header(&self, peer: IpAddr) -> bool {
        self.source == ClientAddressSource::ProxyProtocol && self.trusts(peer)
    }

    /// The client of a request.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let hops = match self.source {
            ClientAddressSource::Peer | ClientAddressSource::ProxyProtocol => vec![],
            ClientAddressSource::XForwardedFor => list(headers, &X_FORWARDED_FOR).into_iter().map(node).collect(),
            ClientAddressSource::Forwarded => {
                list(headers, &FORWARDED).into_iter().map(|hop| node(parameter(hop, "for")?)).collect()
            }
        };
        self.warn(peer, headers);
        if hops.is_empty() || !self.trusts(peer) {
            return ClientAddress(peer);
        }
        let mut client = peer;
        // A hop that says nothing of an address ends what can be believed.
        for hop in hops.into_iter().rev().map_while(|hop| hop) {
            client = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        ClientAddress(client)
    }

    /// What links to this server begin with for whoever sent a request; `None` when that is configured or not known.
    pub(super) fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> Option<RequestOrigin> {
        if !self.derives_origin {
            return None;
        }
        let forwarded = if self.trusts(peer) { self.forwarded(headers) } else { (None, None) };
        let (host, scheme) = (forwarded.0.or_else(|| headers.get(HOST)?.to_str().ok())?, forwarded.1);
        let scheme = match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => "http",
        };
        is_host(host).then(|| RequestOrigin(format!("{scheme}://{host}").into()))
    }

    /// The host and the scheme that the nearest proxy was asked for.
    fn forwarded<'a>(&self, headers: &'a HeaderMap) -> (Option<&'a str>, Option<&'a str>) {
        let last = |name: &HeaderName| list(headers, name).pop();
        match self.source {
            ClientAddressSource::XForwardedFor => (last(&X_FORWARDED_HOST), last(&X_FORWARDED_PROTO)),
            ClientAddressSource::Forwarded => match last(&FORWARDED) {
                Some(hop) => (parameter(hop, "host"), parameter(hop, "proto")),
                None => (None, None),
            },
            ClientAddressSource::Peer | ClientAddressSource::ProxyProtocol => (None, None),
        }
    }

    /// Says once what to set when a header comes that is ignored. A proxy at a private address is the operator's, so its
    /// address is named.
    fn warn(&self, peer: IpAddr, headers: &HeaderMap) {
        let (header, is_ours) = match self.source {
            ClientAddressSource::XForwardedFor => (X_FORWARDED_FOR, true),
            ClientAddressSource::Forwarded => (FORWARDED, true),
            // Whoever has no proxy need not know what clients forge.
            ClientAddressSource::Peer if is_private(peer) => (X_FORWARDED_FOR, false),
            ClientAddressSource::Peer | ClientAddressSource::ProxyProtocol => return,
        };
        if !headers.contains_key(&header) || (is_ours && self.trusts(peer)) {
            return;
        }
        if self.has_warned.swap(true, Ordering::Relaxed) {
            return;
        }
        let proxy = if is_private(peer) { peer.to_canonical().to_string() } else { "its address".to_owned() };
        tracing::warn!(
            %header,
            "a header that names the client is ignored: its sender is not trusted, so limits count by the sender's address. \
             If it is your proxy, set server.client_address = \"{header}\" and server.trusted_proxies = [\"{proxy}\"]"
        );
    }
}

/// The elements of a header that is a list, in the order in which proxies added them.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    values.flat_map(|value| split(value, ',')).map(str::trim).filter(|element| !element.is_empty()).collect()
}

/// The parts of a text between separators that do not stand in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |letter: char| {
        if std::mem::take(&mut is_escaped) {
            return false;
        }
        match letter {
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        letter == separator && !is_quoted
    })
}

/// A parameter of an element of `Forwarded` (RFC 7239), without quotes.
fn parameter<'a>(hop: &'a str, wanted: &str) -> Option<&'a str> {
    split(hop, ';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
    })
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let alone = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    text.parse::<IpAddr>().ok().or_else(with_port).or_else(alone).map(|address| address.to_canonical())
}

/// Whether a text is a host, with a port or without, and nothing that could become more in a link.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "0"),
    };
    let is_address =
        || host.strip_prefix('[').and_then(|host| host.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok());
    let is_name = || {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    text.len() <= HOST_BYTES && port.parse::<u16>().is_ok() && (is_name() || is_address().is_some())
}

/// Whether an address is of a private network, where only the operator has machines.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn proxies(source: ClientAddressSource) -> Proxies {
        let mut config = Config::default();
        config.server.client_address = source;
        config.server.trusted_proxies = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"].map(str::to_owned).into();
        Proxies::of(&config)
    }

    fn headers(of: &[(&HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// The headers of a request.
    type Sent<'a> = &'a [(&'a HeaderName, &'static str)];

    #[test]
    fn the_client_is_the_rightmost_hop_that_is_not_trusted() {
        let (x, f) = (&X_FORWARDED_FOR, &FORWARDED);
        let (xff, forwarded) = (ClientAddressSource::XForwardedFor, ClientAddressSource::Forwarded);
        let cases: &[(ClientAddressSource, &str, Sent, &str)] = &[
            (xff, "10.0.0.1", &[], "10.0.0.1"),
            (xff, "10.0.0.1", &[(x, "203.0.113.7")], "203.0.113.7"),
            (xff, "::ffff:10.0.0.1", &[(x, "203.0.113.7")], "203.0.113.7"),
            (xff, "10.0.0.1", &[(x, "1.1.1.1, 203.0.113.7, 10.9.9.9")], "203.0.113.7"),
            (xff, "10.0.0.1", &[(x, "1.1.1.1"), (x, "203.0.113.7:4711 ,, 10.9.9.9")], "203.0.113.7"),
            (xff, "2001:db8:1::7", &[(x, "[2001:db8:2::1]:1, 2001:db8:1::8")], "2001:db8:2::1"),
            (xff, "10.0.0.1", &[(x, "203.0.113.7, unknown, 10.0.0.2")], "10.0.0.2"),
            (xff, "10.0.0.1", &[(x, "nonsense")], "10.0.0.1"),
            (xff, "10.0.0.1", &[(x, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            // Another header, and another sender, say nothing.
            (xff, "10.0.0.1", &[(f, "for=203.0.113.7")], "10.0.0.1"),
            (xff, "203.0.113.9", &[(x, "203.0.113.7")], "203.0.113.9"),
            (forwarded, "10.0.0.1", &[(f, "for=1.1.1.1, For=\"[2001:db8:2::1]:80\";proto=https")], "2001:db8:2::1"),
            (forwarded, "10.0.0.1", &[(f, "for=203.0.113.7;by=\"a,for=9.9.9.9\", for=10.0.0.9")], "203.0.113.7"),
            (forwarded, "10.0.0.1", &[(f, "for=203.0.113.7, for=_hidden")], "10.0.0.1"),
            (forwarded, "10.0.0.1", &[(f, "for=203.0.113.7, by=10.0.0.9")], "10.0.0.1"),
            (forwarded, "10.0.0.1", &[(x, "203.0.113.7")], "10.0.0.1"),
            (ClientAddressSource::Peer, "10.0.0.1", &[(x, "203.0.113.7")], "10.0.0.1"),
        ];
        for (source, peer, sent, expected) in cases {
            let client = proxies(*source).client(peer.parse().unwrap(), &headers(sent));
            assert_eq!(ClientAddress(client.0.to_canonical()), ClientAddress(expected.parse().unwrap()), "{sent:?}");
        }
    }

    #[test]
    fn links_begin_with_what_the_client_asked_for() {
        let (h, xh, xp, f) = (&HOST, &X_FORWARDED_HOST, &X_FORWARDED_PROTO, &FORWARDED);
        let (xff, forwarded) = (ClientAddressSource::XForwardedFor, ClientAddressSource::Forwarded);
        let cases: &[(ClientAddressSource, &str, Sent, Option<&str>)] = &[
            (xff, "203.0.113.9", &[(h, "photos.example.org")], Some("http://photos.example.org")),
            (xff, "203.0.113.9", &[(h, "here:81"), (xh, "forged.example"), (xp, "https")], Some("http://here:81")),
            (
                xff,
                "10.0.0.1",
                &[(h, "here"), (xh, "photos.example.org"), (xp, "https")],
                Some("https://photos.example.org"),
            ),
            (xff, "10.0.0.1", &[(h, "photos.example.org"), (xp, "HTTPS")], Some("https://photos.example.org")),
            (
                forwarded,
                "10.0.0.1",
                &[(h, "here"), (f, "for=1.1.1.1;host=\"a.example:8443\";proto=https")],
                Some("https://a.example:8443"),
            ),
            (ClientAddressSource::Peer, "10.0.0.1", &[(h, "[::1]:8080"), (xh, "a.example")], Some("http://[::1]:8080")),
            (xff, "203.0.113.9", &[], None),
            (xff, "203.0.113.9", &[(h, "user@photos.example.org")], None),
            (xff, "203.0.113.9", &[(h, "photos.example.org/path")], None),
        ];
        for (source, peer, sent, expected) in cases {
            let origin = proxies(*source).origin(peer.parse().unwrap(), &headers(sent));
            assert_eq!(origin.as_ref().map(|origin| &*origin.0), *expected, "{sent:?}");
        }
    }

    #[test]
    fn hosts() {
        for good in ["a", "a.example:443", "127.0.0.1", "[::1]", "[2001:db8::1]:80", "under_score-1"] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", ":80", "a:", "a:99999", "a b", "a/b", "a?b", "a@b", "[::1", "::1", "ä", "[a]", &"a".repeat(300)]
        {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
