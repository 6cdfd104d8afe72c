//! The part of a file that somebody asks for: `Range` with one range of bytes. Everything else is answered with the whole.

use crate::platform::blobs::Part;

/// What of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// A part of it.
    Part(Part),
    /// What it does not have.
    Nothing,
}

/// What a `Range` asks for of a file with so many bytes (RFC 9110, section 14).
pub(super) fn wanted(range: &str, length: u64) -> Wanted {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::Whole;
    };
    let part = match (first, last, number(first), number(last)) {
        ("", _, None, Some(end)) => (length.saturating_sub(end), length),
        (_, "", Some(from), None) => (from, length),
        (_, _, Some(from), Some(last)) if from <= last => (from, length.min(last.saturating_add(1))),
        _ => return Wanted::Whole,
    };
    match part {
        (from, end) if from < end => Wanted::Part(Part { from, bytes: end - from }),
        _ => Wanted::Nothing,
    }
}

/// Digits only: what `parse` takes beside them is no number here.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_and_all_else_the_whole() {
        let part = |from, bytes| Wanted::Part(Part { from, bytes });
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 100)),
            ("bytes=10-19", part(10, 10)),
            ("bytes=90-1000", part(90, 10)),
            ("bytes=90-", part(90, 10)),
            ("bytes=-10", part(90, 10)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=100-200", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=20-10", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range:?}");
        }
    }
}
