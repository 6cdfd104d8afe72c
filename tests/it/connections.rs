//! Connections that hold a place and do nothing: each has its time, and then the place is free again.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::kit::{Kit, PATIENCE};

async fn hasty() -> Kit {
    Kit::with(|config| config.http.idle_seconds = 1).await
}

async fn connects(kit: &Kit) -> TcpStream {
    TcpStream::connect(kit.front.address).await.expect("a connection")
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
