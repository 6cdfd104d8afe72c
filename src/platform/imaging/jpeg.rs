//! Takes a JPEG file apart and rebuilds it from what decoding needs.
//!
//! A JPEG is a row of segments, each begun by a marker, until the end marker (ITU-T T.81, annex B). Kept are tables,
//! frame, scans, the JFIF and Adobe segments that say how colours are stored, the ICC profile, and which way is up.
//! Not kept: EXIF, XMP, IPTC, comments, previews, and whatever follows the end marker (second pictures of phones).

use super::bytes::be16;
use super::decode::Clean;
use super::metadata::{EXIF_PREFIX, minimal_exif, orientation};
use super::{Format, Header, Rejection};
use image::metadata::Orientation;

const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// Segments in one file. The largest real ones (ICC in 255 parts, extended XMP) have some hundreds.
const MOST_SEGMENTS: usize = 4_096;

/// Scans in one picture. Encoders write about ten; a small file with thousands would be decoded for minutes
/// ("Two issues with the JPEG standard", libjpeg-turbo, 2015).
const MOST_SCANS: usize = 100;

/// A marker and what belongs to it.
struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
    /// The coded picture that follows a scan header; empty for all other segments.
    coded: &'a [u8],
}

/// Walks through the segments of a file, up to the end marker. Bytes between segments are passed over, as all
/// decoders do.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How the samples of a picture stand for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

/// The frame header (T.81, B.2.2): what the picture is made of.
struct Frame {
    progressive: bool,
    width: u16,
    height: u16,
    components: Vec<Component>,
}

/// One plane of samples: brightness, a colour difference, an ink.
struct Component {
    id: u8,
    /// Samples across in one unit of the picture, 1 to 4.
    across: u32,
    /// Samples down in one unit of the picture, 1 to 4.
    down: u32,
}

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
    let segments = Segments::of(bytes).take(MOST_SEGMENTS).collect::<Result<Vec<_>, _>>()?;
    check(&segments)?;
    let orientation = segments.iter().find_map(Segment::exif).map_or(Orientation::NoTransforms, orientation);
    Ok(Clean { bytes: rebuild(&segments, orientation, bytes.len()), orientation })
}

fn rebuild(segments: &[Segment], orientation: Orientation, capacity: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(capacity);
    file.extend([0xFF, START]);
    if let Some(jfif) = segments.iter().find_map(Segment::jfif) {
        put(&mut file, APP0, &[&jfif[..12], &[0, 0]]);
    }
    if let Some(exif) = minimal_exif(orientation) {
        put(&mut file, APP1, &[EXIF_PREFIX, &exif]);
    }
    for segment in segments {
        if let Some(payload) = segment.kept() {
            put(&mut file, segment.marker, &[payload]);
            file.extend(segment.coded);
        }
    }
    file.extend([0xFF, END]);
    file
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

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        // The start marker is what the file was recognised by.
        Segments { bytes, at: 2 }
    }

    fn read(&mut self) -> Result<Option<Segment<'a>>, Rejection> {
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
fn find_ff(bytes: &[u8]) -> Option<usize> {
    const STEP: usize = 64;
    let step = bytes.chunks(STEP).position(|chunk| chunk.contains(&0xFF))?;
    let chunk = &bytes[step * STEP..];
    chunk.iter().position(|byte| *byte == 0xFF).map(|at| step * STEP + at)
}

impl<'a> Segment<'a> {
    /// The part of a segment that is written again; `None` when it is not on the allow-list.
    fn kept(&self) -> Option<&'a [u8]> {
        match self.marker {
            // Frames, Huffman tables, scans, quantisation tables, restart interval.
            0xC0..=0xC2 | 0xC4 | SCAN | 0xDB | 0xDD => Some(self.payload),
            APP2 => self.icc(),
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

    /// A part of the colour profile (ICC.1:2022, B.4). Other things in APP2 (lists of further pictures) are not.
    fn icc(&self) -> Option<&'a [u8]> {
        self.payload.starts_with(b"ICC_PROFILE\0").then_some(self.payload)
    }

    /// The twelve bytes in which Adobe says how colours are stored; the last of them counts.
    fn adobe(&self) -> Option<&'a [u8]> {
        let is_adobe = self.marker == APP14 && self.payload.starts_with(b"Adobe");
        self.payload.get(..12).filter(|_| is_adobe)
    }
}

