//! Takes a JPEG file apart and rebuilds it from what decoding needs.
//!
//! A JPEG is a row of segments, each begun by a marker, until the end marker (ITU-T T.81, annex B). Kept are tables,
//! frame, scans, the JFIF and Adobe segments that say how colours are stored, the ICC profile, and which way is up.
//! Not kept: EXIF, XMP, IPTC, comments, previews, and whatever follows the end marker (second pictures of phones).

use super::decode::Clean;
use super::frame::{Colour, Frame};
use super::icc::Profile;
use super::metadata::{EXIF_PREFIX, minimal_exif, orientation};
use super::segments::{END, SCAN, START, Segment, Segments};
use super::shot::shot;
use super::{Header, Rejection};
use image::metadata::Orientation;

const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// What a part of a colour profile begins with, and the most bytes it has (ICC.1:2022, B.4).
const ICC_PREFIX: &[u8] = b"ICC_PROFILE\0";
const MOST_ICC: usize = 65_519;

/// Segments in one file. The largest real ones (ICC in 255 parts, extended XMP) have some hundreds.
const MOST_SEGMENTS: usize = 4_096;

/// Scans in one picture. Encoders write about ten; a small file with thousands would be decoded for minutes
/// ("Two issues with the JPEG standard", libjpeg-turbo, 2015).
const MOST_SCANS: usize = 100;

/// Reads how large a JPEG is, up to its frame header.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Rejection> {
    for segment in Segments::of(bytes).take(MOST_SEGMENTS) {
        if let Some(frame) = Frame::read(&segment?)? {
            return Ok(frame.header());
        }
    }
    Err(Rejection::Damaged)
}

/// How the colours of a JPEG are stored: the rules of JFIF (ITU-T T.871) first, then those of Adobe (technical
/// note 5116), then the names of the components.
pub(super) fn colour(bytes: &[u8]) -> Result<Colour, Rejection> {
    let (mut jfif, mut adobe) = (false, None);
    for segment in Segments::of(bytes).take(MOST_SEGMENTS) {
        let segment = segment?;
        jfif |= segment.jfif().is_some();
        adobe = adobe.or(segment.adobe().map(|payload| payload[11]));
        if let Some(frame) = Frame::read(&segment)? {
            return frame.colour(jfif, adobe);
        }
    }
    Err(Rejection::Damaged)
}

/// Where the coded picture of each scan ends, counted from the start of the file.
pub(super) fn scan_ends(bytes: &[u8]) -> Result<Vec<usize>, Rejection> {
    let (mut segments, mut ends) = (Segments::of(bytes), Vec::new());
    while let Some(segment) = segments.read()? {
        if segment.marker == SCAN {
            ends.push(segments.at);
        }
    }
    Ok(ends)
}

/// Rebuilds a JPEG from the parts on the allow-list.
pub(super) fn clean(bytes: &[u8]) -> Result<Clean, Rejection> {
    clean_as(bytes, None)
}

/// The same, where it is known which way is up, whatever the metadata says.
pub(super) fn clean_as(bytes: &[u8], known: Option<Orientation>) -> Result<Clean, Rejection> {
    let segments = Segments::of(bytes).take(MOST_SEGMENTS).collect::<Result<Vec<_>, _>>()?;
    check(&segments)?;
    let exif = segments.iter().find_map(Segment::exif).unwrap_or_default();
    let (orientation, shot) = (known.unwrap_or_else(|| orientation(exif)), shot(exif));
    let profile = Profile::read(&profile(&segments));
    let mut file = Vec::with_capacity(bytes.len());
    rebuild(&mut file, &segments, (orientation, profile.as_ref()));
    Ok(Clean { bytes: file, orientation, profile: profile.map(|it| it.meaning), shot })
}

/// The colour profile, put together from its parts (ICC.1:2022, B.4): each says which it is.
fn profile(segments: &[Segment]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = segments.iter().filter_map(Segment::icc).collect();
    parts.sort_by_key(|part| part.first());
    parts.iter().flat_map(|part| part.get(2..).unwrap_or_default()).copied().collect()
}

fn rebuild(file: &mut Vec<u8>, segments: &[Segment], (orientation, profile): (Orientation, Option<&Profile>)) {
    file.extend([0xFF, START]);
    if let Some(jfif) = segments.iter().find_map(Segment::jfif) {
        put(file, APP0, &[&jfif[..12], &[0, 0]]);
    }
    if let Some(exif) = minimal_exif(orientation) {
        put(file, APP1, &[EXIF_PREFIX, &exif]);
    }
    let parts: Vec<&[u8]> = profile.map(|it| it.bytes.chunks(MOST_ICC).collect()).unwrap_or_default();
    for (number, part) in (1..).zip(&parts) {
        put(file, APP2, &[ICC_PREFIX, &[number, u8::try_from(parts.len()).unwrap_or(u8::MAX)], part]);
    }
    for segment in segments {
        if let Some(payload) = segment.kept() {
            put(file, segment.marker, &[payload]);
            file.extend(segment.coded);
        }
    }
    file.extend([0xFF, END]);
}

/// Writes one segment; its length counts itself.
fn put(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length: usize = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    file.extend([0xFF, marker]);
    file.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    for part in parts {
        file.extend(*part);
    }
}

/// Refuses what would be shown in part: decoders fill what is missing with grey, or stay blurred, without a word.
fn check(segments: &[Segment]) -> Result<(), Rejection> {
    let mut frames = Vec::new();
    for segment in segments {
        frames.extend(Frame::read(segment)?);
    }
    let [frame] = frames.as_slice() else {
        return Err(Rejection::Damaged);
    };
    let scans: Vec<&Segment> = segments.iter().filter(|it| it.marker == SCAN).collect();
    if scans.is_empty() || scans.len() > MOST_SCANS || !frame.is_filled_by(&scans) {
        return Err(Rejection::Damaged);
    }
    Ok(())
}

impl<'a> Segment<'a> {
    /// The part of a segment that is written again; `None` when it is not on the allow-list.
    fn kept(&self) -> Option<&'a [u8]> {
        match self.marker {
            // Frames, Huffman tables, scans, quantisation tables, restart interval.
            0xC0..=0xC2 | 0xC4 | SCAN | 0xDB | 0xDD => Some(self.payload),
            APP14 => self.adobe(),
            _ => None,
        }
    }

    /// The JFIF header; a preview may follow it.
    fn jfif(&self) -> Option<&'a [u8]> {
        let is_jfif = self.marker == APP0 && self.payload.starts_with(b"JFIF\0");
        self.payload.get(..12).filter(|_| is_jfif)
    }

    /// The EXIF block with its prefix.
    fn exif(&self) -> Option<&'a [u8]> {
        (self.marker == APP1 && self.payload.starts_with(EXIF_PREFIX)).then_some(self.payload)
    }

    /// A part of the colour profile: its number, how many there are, and its bytes. Other things in APP2 (lists of
    /// further pictures) are not.
    fn icc(&self) -> Option<&'a [u8]> {
        self.payload.strip_prefix(ICC_PREFIX).filter(|_| self.marker == APP2)
    }

    /// The twelve bytes in which Adobe says how colours are stored; the last of them counts.
    fn adobe(&self) -> Option<&'a [u8]> {
        let is_adobe = self.marker == APP14 && self.payload.starts_with(b"Adobe");
        self.payload.get(..12).filter(|_| is_adobe)
    }
}
