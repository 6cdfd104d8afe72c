//! Takes a WebP file apart and rebuilds it from what showing it needs.
//!
//! A WebP is a RIFF file: a row of chunks (RFC 9649). Kept are the picture or the frames of an animation,
//! transparency, the colour profile, and which way is up. Not kept: EXIF, XMP, chunks nobody knows, and whatever
//! follows the end.

use super::bytes::{array, le16, le24, le32, slice};
use super::decode::Clean;
use super::icc::Profile;
use super::metadata::{minimal_exif, orientation};
use super::shot::shot;
use super::{Format, Header, Rejection};
use image::metadata::Orientation;

/// `RIFF`, the length of the rest, `WEBP`.
const PREAMBLE: usize = 12;

/// Chunks in one file: more than any animation of 32 MiB has frames.
const MOST_CHUNKS: usize = 65_536;

/// Bytes that say where and how long a frame of an animation is shown, before its own chunks (RFC 9649, 2.7.1.1).
const FRAME_HEADER: usize = 16;

/// Flags of the extended header (RFC 9649, 2.7.1).
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_ANIMATION: u8 = 0x02;

/// Bytes for each pixel while decoding: the decoded frame, its transparency and a copy; an animation has a canvas too.
const WEIGHT: u32 = 8;
const WEIGHT_OF_ANIMATION: u32 = 16;

/// A part of the file.
struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

/// Reads how large a WebP is: its first chunk.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Rejection> {
    let first = chunk(bytes, PREAMBLE)?;
    let (width, height) = match &first.name {
        b"VP8X" => (le24(first.data, 4)? + 1, le24(first.data, 7)? + 1),
        b"VP8L" => lossless_size(first.data)?,
        b"VP8 " => (u32::from(le16(first.data, 6)? & 0x3FFF), u32::from(le16(first.data, 8)? & 0x3FFF)),
        _ => return Err(Rejection::Damaged),
    };
    let animated = &first.name == b"VP8X" && first.data[0] & HAS_ANIMATION != 0;
    let weight = if animated { WEIGHT_OF_ANIMATION } else { WEIGHT };
    Ok(Header { format: Format::WebP, width, height, weight })
}

/// After a signature byte, 14 bits of width less one and 14 bits of height less one (RFC 9649, 3.4).
fn lossless_size(data: &[u8]) -> Result<(u32, u32), Rejection> {
    let bits = le32(data, 1)?;
    Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}

/// Rebuilds a WebP from the chunks on the allow-list.
pub(super) fn clean(bytes: &[u8]) -> Result<Clean, Rejection> {
    let length = usize::try_from(le32(bytes, 4)?).map_err(|_| Rejection::Damaged)?;
    let chunks = chunks(slice(bytes, 8, length)?, 4)?;
    let find = |name: &[u8; 4]| chunks.iter().find(|chunk| &chunk.name == name).map(|chunk| chunk.data);
    let exif = find(b"EXIF").unwrap_or_default();
    let (orientation, shot) = (orientation(exif), shot(exif));
    let profile = find(b"ICCP").and_then(Profile::read);
    let body = match chunks.first() {
        Some(first) if &first.name == b"VP8X" => extended(first, &chunks[1..], (orientation, profile.as_ref()))?,
        Some(first) if first.is_picture() => {
            return Ok(Clean { bytes: simple(first)?, orientation, profile: None, shot });
        }
        _ => return Err(Rejection::Damaged),
    };
    Ok(Clean { bytes: body, orientation, profile: profile.map(|it| it.meaning), shot })
}

/// A file that is one picture and nothing else.
fn simple(picture: &Chunk) -> Result<Vec<u8>, Rejection> {
    let mut file = begin(picture.data.len());
    put(&mut file, picture.name, picture.data);
    finish(file)
}

/// A file with an extended header, whose flags must say what is there now.
fn extended(
    head: &Chunk,
    chunks: &[Chunk],
    (orientation, profile): (Orientation, Option<&Profile>),
) -> Result<Vec<u8>, Rejection> {
    let exif = minimal_exif(orientation);
    let mut file = begin(chunks.iter().map(|chunk| chunk.data.len()).sum());
    let mut flags = array::<10>(head.data, 0)?;
    flags[0] &= HAS_ALPHA | HAS_ANIMATION;
    flags[1..4].fill(0);
    if profile.is_some() {
        flags[0] |= HAS_PROFILE;
    }
    if exif.is_some() {
        flags[0] |= HAS_EXIF;
    }
    put(&mut file, *b"VP8X", &flags);
    if let Some(profile) = profile {
        put(&mut file, *b"ICCP", &profile.bytes);
    }
    for chunk in chunks {
        chunk.write(&mut file)?;
    }
    if let Some(exif) = exif {
        put(&mut file, *b"EXIF", &exif);
    }
    finish(file)
}

fn begin(capacity: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(capacity + 128);
    file.extend(b"RIFF\0\0\0\0WEBP");
    file
}

/// Writes the length of the file into its preamble.
fn finish(mut file: Vec<u8>) -> Result<Vec<u8>, Rejection> {
    let length = u32::try_from(file.len() - 8).map_err(|_| Rejection::Damaged)?;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(file)
}

/// Writes one chunk; those of odd length are followed by a zero.
fn put(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend(name);
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend(data);
    file.extend(std::iter::repeat_n(0, data.len() % 2));
}

/// All chunks from `at` to the end of `bytes`. One that is cut off means that the file is.
fn chunks(bytes: &[u8], mut at: usize) -> Result<Vec<Chunk<'_>>, Rejection> {
    let mut chunks = Vec::new();
    while at < bytes.len() {
        let chunk = chunk(bytes, at)?;
        at += 8 + chunk.data.len().next_multiple_of(2);
        chunks.push(chunk);
        if chunks.len() > MOST_CHUNKS {
            return Err(Rejection::Damaged);
        }
    }
    Ok(chunks)
}

fn chunk(bytes: &[u8], at: usize) -> Result<Chunk<'_>, Rejection> {
    let length = usize::try_from(le32(bytes, at + 4)?).map_err(|_| Rejection::Damaged)?;
    Ok(Chunk { name: array(bytes, at)?, data: slice(bytes, at + 8, length)? })
}

impl Chunk<'_> {
    fn is_picture(&self) -> bool {
        matches!(&self.name, b"VP8 " | b"VP8L")
    }

    /// Writes the chunk if it is on the allow-list; of a frame of an animation, what is on it there.
    fn write(&self, file: &mut Vec<u8>) -> Result<(), Rejection> {
        match &self.name {
            b"ANIM" | b"ALPH" | b"VP8 " | b"VP8L" => put(file, self.name, self.data),
            b"ANMF" => put(file, self.name, &self.frame()?),
            _ => {}
        }
        Ok(())
    }

    /// A frame of an animation is a small file of its own, and may hide unknown chunks too.
    fn frame(&self) -> Result<Vec<u8>, Rejection> {
        let mut frame = slice(self.data, 0, FRAME_HEADER)?.to_vec();
        for chunk in chunks(self.data, FRAME_HEADER)? {
            if chunk.is_picture() || &chunk.name == b"ALPH" {
                put(&mut frame, chunk.name, chunk.data);
            }
        }
        Ok(frame)
    }
}
