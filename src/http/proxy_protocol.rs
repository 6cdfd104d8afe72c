//! The header that a proxy of TCP sends before everything else: whose connection it passes on (PROXY protocol, v1 and v2,
//! as `HAProxy` documents it in `doc/proxy-protocol.txt`). It is read from trusted proxies only.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// How long a proxy may take: it sends the header with the connection.
const PATIENCE: Duration = Duration::from_secs(1);
/// How a header of version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes in the line of version 1, with its end.
const LINE: usize = 107;

/// Reads the header, and not a byte more. `None` when the proxy speaks for itself, as it does to see whether the server is
/// well.
///
/// # Errors
/// When there is no such header in time.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>> {
    let header = async {
        let mut begin = [0; SIGNATURE.len()];
        stream.read_exact(&mut begin).await?;
        if begin == *SIGNATURE { second(stream).await } else { first(stream, &begin).await }
    };
    timeout(PATIENCE, header).await?
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443`.
async fn first(stream: &mut (impl AsyncRead + Unpin), begin: &[u8]) -> Result<Option<IpAddr>> {
    let mut line = begin.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE {
            return Err(malformed());
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_| malformed())?;
    let mut words = line.trim_end().split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("PROXY"), Some("UNKNOWN"), _) => Ok(None),
        (Some("PROXY"), Some("TCP4" | "TCP6"), Some(source)) => source.parse().map(Some).map_err(|_| malformed()),
        _ => Err(malformed()),
    }
}

async fn second(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>> {
    let (command, family, length) = (stream.read_u8().await?, stream.read_u8().await?, stream.read_u16().await?);
    let (source, read) = match (command, family >> 4) {
        (0x21, 1) => (Some(IpAddr::from(stream.read_u32().await?.to_be_bytes())), 4),
        (0x21, 2) => (Some(Ipv6Addr::from_bits(stream.read_u128().await?).into()), 16),
        (0x20 | 0x21, _) => (None, 0),
        _ => return Err(malformed()),
    };
    // The other address, the ports, and what proxies add.
    let rest = u64::from(length).checked_sub(read).ok_or_else(malformed)?;
    let skipped = tokio::io::copy(&mut stream.take(rest), &mut tokio::io::sink()).await?;
    if skipped == rest { Ok(source) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn malformed() -> Error {
    Error::new(ErrorKind::InvalidData, "this is no header of the PROXY protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [SIGNATURE.as_slice(), &[command, family], &length, payload].concat()
    }

    #[tokio::test]
    async fn headers() {
        let four = [[192, 0, 2, 1], [192, 0, 2, 2], [1, 2, 3, 4], [9, 9, 9, 9]].concat();
        let six = [Ipv6Addr::LOCALHOST.octets(), [7; 16]].concat();
        let some = |text: &str| Some(Some(text.parse::<IpAddr>().unwrap()));
        let cases = [
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n".to_vec(), some("192.0.2.1")),
            (b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n".to_vec(), some("2001:db8::1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Some(None)),
            (v2(0x21, 0x11, &four), some("192.0.2.1")),
            (v2(0x21, 0x21, &six), some("::1")),
            (v2(0x21, 0x31, &[0; 216]), Some(None)),
            (v2(0x20, 0x00, &[]), Some(None)),
            (v2(0x21, 0x11, &[1, 2]), None),
            (v2(0x31, 0x11, &four), None),
            (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n".to_vec(), None),
            (b"PROXY TCP4 here there 1 2\r\n".to_vec(), None),
            ([b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat(), None),
            (SIGNATURE.to_vec(), None),
        ];
        for (mut bytes, expected) in cases {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            bytes.extend(expected.map_or(b"".as_slice(), |_| b"!"));
            let mut rest = bytes.as_slice();
            assert_eq!(read(&mut rest).await.ok(), expected, "{text:?}");
            assert!(expected.is_none() || rest == b"!", "{text:?}: what follows is still there");
        }
    }
}
