//! WebSocket frames, as RFC 6455 has them. Of a client that says nothing, nothing is kept.

use super::parting::Parting;
use crate::http::byte_budget::ByteCharge;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
/// Bytes in a frame that controls (RFC 6455, section 5.5).
const CONTROL_BYTES: usize = 125;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Text(String),
    Ping(Vec<u8>),
    Pong,
    /// With its code, if it gave one.
    Close(Option<u16>),
}

/// Reads the frames of a client.
pub(super) struct Reader {
    /// Bytes that are not a whole frame yet.
    kept: Vec<u8>,
    /// The parts of a message that came so far.
    message: Option<Vec<u8>>,
    /// What both take of the budget for what clients send.
    charge: ByteCharge,
}

struct Head {
    is_last: bool,
    kind: u8,
    mask: [u8; 4],
    bytes: usize,
    length: usize,
}

impl Reader {
    pub(super) fn new(charge: ByteCharge) -> Self {
        Self { kept: Vec::new(), message: None, charge }
    }

    /// Whether a part of a message is here, and the rest is not.
    pub(super) fn is_in_between(&self) -> bool {
        !self.kept.is_empty() || self.message.is_some()
    }

    /// Takes in what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }

    /// The next that is whole.
    ///
    /// # Errors
    /// When a message has more than `most` bytes, or is none, or there is no room for it.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Sent>, Parting> {
        while let Some(head) = Head::read(&self.kept)? {
            self.check(&head, most)?;
            if self.kept.len() - head.bytes < head.length {
                break;
            }
            let payload = self.payload(&head);
            if let Some(sent) = self.take(&head, payload)? {
                return Ok(Some(sent));
            }
        }
        let held = self.kept.capacity() + self.message.as_ref().map_or(0, Vec::capacity);
        if self.charge.hold(held) { Ok(None) } else { Err(Parting::OVERLOADED) }
    }

    fn check(&self, head: &Head, most: usize) -> Result<(), Parting> {
        match (head.kind, &self.message) {
            (BINARY, _) => Err(Parting::BadMessage("Messages are text, not binary".into())),
            (TEXT, Some(_)) | (CONTINUATION, None) => Err(Parting::NO_FRAME),
            (TEXT | CONTINUATION, _) => {
                let so_far = self.message.as_ref().map_or(0, Vec::len);
                if head.length.saturating_add(so_far) > most { Err(Parting::TOO_LONG) } else { Ok(()) }
            }
            (CLOSE | PING | PONG, _) if head.is_last && head.length <= CONTROL_BYTES => Ok(()),
            _ => Err(Parting::NO_FRAME),
        }
    }

    fn payload(&mut self, head: &Head) -> Vec<u8> {
        let whole = head.bytes + head.length;
        let masked = self.kept[head.bytes..whole].iter().zip(head.mask.iter().cycle());
        let payload = masked.map(|(byte, mask)| byte ^ mask).collect();
        if self.kept.len() == whole {
            // Whoever is silent from now on holds nothing.
            self.kept = Vec::new();
        } else {
            self.kept.drain(..whole);
        }
        payload
    }

    fn take(&mut self, head: &Head, payload: Vec<u8>) -> Result<Option<Sent>, Parting> {
        match head.kind {
            PING => return Ok(Some(Sent::Ping(payload))),
            PONG => return Ok(Some(Sent::Pong)),
            CLOSE => return closed(&payload).map(Some),
            _ => {}
        }
        let mut message = self.message.take().unwrap_or_default();
        if message.is_empty() {
            message = payload;
        } else {
            message.extend(payload);
        }
        if !head.is_last {
            self.message = Some(message);
            return Ok(None);
        }
        String::from_utf8(message).map(|text| Some(Sent::Text(text))).map_err(|_| Parting::NO_TEXT)
    }
}

fn closed(payload: &[u8]) -> Result<Sent, Parting> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(Sent::Close(None)) } else { Err(Parting::NO_FRAME) };
    };
    let code = u16::from_be_bytes(*code);
    // Those that stand for something that is never sent, and those that nobody has given a meaning to.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Parting::NO_FRAME);
    }
    match std::str::from_utf8(reason) {
        Ok(_) => Ok(Sent::Close(Some(code))),
        Err(_) => Err(Parting::NO_TEXT),
    }
}

