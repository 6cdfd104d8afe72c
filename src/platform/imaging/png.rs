//! Takes a PNG file apart and rebuilds it from what showing it needs.
//!
//! A PNG is a signature and a row of chunks until the end chunk (W3C, Portable Network Graphics, third edition).
//! Kept are the picture and how its colours are meant, and which way is up. Not kept: texts, time, EXIF, further
//! frames of an animation, and whatever follows the end chunk.

use super::bytes::{array, be32, slice};
use super::decode::Clean;
use super::metadata::{minimal_exif, orientation};
use super::{Format, Header, Rejection};
use image::metadata::Orientation;

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1A\n";

/// Chunks in one file. Encoders cut the picture into chunks of 8 KiB and more: a full 32 MiB has four thousand.
const MOST_CHUNKS: usize = 65_536;

/// What is kept beside the picture, and the most bytes it can need (chapter 11 of the standard). A real colour
/// profile has from 0.5 KB to 3 MB.
const KEPT: [(&[u8; 4], usize); 10] = [
    (b"PLTE", 768),
    (b"tRNS", 256),
    (b"gAMA", 4),
    (b"cHRM", 32),
    (b"sRGB", 1),
    (b"cICP", 4),
    (b"iCCP", 4 << 20),
    (b"pHYs", 9),
    (b"bKGD", 6),
    (b"sBIT", 4),
];

/// A part of the file: its name, its data, and all its bytes with length and checksum.
struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
    whole: &'a [u8],
}

/// Reads how large a PNG is: its first chunk.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Rejection> {
    let first = chunk(bytes, SIGNATURE.len())?;
    if &first.name != b"IHDR" || first.data.len() != 13 {
        return Err(Rejection::Damaged);
    }
    Ok(Header {
        format: Format::Png,
        width: be32(first.data, 0)?,
        height: be32(first.data, 4)?,
        weight: weight(first.data[8], first.data[9])?,
    })
}

/// Bytes for each pixel once decoded: channels, with the transparent one that may be added, at 8 or 16 bits.
fn weight(depth: u8, colour: u8) -> Result<u32, Rejection> {
    let channels = match colour {
        0 | 4 => 2,
        2 | 3 | 6 => 4,
        _ => return Err(Rejection::Damaged),
    };
    Ok(if depth == 16 { 2 * channels } else { channels })
}

/// Rebuilds a PNG from the chunks on the allow-list.
pub(super) fn clean(bytes: &[u8]) -> Result<Clean, Rejection> {
    let chunks = chunks(bytes)?;
    let orientation = chunks
        .iter()
        .find(|chunk| &chunk.name == b"eXIf")
        .map_or(Orientation::NoTransforms, |chunk| orientation(chunk.data));
    Ok(Clean { bytes: rebuild(&chunks, orientation, bytes.len()), orientation })
}

fn rebuild(chunks: &[Chunk], orientation: Orientation, capacity: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(capacity);
    file.extend(SIGNATURE);
    for chunk in chunks.iter().filter(|chunk| chunk.is_kept()) {
        file.extend(chunk.whole);
        if let Some(exif) = minimal_exif(orientation).filter(|_| &chunk.name == b"IHDR") {
            put(&mut file, *b"eXIf", &exif);
        }
    }
    file
}

/// Writes one chunk: length, name, data, and a checksum over name and data.
fn put(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let checksum = crc32(&file[start..]);
    file.extend(checksum.to_be_bytes());
}

/// The checksum of PNG (annex D of the standard), a bit at a time: it is made over 30 bytes at most.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc
}

/// All chunks up to the end chunk, which must be there.
fn chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, Rejection> {
    let (mut chunks, mut at) = (Vec::new(), SIGNATURE.len());
    while chunks.len() < MOST_CHUNKS {
        let chunk = chunk(bytes, at)?;
        at += chunk.whole.len();
        let is_end = &chunk.name == b"IEND";
        chunks.push(chunk);
        if is_end {
            return Ok(chunks);
        }
    }
    Err(Rejection::Damaged)
}

fn chunk(bytes: &[u8], at: usize) -> Result<Chunk<'_>, Rejection> {
    let length = usize::try_from(be32(bytes, at)?).map_err(|_| Rejection::Damaged)?;
    let whole = slice(bytes, at, length.checked_add(12).ok_or(Rejection::Damaged)?)?;
    Ok(Chunk { name: array(whole, 4)?, data: &whole[8..8 + length], whole })
}

impl Chunk<'_> {
    fn is_kept(&self) -> bool {
        match &self.name {
            b"IHDR" | b"IDAT" => true,
            b"IEND" => self.data.is_empty(),
            name => KEPT.iter().any(|(kept, most)| *kept == name && self.data.len() <= *most),
        }
    }
}