impl Frame {
    /// Reads a frame header. Only what browsers show is accepted: baseline, extended and progressive, Huffman, 8 bits.
    fn read(segment: &Segment) -> Result<Option<Frame>, Rejection> {
        match segment.marker {
            0xC0..=0xC2 => Frame::parse(segment).map(Some),
            // Lossless, hierarchical and arithmetic coding.
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF => Err(Rejection::UnsupportedMedia),
            _ => Ok(None),
        }
    }

    fn parse(segment: &Segment) -> Result<Frame, Rejection> {
        let [precision, h0, h1, w0, w1, count, components @ ..] = segment.payload else {
            return Err(Rejection::Damaged);
        };
        let height = u16::from_be_bytes([*h0, *h1]);
        if components.len() != 3 * usize::from(*count) {
            return Err(Rejection::Damaged);
        }
        // Height 0 means that it follows the first scan, which nothing but scanners of old ever wrote.
        if *precision != 8 || height == 0 || !matches!(count, 1 | 3 | 4) {
            return Err(Rejection::UnsupportedMedia);
        }
        Ok(Frame {
            progressive: segment.marker == 0xC2,
            width: u16::from_be_bytes([*w0, *w1]),
            height,
            components: components.chunks_exact(3).map(Component::read).collect::<Result<_, _>>()?,
        })
    }

    fn header(&self) -> Header {
        Header {
            format: Format::Jpeg,
            width: self.width.into(),
            height: self.height.into(),
            weight: if self.progressive { self.progressive_weight() } else { 0 },
        }
    }

    /// Bytes for each pixel of a progressive picture: all coefficients, 2 bytes each, are kept until the last scan,
    /// and on their way to the screen they are copied once.
    fn progressive_weight(&self) -> u32 {
        let samples: u32 = self.components.iter().map(|it| it.across * it.down).sum();
        (4 * samples).div_ceil(self.most_across() * self.most_down())
    }

    fn most_across(&self) -> u32 {
        self.components.iter().map(|it| it.across).max().unwrap_or(1)
    }

    fn most_down(&self) -> u32 {
        self.components.iter().map(|it| it.down).max().unwrap_or(1)
    }

    fn colour(&self, jfif: bool, adobe: Option<u8>) -> Result<Colour, Rejection> {
        let names: Vec<u8> = self.components.iter().map(|it| it.id).collect();
        match (names.as_slice(), jfif, adobe) {
            ([_], ..) => Ok(Colour::Grey),
            ([_, _, _], false, Some(0)) | (b"RGB", false, None) => Ok(Colour::Rgb),
            ([_, _, _], ..) => Ok(Colour::YCbCr),
            ([_, _, _, _], _, Some(2)) => Ok(Colour::Ycck),
            ([_, _, _, _], ..) => Ok(Colour::Cmyk),
            _ => Err(Rejection::UnsupportedMedia),
        }
    }

    /// Whether the scans bring the whole picture, as far as can be told without decoding it.
    fn is_filled_by(&self, scans: &[&Segment]) -> bool {
        let coded: usize = scans.iter().map(|scan| scan.coded.len()).sum();
        // Each block of 8 × 8 takes a bit at the very least, in both ways of coding.
        let blocks = usize::from(self.width / 8) * usize::from(self.height / 8);
        coded * 8 >= blocks && (!self.progressive || self.is_completed_by(scans))
    }

    /// Whether each of the 64 coefficients of each component arrives at full precision.
    fn is_completed_by(&self, scans: &[&Segment]) -> bool {
        self.components.iter().all(|component| {
            let scans = scans.iter().map(|scan| scan.completes(component.id));
            scans.fold(0, |all, some| all | some) == u64::MAX
        })
    }
}

impl Component {
    fn read(bytes: &[u8]) -> Result<Component, Rejection> {
        let (across, down) = (u32::from(bytes[1] >> 4), u32::from(bytes[1] & 15));
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(Rejection::Damaged);
        }
        Ok(Component { id: bytes[0], across, down })
    }
}

impl Segment<'_> {
    /// The coefficients of a component that this scan brings to full precision, one bit for each
    /// (T.81, B.2.3: components, first and last coefficient, precision).
    fn completes(&self, component: u8) -> u64 {
        let Some((count, rest)) = self.payload.split_first() else {
            return 0;
        };
        let Some((components, [first, last, precision])) = rest.split_at_checked(2 * usize::from(*count)) else {
            return 0;
        };
        let named = components.chunks_exact(2).any(|it| it[0] == component);
        if !named || precision & 15 != 0 || first > last || *last > 63 {
            return 0;
        }
        (u64::MAX >> (63 - last)) & (u64::MAX << first)
    }
}