impl Head {
    /// The head of the first frame, when it is here.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Parting> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        // Extensions were not agreed on, and whatever a client sends is masked.
        if first & 0x70 != 0 || second & 0x80 == 0 {
            return Err(Parting::NO_FRAME);
        }
        let (length, more): (u64, usize) = match second & 0x7F {
            126 => match rest.first_chunk::<2>() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 2),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(length) => (u64::from_be_bytes(*length), 8),
                None => return Ok(None),
            },
            short => (u64::from(short), 0),
        };
        let Some(mask) = rest.get(more..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| Parting::TOO_LONG)?;
        let (is_last, kind) = (first & 0x80 != 0, first & 0x0F);
        Ok(Some(Self { is_last, kind, mask: *mask, bytes: 2 + more + 4, length }))
    }
}

/// The head of a text of so many bytes, followed by the beginning of it.
pub(super) fn text(length: usize, beginning: &str) -> Vec<u8> {
    frame(TEXT, length, beginning.as_bytes())
}

/// The answer to a ping of WebSocket's own.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    frame(PONG, payload.len(), payload)
}

/// The frame that closes a socket.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    frame(CLOSE, payload.len(), &payload)
}

fn frame(kind: u8, length: usize, beginning: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(10 + beginning.len());
    frame.push(0x80 | kind);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => frame.push(short),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(beginning);
    frame
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::http::byte_budget::ByteBudget;

    const MOST: usize = 70_000;

    /// A frame as clients send it.
    fn sent(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = frame(0, payload.len(), &[]);
        frame[0] = first;
        frame[1] |= 0x80;
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// All that is made of some bytes, which come one by one or together.
    fn heard(bytes: &[u8], at_once: usize) -> Result<Vec<Sent>, Parting> {
        let budget = ByteBudget::new(usize::MAX);
        let (mut reader, mut heard) = (Reader::new(budget.charge(Ipv4Addr::LOCALHOST.into())), vec![]);
        for part in bytes.chunks(at_once) {
            reader.push(part);
            while let Some(sent) = reader.next(MOST)? {
                heard.push(sent);
            }
        }
        assert!(reader.kept.is_empty());
        Ok(heard)
    }

    #[test]
    fn messages_come_whole_or_in_parts_with_pings_between() {
        let long = "ä".repeat(33_000);
        let bytes = [
            sent(0x81, b"one"),
            sent(0x01, "t\u{e4}".split_at(1).0.as_bytes()),
            sent(0x89, b"?"),
            sent(0x00, &"ä".as_bytes()[..1]),
            sent(0x80, &"ä".as_bytes()[1..]),
            sent(0x8A, b""),
            sent(0x81, long.as_bytes()),
            sent(0x88, b"\x03\xe8bye"),
        ]
        .concat();
        let expected = [
            Sent::Text("one".into()),
            Sent::Ping(b"?".to_vec()),
            Sent::Text("tä".into()),
            Sent::Pong,
            Sent::Text(long),
            Sent::Close(Some(1000)),
        ];
        for at_once in [1, 7, bytes.len()] {
            assert_eq!(heard(&bytes, at_once).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_frame_is_told_apart() {
        let unmasked = frame(TEXT, 1, b"a");
        let cases = [
            (unmasked, Parting::NO_FRAME),
            (sent(0xC1, b"a"), Parting::NO_FRAME),
            (sent(0x83, b"a"), Parting::NO_FRAME),
            (sent(0x80, b"a"), Parting::NO_FRAME),
            (sent(0x09, b"a"), Parting::NO_FRAME),
            (sent(0x89, &[0; 126]), Parting::NO_FRAME),
            ([sent(0x01, b"a"), sent(0x81, b"b")].concat(), Parting::NO_FRAME),
            (sent(0x88, b"\x03"), Parting::NO_FRAME),
            (sent(0x88, &1005_u16.to_be_bytes()), Parting::NO_FRAME),
            (sent(0x88, b"\x03\xe8\xff"), Parting::NO_TEXT),
            (sent(0x81, b"\xff"), Parting::NO_TEXT),
            (sent(0x81, &vec![b'a'; MOST + 1]), Parting::TOO_LONG),
            ([sent(0x01, &vec![b'a'; MOST]), sent(0x80, b"a")].concat(), Parting::TOO_LONG),
            (sent(0x82, b"a"), Parting::BadMessage("Messages are text, not binary".into())),
        ];
        for (bytes, parting) in cases {
            assert_eq!(heard(&bytes, bytes.len()), Err(parting), "{:?}", &bytes[..2]);
        }
    }

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        for (length, bytes) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(text(length, "").len(), bytes, "{length}");
        }
        assert_eq!(close(1001, "Going"), b"\x88\x07\x03\xe9Going");
        assert_eq!(pong(b"?"), b"\x8a\x01?");
    }
}
