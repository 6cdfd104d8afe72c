//! Why a file cannot become a photo, in words for the person who sent it.

use super::header::{Format, TYPES};
use std::fmt;

/// Why a file cannot become a photo. Its `Display` is a sentence that may be shown to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Not a kind of file that is accepted, or a rare kind of JPEG that browsers do not show either.
    UnsupportedMedia,
    /// The file is one kind and was announced as another.
    WrongType {
        /// What the sender said.
        declared: Format,
        /// What the bytes say.
        found: Format,
    },
    /// Too many bytes.
    TooLarge {
        /// The most that is accepted, in bytes.
        limit: u64,
    },
    /// Too many pixels, for any picture or for one of this kind that has to be decoded whole.
    TooManyPixels {
        /// The most that is accepted, in pixels.
        limit: u64,
    },
    /// Too long a side.
    TooLong {
        /// The most that is accepted, in pixels.
        limit: u32,
    },
    /// It takes too long to decode.
    TooSlow {
        /// The most that is accepted, in seconds.
        limit: u64,
    },
    /// Cut off, or not what its header promises.
    Damaged,
}

impl Rejection {
    /// The limit that was passed, when there is one: a plain number, or the types that are accepted.
    #[must_use]
    pub fn limit(&self) -> Option<String> {
        match self {
            Rejection::UnsupportedMedia => Some(TYPES.join(", ")),
            Rejection::TooLarge { limit } | Rejection::TooManyPixels { limit } | Rejection::TooSlow { limit } => {
                Some(limit.to_string())
            }
            Rejection::TooLong { limit } => Some(limit.to_string()),
            Rejection::WrongType { .. } | Rejection::Damaged => None,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::UnsupportedMedia => {
                f.write_str("This kind of file is not accepted. Photos can be JPEG, PNG or WebP.")
            }
            Rejection::WrongType { declared, found } => {
                write!(f, "The file was announced as {declared}, but it is a {found}.")
            }
            Rejection::TooLarge { limit } => {
                write!(f, "The file is larger than {} MB.", limit >> 20)
            }
            Rejection::TooManyPixels { limit } => {
                write!(f, "The photo has more than {} megapixels.", limit / 1_000_000)
            }
            Rejection::TooLong { limit } => {
                write!(f, "The photo is longer than {limit} pixels on one side.")
            }
            Rejection::TooSlow { limit } => {
                write!(f, "The photo takes more than {limit} seconds to open.")
            }
            Rejection::Damaged => f.write_str("The file is damaged or incomplete."),
        }
    }
}

impl std::error::Error for Rejection {}
