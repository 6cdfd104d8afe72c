//! A client behind nginx is who nginx says, whatever the client says of itself.

use std::net::Ipv4Addr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::kit::PATIENCE;
use crate::kit::program::Program;
use crate::nginx::Nginx;

const SETTINGS: &str = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\nclient_address = \"x-forwarded-for\"\n\
[websocket]\nconnections_per_address = 1\n";

/// Opens a socket over nginx from an address of this machine, which says that it is another one.
async fn opens(nginx: &Nginx, from: u8, forged: &str) -> (TcpStream, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::new(127, 0, 0, from), 0).into()).expect("an address of this machine");
    let mut connection = socket.connect(nginx.front.address).await.expect("a connection");
    let request = format!(
        "GET /graphql HTTP/1.1\r\nHost: here\r\n{forged}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.expect("nginx takes a request");
    let mut status = [0; 12];
    timeout(PATIENCE, connection.read_exact(&mut status)).await.expect("an answer").expect("it can be read");
    (connection, String::from_utf8_lossy(&status[9..]).into_owned())
}

#[tokio::test]
async fn forged_headers_do_not_pass_nginx() {
    let mut program = Program::told(SETTINGS);
    program.starts().await;
    let nginx = Nginx::before(&[program.front.clone(), program.front.clone()]).await;
    let cases = [
        (7, "X-Forwarded-For: 203.0.113.1\r\n", "101"),
        (7, "X-Forwarded-For: 203.0.113.2\r\n", "429"),
        (7, "X-Forwarded-For: 203.0.113.3, 127.0.0.1\r\n", "429"),
        (7, "Forwarded: for=203.0.113.4\r\n", "429"),
        (8, "X-Forwarded-For: 127.0.0.7\r\n", "101"),
    ];
    let mut open = vec![];
    for (from, forged, expected) in cases {
        let (connection, status) = opens(&nginx, from, forged).await;
        assert_eq!(status, expected, "{forged}");
        open.push(connection);
    }
    let url = nginx.front.sends(None, "{ server { url } }", &json!({})).await.expect("an answer").text("/server/url");
    assert_eq!(url, format!("https://{}", nginx.front.address));
    drop((open, nginx));
    program.ends().await;
}
