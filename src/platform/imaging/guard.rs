//! Makes the JPEG decoder notice when a picture ends too early.
//!
//! A decoder that meets the next marker in the middle of a picture paints the rest grey and says nothing, so a photo cut
//! in half and closed again would be shown. Between the end of each scan and the marker that follows, the decoder is
//! therefore given some bytes that are not in the file.

use super::Rejection;
use super::jpeg::scan_ends;
use std::io::{self, Read};

/// First as many zeros as the decoder looks ahead at the end of a complete scan (it keeps 64 bits), then a marker that
/// cannot be. Looking for the next marker, the decoder passes over both; inside a picture it stops there with an error.
/// At most the last 8 bytes can be missing without being noticed.
const GUARD: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0];

/// A JPEG as the decoder is to read it.
pub(super) struct Guarded<'a> {
    parts: std::vec::IntoIter<&'a [u8]>,
    now: &'a [u8],
}

impl<'a> Guarded<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let (mut parts, mut start) = (Vec::new(), 0);
        for end in scan_ends(bytes)? {
            parts.extend([&bytes[start..end], GUARD]);
            start = end;
        }
        parts.push(&bytes[start..]);
        Ok(Guarded { parts: parts.into_iter(), now: &[] })
    }
}

impl Read for Guarded<'_> {
    #[inline]
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.parts.next() {
                Some(part) => self.now = part,
                None => return Ok(0),
            }
        }
        self.now.read(target)
    }
}
