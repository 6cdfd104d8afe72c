//! What clients can make the server hold: documents, bodies, messages and answers have bounds, and nobody takes it all.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::frames::Raw;
use crate::kit::{Kit, PATIENCE};

/// A quarter of it is for one address, and 16 KiB of each body and message are not counted.
const BUFFER: usize = 4 * (128 << 10);

async fn small() -> Kit {
    Kit::with(|config| config.http.buffer_bytes = BUFFER).await
}

fn padded(bytes: usize) -> String {
    let query = "{ server { name } } #";
    format!("{query}{}", " ".repeat(bytes - query.len()))
}

#[tokio::test]
async fn a_document_has_a_bounded_length_whatever_it_says() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let most = ada.asks("{ server { limits { documentBytes } } }", json!({})).await;
    let most =
        usize::try_from(most.data("/server/limits/documentBytes").as_u64().expect("a number")).expect("a length");
    assert_eq!(ada.asks(&padded(most), json!({})).await.text("/server/name"), "photograph");
    let refused = ada.asks(&padded(most + 1), json!({})).await;
    assert_eq!((refused.status, refused.code()), (422, "OPERATION_TOO_EXPENSIVE"));
    let subscription = format!("subscription {{ homeFeedEvents {{ __typename }} }} #{}", " ".repeat(most));
    let mut stream = ada.listens(&subscription, json!({})).await;
    assert_eq!(stream.fails().await, "OPERATION_TOO_EXPENSIVE");
    kit.ends().await;
}

/// Begins to send a body, and sends no more of it.
async fn begins_a_body(kit: &Kit, bytes: usize) -> TcpStream {
    let mut connection = TcpStream::connect(kit.front.address).await.expect("a connection");
    let head = "POST /graphql HTTP/1.1\r\nHost: photograph\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
    connection.write_all(head.as_bytes()).await.expect("the server takes a head");
    let _ = connection.write_all(&vec![b' '; bytes]).await;
    connection
}

#[tokio::test]
async fn bodies_that_do_not_come_to_an_end_hold_a_bounded_part_of_the_memory() {
    let kit = small().await;
    let first = begins_a_body(&kit, 40 << 10).await;
    let mut second = begins_a_body(&kit, 200 << 10).await;
    let mut answer = [0; 12];
    timeout(PATIENCE, second.read_exact(&mut answer)).await.expect("an answer").expect("it can be read");
    assert_eq!(&answer, b"HTTP/1.1 503");
    assert_eq!(kit.nobody().asks("{ server { name } }", json!({})).await.text("/server/name"), "photograph");
    drop(first);
    kit.ends().await;
}

#[tokio::test]
async fn messages_that_do_not_come_to_an_end_hold_a_bounded_part_of_the_memory() {
    let kit = small().await;
    let mut large = Raw::opens(&kit).await;
    large.begins_a_message(1_000_000, 300 << 10).await;
    assert_eq!(large.closes().await, 1013);
    let mut small = Raw::opens(&kit).await;
    small.greets().await;
    kit.ends().await;
}

#[tokio::test]
async fn a_message_that_trickles_ends_its_socket() {
    let kit = Kit::with(|config| config.http.timeout_seconds = 1).await;
    let mut raw = Raw::opens(&kit).await;
    raw.greets().await;
    raw.begins_a_message(1000, 10).await;
    assert_eq!(raw.closes().await, 4499);
    kit.ends().await;
}
