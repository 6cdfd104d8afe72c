//! The segments of a JPEG file: each is begun by a marker, until the end marker (ITU-T T.81, annex B).

use super::Rejection;
use super::bytes::be16;

pub(super) const START: u8 = 0xD8;
pub(super) const END: u8 = 0xD9;
pub(super) const SCAN: u8 = 0xDA;

/// A marker and what belongs to it.
pub(super) struct Segment<'a> {
    pub marker: u8,
    pub payload: &'a [u8],
    /// The coded picture that follows a scan header; empty for all other segments.
    pub coded: &'a [u8],
}

/// Walks through the segments of a file, up to the end marker. Bytes between segments are passed over, as all
/// decoders do.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Segments<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        // The start marker is what the file was recognised by.
        Segments { bytes, at: 2 }
    }

    pub fn read(&mut self) -> Result<Option<Segment<'a>>, Rejection> {
        let marker = loop {
            match self.marker()? {
                END => return Ok(None),
                START => return Err(Rejection::Damaged),
                // Markers that stand alone: restarts left over from a scan, and one for private use.
                0x01 | 0xD0..=0xD7 => {}
                marker => break marker,
            }
        };
        let payload = self.payload()?;
        let coded = if marker == SCAN { self.coded()? } else { &[] };
        Ok(Some(Segment { marker, payload, coded }))
    }

    /// A marker is 0xFF, repeated at will, and a byte that is neither 0 nor 0xFF (T.81, B.1.1.2).
    fn marker(&mut self) -> Result<u8, Rejection> {
        loop {
            let rest = self.bytes.get(self.at..).ok_or(Rejection::Damaged)?;
            self.at += find_ff(rest).ok_or(Rejection::Damaged)? + 1;
            match self.bytes.get(self.at) {
                None => return Err(Rejection::Damaged),
                Some(0xFF) => {}
                Some(0x00) => self.at += 1,
                Some(marker) => {
                    self.at += 1;
                    return Ok(*marker);
                }
            }
        }
    }

    fn payload(&mut self) -> Result<&'a [u8], Rejection> {
        let length = usize::from(be16(self.bytes, self.at)?);
        let end = self.at + length;
        let payload = self.bytes.get(self.at + 2..end).ok_or(Rejection::Damaged)?;
        self.at = end;
        Ok(payload)
    }

    /// The coded picture goes on over restart markers and over 0xFF followed by 0, which stands for 0xFF itself.
    fn coded(&mut self) -> Result<&'a [u8], Rejection> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).ok_or(Rejection::Damaged)?;
            let end = self.at + find_ff(rest).ok_or(Rejection::Damaged)?;
            match self.bytes.get(end + 1) {
                None => return Err(Rejection::Damaged),
                Some(0xFF) => self.at = end + 1,
                Some(0x00 | 0xD0..=0xD7) => self.at = end + 2,
                Some(_) => {
                    self.at = end;
                    return Ok(&self.bytes[start..end]);
                }
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Rejection>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Where the next 0xFF is. `contains` looks at many bytes at once, and in coded pictures 0xFF is rare.
pub(super) fn find_ff(bytes: &[u8]) -> Option<usize> {
    const STEP: usize = 64;
    let step = bytes.chunks(STEP).position(|chunk| chunk.contains(&0xFF))?;
    let chunk = &bytes[step * STEP..];
    chunk.iter().position(|byte| *byte == 0xFF).map(|at| step * STEP + at)
}
