//! The end of a session, as processes tell it each other beside the log: it must be known everywhere at once, also while
//! the log stands still.

use crate::base::clock::Timestamp;
use crate::base::ids::{SessionId, UserId};

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionEnd {
    /// The session.
    pub session: SessionId,
    /// Whose it was.
    pub user: UserId,
    /// When it ended.
    pub at: Timestamp,
}

/// As a message.
pub(super) fn write(end: SessionEnd) -> String {
    format!("{} {} {}", end.session, end.user, end.at.0)
}

/// Reads a message; `None` when it is of a version that says it in another way.
pub(super) fn read(text: &str) -> Option<SessionEnd> {
    let mut words = text.split(' ');
    let (session, user, at) = (words.next()?, words.next()?, words.next()?);
    Some(SessionEnd { session: session.parse().ok()?, user: user.parse().ok()?, at: Timestamp(at.parse().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let end = SessionEnd { session: SessionId(7), user: UserId(8), at: Timestamp(9) };
        assert_eq!(read(&write(end)), Some(end));
        for wrong in ["", "1 2 3", "ses_1 usr_1", "ses_1 usr_1 x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
