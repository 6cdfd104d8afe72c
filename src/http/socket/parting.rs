//! Why a socket closes: the protocol's codes, and a few sentences of ours.

use super::frame;
use super::line::Chunk;
use crate::domain::sessions;

/// Bytes that a reason can have (RFC 6455, section 5.5: 125 with the code).
const REASON_BYTES: usize = 123;

/// Why a socket closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// The client is gone already.
    Gone,
    /// The client closed, and is told so.
    Answered(u16),
    /// A code and a reason that never change.
    Code(u16, &'static str),
    /// `4403`: what a request with these credentials would be answered with 401.
    Forbidden(String),
    /// `4400`: what is wrong with a message.
    BadMessage(String),
    /// `4409`: the id that is used twice.
    Twice(String),
}

impl Parting {
    pub(super) const STOPPING: Self = Self::Code(1001, "Going away");
    pub(super) const NO_FRAME: Self = Self::Code(1002, "Not a WebSocket frame that fits here");
    pub(super) const NO_TEXT: Self = Self::Code(1007, "Not UTF-8");
    pub(super) const TOO_LONG: Self = Self::Code(1009, "Message too long");
    pub(super) const OVERLOADED: Self = Self::Code(1013, "OVERLOADED: too much is held for clients");
    pub(super) const UNAUTHORIZED: Self = Self::Code(4401, "Unauthorized");
    pub(super) const SESSION_ENDED: Self = Self::Code(4403, sessions::ENDED);
    pub(super) const OTHER_PROTOCOL: Self = Self::Code(4406, "Subprotocol not acceptable");
    pub(super) const NO_INIT: Self = Self::Code(4408, "Connection initialisation timeout");
    pub(super) const TOO_MANY_INITS: Self = Self::Code(4429, "Too many initialisation requests");
    pub(super) const TOO_MANY: Self = Self::Code(4498, "RATE_LIMITED: too many connections of this session");
    pub(super) const SILENT: Self = Self::Code(4499, "No sign of life");

    pub(super) const SLOW: Self = Self::Code(4499, "Message too slow");

    /// Whether the server wants it, and not for anything the client did on the socket.
    pub(super) fn is_of_ours(&self) -> bool {
        matches!(*self, Self::STOPPING | Self::SESSION_ENDED)
    }

    /// The close message to send; none to a client that is gone.
    pub(super) fn message(self) -> Option<Chunk> {
        let (code, reason) = self.said()?;
        Some(Chunk::frame(frame::close(code, shortened(&reason, REASON_BYTES))))
    }

    fn said(self) -> Option<(u16, String)> {
        Some(match self {
            Self::Gone => return None,
            Self::Answered(code) => (code, String::new()),
            Self::Code(code, reason) => (code, reason.to_owned()),
            Self::Forbidden(reason) => (4403, reason),
            Self::BadMessage(reason) => (4400, reason),
            Self::Twice(id) => (4409, twice(&id)),
        })
    }
}

/// The protocol's sentence, whose end must not be lost to a long id.
fn twice(id: &str) -> String {
    const AROUND: usize = "Subscriber for  already exists".len();
    format!("Subscriber for {} already exists", shortened(id, REASON_BYTES - AROUND))
}

fn shortened(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(parting: Parting) -> (u16, String) {
        let (code, reason) = parting.said().expect("a reason");
        (code, shortened(&reason, REASON_BYTES).to_owned())
    }

    #[test]
    fn reasons_fit_into_a_close_message() {
        assert_eq!(reason(Parting::Twice("a".into())), (4409, "Subscriber for a already exists".into()));
        let (code, long) = reason(Parting::Twice("ä".repeat(100)));
        assert!(code == 4409 && long.len() <= 123 && long.ends_with("ä already exists"), "{long}");
        let (code, long) = reason(Parting::BadMessage("ö".repeat(100)));
        assert!(code == 4400 && long.len() == 122, "{long}");
        assert!(Parting::Gone.message().is_none());
    }
}
