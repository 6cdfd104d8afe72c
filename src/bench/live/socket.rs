//! The client's side of a WebSocket, as cheap as can be: frames are written by hand and only counted when they come.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::base::error::{Error, Result};

/// Bytes of the answer to a handshake at most.
const HANDSHAKE: usize = 4096;

/// Connects from one of the loopback's addresses, so that ports and what a server allows one address suffice.
pub(super) async fn connect(address: &str, source: u32) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4().map_err(Error::internal)?;
    let from = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + source);
    socket.bind(SocketAddr::from((from, 0))).map_err(Error::internal)?;
    let address: SocketAddr = address.parse().map_err(Error::internal)?;
    let stream = socket.connect(address).await.map_err(Error::internal)?;
    stream.set_nodelay(true).map_err(Error::internal)?;
    Ok(stream)
}

/// Makes a connection a WebSocket.
pub(super) async fn shake_hands(stream: &mut TcpStream, address: &str) -> Result<()> {
    let request = format!(
        "GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGhvdG9ncmFwaCBiZW5jaA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(Error::internal)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < HANDSHAKE {
        answer.push(stream.read_u8().await.map_err(Error::internal)?);
    }
    match answer.starts_with(b"HTTP/1.1 101") {
        true => Ok(()),
        false => Err(Error::internal(String::from_utf8_lossy(&answer).into_owned())),
    }
}

/// Says something. The mask is all zeros, which leaves the text as it is.
pub(super) async fn say(stream: &mut TcpStream, text: &str) -> Result<()> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(short) if short < 126 => frame.push(0x80 | u8::try_from(short).unwrap_or(0)),
        Ok(long) => {
            frame.push(0x80 | 0x7E);
            frame.extend(long.to_be_bytes());
        }
        Err(_) => return Err(Error::internal("this is too long to say")),
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await.map_err(Error::internal)
}

/// Reads frames and tells of each, until the connection ends. Nothing is kept while none comes.
pub(super) async fn listen(mut stream: TcpStream, heard: impl Fn(&[u8])) {
    let mut kept = Vec::new();
    loop {
        if stream.readable().await.is_err() || !read(&stream, &mut kept) {
            return;
        }
        let mut is_asked = false;
        while let Some(length) = whole(&kept) {
            is_asked |= kept[..length].ends_with(br#"{"type":"ping"}"#);
            heard(&kept[..length]);
            kept.drain(..length);
        }
        if kept.is_empty() {
            kept = Vec::new();
        }
        if is_asked && say(&mut stream, r#"{"type":"pong"}"#).await.is_err() {
            return;
        }
    }
}

fn read(stream: &TcpStream, kept: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    match stream.try_read(&mut buffer) {
        Ok(0) => false,
        Ok(read) => {
            kept.extend(&buffer[..read]);
            true
        }
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// The length of the first frame, when it is here.
fn whole(bytes: &[u8]) -> Option<usize> {
    let length = match bytes.get(1)? & 0x7F {
        126 => 4 + usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])),
        127 => 10 + usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        short => 2 + usize::from(short),
    };
    (bytes.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        assert_eq!(whole(&[0x81, 2, b'a', b'b', 0x81]), Some(4));
        assert_eq!(whole(&[0x81, 2, b'a']), None);
        let mut long = vec![0x81, 126, 1, 0];
        long.extend([0; 256]);
        assert_eq!((whole(&long), whole(&long[..200])), (Some(260), None));
    }
}
