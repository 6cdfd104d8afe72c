//! Connections that hold a place and do nothing: each has its time, and then the place is free again.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::kit::program::Program;
use crate::kit::{Kit, PATIENCE};

async fn hasty() -> Kit {
    Kit::with(|config| (config.http.head_seconds, config.http.idle_seconds) = (1, 1)).await
}

async fn connects(kit: &Kit) -> TcpStream {
    TcpStream::connect(kit.front.address).await.expect("a connection")
}

/// A connection from another address of this machine.
async fn connects_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::from(from), 0).into()).expect("an address of this machine");
    socket.connect(to).await.expect("a connection")
}

/// A request on a connection that stays open, and its status.
async fn asks(connection: &mut TcpStream) -> String {
    let request = b"GET /livez HTTP/1.1\r\nHost: photograph\r\n\r\n";
    connection.write_all(request).await.expect("the server takes a request");
    let mut answer = vec![0; 1024];
    let read = timeout(PATIENCE, connection.read(&mut answer)).await.expect("an answer").expect("it can be read");
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

/// Everything the server says until it closes the connection.
async fn is_closed(mut connection: TcpStream) -> Vec<u8> {
    let mut said = vec![];
    let closed = async { while connection.read_buf(&mut said).await.is_ok_and(|length| length > 0) {} };
    timeout(PATIENCE, closed).await.expect("the server closes the connection");
    said
}

#[tokio::test]
async fn who_sends_a_request_by_the_letter_or_none_is_let_go() {
    let kit = hasty().await;
    let (silent, mut slow) = (connects(&kit).await, connects(&kit).await);
    slow.write_all(b"POST /graphql HTTP/1.1\r\nHost: photo").await.expect("the server takes the first letters");
    assert_eq!(is_closed(silent).await, b"");
    assert_eq!(is_closed(slow).await, b"");
    kit.ends().await;
}

#[tokio::test]
async fn who_reads_nothing_of_what_they_asked_for_is_let_go() {
    let kit = hasty().await;
    let mut deaf = connects(&kit).await;
    // The schema is long: a few answers fill every buffer between here and there, then the server cannot go on.
    let query = r#"{"query":"{ __schema { types { name description fields { name description } } } }"}"#;
    let head = "POST /graphql HTTP/1.1\r\nHost: photograph\r\nContent-Type: application/json\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{query}", query.len());
    let asks_for_ever = async { while deaf.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asks_for_ever).await.expect("the server closes the connection");
    kit.ends().await;
}

#[tokio::test]
async fn connections_that_are_silent_make_way_for_others() {
    let kit = Kit::with(|config| config.http.connections = Some(8)).await;
    let mut served = connects(&kit).await;
    assert_eq!(asks(&mut served).await, "HTTP/1.1 200 OK");
    let mut silent = vec![];
    for _ in 0..30 {
        silent.push(connects_from([127, 0, 0, 3], kit.front.address).await);
    }
    assert_eq!(asks(&mut connects(&kit).await).await, "HTTP/1.1 200 OK");
    assert_eq!(is_closed(silent.swap_remove(0)).await, b"");
    // One that is between two requests is not closed while there are silent ones.
    assert_eq!(asks(&mut served).await, "HTTP/1.1 200 OK");
    drop(silent);
    kit.ends().await;
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let kit = Kit::with(|config| config.http.connections_per_address = 3).await;
    let mut open = vec![];
    for _ in 0..3 {
        open.push(connects_from([127, 0, 0, 4], kit.front.address).await);
        assert_eq!(asks(open.last_mut().expect("a connection")).await, "HTTP/1.1 200 OK");
    }
    let refused = is_closed(connects_from([127, 0, 0, 4], kit.front.address).await).await;
    let refused = String::from_utf8(refused).expect("text");
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\"OVERLOADED\""), "{refused}");
    assert_eq!(asks(&mut connects_from([127, 0, 0, 5], kit.front.address).await).await, "HTTP/1.1 200 OK");
    drop(open);
    kit.ends().await;
}

/// More connections than the process may open files, all silent: others are served at once all the same.
#[tokio::test]
async fn silent_connections_do_not_use_up_the_files_of_the_process() {
    let mut program = Program::prepared().await.with_files(256);
    program.starts().await;
    let mut silent = vec![];
    for number in 0..400_u16 {
        let from = [127, 0, 1, 1 + u8::try_from(number / 100).expect("a small number")];
        silent.push(connects_from(from, program.front.address).await);
    }
    let ada = timeout(PATIENCE / 3, program.signs_up("ada")).await.expect("ada is served");
    assert_eq!(ada.asks("{ server { name } }", json!({})).await.text("/server/name"), "photograph");
    drop(silent);
    program.ends().await;
}
