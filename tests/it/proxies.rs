//! Who a client is, and by which address it calls, when proxies stand between: what they say is believed when they are
//! trusted, and nobody else is.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::kit::{Kit, PATIENCE};
use photograph::base::config::{ClientAddressSource, Config};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 10);

/// One socket for each client, whoever passes it on.
fn one_each(config: &mut Config, source: ClientAddressSource) {
    config.server.client_address = source;
    config.server.trusted_proxies = vec![PROXY.to_string(), "10.0.0.0/8".to_owned()];
    config.websocket.connections_per_address = 1;
}

async fn connects(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    socket.connect(to).await.expect("a connection")
}

/// Opens a socket from an address with some bytes before the request and a header in it.
async fn opens(kit: &Kit, from: Ipv4Addr, (before, header): (&[u8], &str)) -> (TcpStream, String) {
    let mut connection = connects(from, kit.front.address).await;
    let request = format!(
        "GET /graphql HTTP/1.1\r\nHost: here\r\n{header}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    // A server that closes at once may not take it.
    let _ = connection.write_all(&[before, request.as_bytes()].concat()).await;
    let mut status = [0; 12];
    let read = timeout(PATIENCE, connection.read_exact(&mut status)).await.expect("an answer, or the end");
    let status = read.map_or_else(|_| "closed".to_owned(), |_| String::from_utf8_lossy(&status[9..]).into_owned());
    (connection, status)
}

#[tokio::test]
async fn the_client_is_the_rightmost_hop_that_is_not_trusted() {
    let kit = Kit::with(|config| one_each(config, ClientAddressSource::XForwardedFor)).await;
    let cases = [
        (PROXY, "X-Forwarded-For: 203.0.113.7\r\n", "101"),
        (PROXY, "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n", "429"),
        (PROXY, "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7, 10.1.2.3\r\n", "429"),
        (PROXY, "X-Forwarded-For: 203.0.113.8\r\nForwarded: for=203.0.113.7\r\n", "101"),
        (PROXY, "X-Forwarded-For: 2001:db8:1:2::1\r\n", "101"),
        (PROXY, "X-Forwarded-For: 2001:db8:1:2:ffff::1\r\n", "429"),
        (PROXY, "X-Forwarded-For: 2001:db8:1:3::1\r\n", "101"),
        (STRANGER, "X-Forwarded-For: 203.0.113.9\r\n", "101"),
        (STRANGER, "X-Forwarded-For: 203.0.113.10\r\n", "429"),
    ];
    let mut open = vec![];
    for (from, header, expected) in cases {
        let (connection, status) = opens(&kit, from, (b"", header)).await;
        assert_eq!(status, expected, "{header}");
        open.push(connection);
    }
    drop(open);
    kit.ends().await;
}

#[tokio::test]
async fn the_proxy_protocol_is_read_from_trusted_proxies_and_from_nobody_else() {
    let kit = Kit::with(|config| one_each(config, ClientAddressSource::ProxyProtocol)).await;
    let v2 = |last: u8| {
        let payload = [203, 0, 113, last, 127, 0, 0, 1, 0, 80, 0, 80];
        [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C".as_slice(), &payload].concat()
    };
    let forged = "X-Forwarded-For: 203.0.113.99\r\n";
    let cases = [
        (PROXY, b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n".to_vec(), "101"),
        (PROXY, b"PROXY TCP4 203.0.113.7 127.0.0.1 4712 80\r\n".to_vec(), "429"),
        (PROXY, v2(7), "429"),
        (PROXY, v2(8), "101"),
        (PROXY, b"PROXY UNKNOWN\r\n".to_vec(), "101"),
        (PROXY, b"".to_vec(), "closed"),
        (STRANGER, b"".to_vec(), "101"),
        (STRANGER, v2(9), "400"),
    ];
    let mut open = vec![];
    for (from, before, expected) in cases {
        let (connection, status) = opens(&kit, from, (&before, forged)).await;
        assert_eq!(status, expected, "{:?}", String::from_utf8_lossy(&before));
        open.push(connection);
    }
    let mut silent = connects(PROXY, kit.front.address).await;
    assert!(timeout(PATIENCE, silent.read_u8()).await.expect("it is closed").is_err());
    drop(open);
    kit.ends().await;
}

/// What a server says of its own address to one who calls it by some headers.
async fn asks(kit: &Kit, query: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Value {
    let request = kit.front.request(token, query, &json!({}));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn links_lead_to_the_address_by_which_a_client_calls() {
    let kit = Kit::with(|config| {
        config.server.listen = "0.0.0.0:8080".to_owned();
        config.server.client_address = ClientAddressSource::XForwardedFor;
        config.server.trusted_proxies = vec![PROXY.to_string()];
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let token = ada.tokens().access;
    let here = format!("http://{}", kit.front.address);
    let url = asks(&kit, "{ server { url } }", None, &[]).await;
    assert_eq!(url["data"]["server"]["url"], here.as_str());
    // What a stranger says is not believed.
    let photos = [("host", "photos.lan:8080"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")];
    let create = format!(
        "mutation {{ createUpload(input: {{ contentType: \"image/jpeg\", byteSize: 1000, sha256: \"{}\" }}) {{ upload {{ target {{ url }} }} }} }}",
        "0".repeat(64)
    );
    let created = asks(&kit, &create, Some(&token), &photos).await;
    let target = created["data"]["createUpload"]["upload"]["target"]["url"].as_str().unwrap_or_default().to_owned();
    let is_of_store = !target.contains("/uploads/upl");
    assert!(is_of_store || target.starts_with("http://photos.lan:8080/uploads/"), "{created:#}");
    ada.publishes("dusk").await;
    kit.settle().await;
    let query = "{ viewer { user { url media(first: 1) { nodes { url photos { image(size: LOW) { url } } } } } } }";
    let seen = asks(&kit, query, Some(&token), &photos).await;
    let user = &seen["data"]["viewer"]["user"];
    let links =
        [&user["url"], &user["media"]["nodes"][0]["url"], &user["media"]["nodes"][0]["photos"][0]["image"]["url"]];
    for link in links {
        let link = link.as_str().unwrap_or_else(|| panic!("a link in {seen:#}"));
        assert!(link.starts_with("http://photos.lan:8080/"), "{link}");
    }
    kit.ends().await;
}
