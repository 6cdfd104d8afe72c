//! WebSocket byte by byte (RFC 6455), as no client library sends it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::kit::{Kit, eventually};

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(10);
const MASK: [u8; 4] = [7, 77, 177, 27];
const INIT: &[u8] = br#"{"type":"connection_init"}"#;

/// A frame as clients send it, of so many bytes and with some of them.
fn head(first: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => frame.push(0x80 | short),
        (_, Ok(length)) => {
            frame.push(0x80 | 0x7E);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 0x7F);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, payload.len());
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

pub struct Raw(TcpStream);

impl Raw {
    pub async fn opens(kit: &Kit) -> Self {
        let mut raw = Self(TcpStream::connect(kit.front.address).await.expect("a connection"));
        let request = "GET /graphql HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
        raw.sends(request.as_bytes()).await;
        let mut answer = vec![];
        while !answer.ends_with(b"\r\n\r\n") {
            answer.extend(raw.bytes(1).await);
        }
        let answer = String::from_utf8(answer).expect("text").to_lowercase();
        assert!(answer.starts_with("http/1.1 101"), "{answer}");
        assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
        assert!(answer.contains("sec-websocket-protocol: graphql-transport-ws"), "{answer}");
        raw
    }

    /// Sends the head of a message and so much of it.
    pub async fn begins_a_message(&mut self, length: usize, bytes: usize) {
        self.sends(&head(0x81, length)).await;
        // It may be closed before all is taken.
        let _ = self.0.write_all(&vec![0; bytes]).await;
    }

    /// Says hello, and is answered.
    pub async fn greets(&mut self) {
        self.sends(&frame(0x81, INIT)).await;
        assert_eq!(self.hears_message().await["type"], "connection_ack");
    }

    async fn sends(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("bytes are taken");
    }

    async fn bytes(&mut self, many: usize) -> Vec<u8> {
        let mut bytes = vec![0; many];
        timeout(PATIENCE, self.0.read_exact(&mut bytes)).await.expect("nothing came in time").expect("it goes on");
        bytes
    }

    /// The next frame: its first byte and what it carries.
    async fn hears(&mut self) -> (u8, Vec<u8>) {
        let head = self.bytes(2).await;
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.bytes(2).await.try_into().expect("two bytes"))),
            short => usize::from(short),
        };
        (head[0], self.bytes(length).await)
    }

    async fn hears_message(&mut self) -> Value {
        let (first, payload) = self.hears().await;
        assert_eq!(first, 0x81);
        serde_json::from_slice(&payload).expect("messages are JSON")
    }

    /// The code that it is closed with; then nothing comes.
    pub async fn closes(mut self) -> u16 {
        let (first, payload) = self.hears().await;
        assert_eq!(first, 0x88, "{payload:?}");
        let code = u16::from_be_bytes([payload[0], payload[1]]);
        let answer = frame(0x88, &code.to_be_bytes());
        // One that was closed already does not take it.
        let _ = self.0.write_all(&answer).await;
        let _ = self.0.shutdown().await;
        let mut rest = vec![];
        timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the end came in time").expect("no reset");
        assert!(rest.is_empty(), "{rest:?}");
        code
    }
}

#[tokio::test]
async fn a_message_in_parts_with_a_ping_between_them_and_byte_by_byte() {
    let kit = Kit::start().await;
    let mut raw = Raw::opens(&kit).await;
    let (one, other) = INIT.split_at(9);
    let all = [frame(0x01, one), frame(0x89, b"there?"), frame(0x00, b""), frame(0x80, other)].concat();
    for byte in all {
        raw.sends(&[byte]).await;
    }
    assert_eq!(raw.hears().await, (0x8A, b"there?".to_vec()));
    assert_eq!(raw.hears_message().await, json!({ "type": "connection_ack" }));
    raw.sends(&frame(0x88, b"\x0f\xa0bye")).await;
    assert_eq!(raw.closes().await, 4000);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_no_frame_closes_with_its_code() {
    let kit = Kit::start().await;
    let cases: [(Vec<u8>, u16); 8] = [
        // Not masked, with a bit that nobody agreed on, of no known kind, and the middle of nothing.
        ([&[0x81, 26], INIT].concat(), 1002),
        (frame(0xC1, INIT), 1002),
        (frame(0x83, b""), 1002),
        (frame(0x80, INIT), 1002),
        // A ping in parts, and a code that stands for none.
        (frame(0x09, b""), 1002),
        (frame(0x88, &1006_u16.to_be_bytes()), 1002),
        (frame(0x81, b"\xc3\x28"), 1007),
        (frame(0x82, INIT), 4400),
    ];
    for (bytes, code) in cases {
        let mut raw = Raw::opens(&kit).await;
        raw.sends(&bytes).await;
        assert_eq!(raw.closes().await, code, "{bytes:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_code_arrives_though_the_client_goes_on_sending_what_is_too_long() {
    let kit = Kit::start().await;
    let mut raw = Raw::opens(&kit).await;
    let much = 8 << 20;
    raw.sends(&head(0x81, much)).await;
    raw.sends(&vec![b'x'; much]).await;
    assert_eq!(raw.closes().await, 1009);
    let mut raw = Raw::opens(&kit).await;
    let most = kit.app.config.websocket.message_bytes;
    raw.sends(&[frame(0x01, &vec![b' '; most]), frame(0x80, INIT)].concat()).await;
    assert_eq!(raw.closes().await, 1009);
    kit.ends().await;
}

#[tokio::test]
async fn who_stops_sending_is_gone_and_leaves_nothing() {
    let kit = Kit::start().await;
    let media = kit.signs_up("ada").await.publishes("dusk").await;
    kit.settle().await;
    let before = kit.app.live.listeners();
    let mut raw = Raw::opens(&kit).await;
    let query = "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename } }";
    let payload = json!({ "query": query, "variables": { "id": media } });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
    raw.sends(&[frame(0x81, INIT), frame(0x81, subscribe.to_string().as_bytes())].concat()).await;
    assert_eq!(raw.hears_message().await["type"], "connection_ack");
    assert_eq!(raw.hears_message().await["payload"]["data"]["mediaEvents"]["__typename"], "StreamOpened");
    // Half a frame, and then the end of what it sends.
    raw.sends(&frame(0x81, INIT)[..5]).await;
    raw.0.shutdown().await.expect("half of it is closed");
    let mut rest = vec![];
    timeout(PATIENCE, raw.0.read_to_end(&mut rest)).await.expect("the end came in time").expect("no reset");
    eventually("nobody listens", PATIENCE, async || (kit.app.live.listeners() == before).then_some(())).await;
    kit.ends().await;
}
