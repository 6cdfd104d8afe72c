//! Takes a PNG file apart and rebuilds it from what showing it needs.
//!
//! A PNG is a signature and a row of chunks until the end chunk (W3C, Portable Network Graphics, third edition).
//! Kept are the picture and how its colours are meant, and which way is up. Not kept: texts, time, EXIF, further
//! frames of an animation, and whatever follows the end chunk.

use super::bytes::{array, be32, slice};
use super::decode::Clean;
use super::icc::{MOST_BYTES, Profile};
use super::metadata::{minimal_exif, orientation};
use super::shot::shot;
use super::{Format, Header, Rejection};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use image::metadata::Orientation;
use moxcms::{Chromaticity, CicpProfile, ColorPrimaries, ColorProfile, MatrixCoefficients, curve_from_gamma};
use std::io::{Read, Write};

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1A\n";

/// Chunks in one file. Encoders cut the picture into chunks of 8 KiB and more: a full 32 MiB has four thousand.
const MOST_CHUNKS: usize = 65_536;

/// What is kept as it is beside the picture, and the most bytes it can need (chapter 11 of the standard). A colour profile
/// is rebuilt.
const KEPT: [(&[u8; 4], usize); 9] = [
    (b"PLTE", 768),
    (b"tRNS", 256),
    (b"gAMA", 4),
    (b"cHRM", 32),
    (b"sRGB", 1),
    (b"cICP", 4),
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
    let exif = chunks.iter().find(|chunk| &chunk.name == b"eXIf").map(|chunk| chunk.data).unwrap_or_default();
    let (orientation, shot) = (orientation(exif), shot(exif));
    let profile = profile(&chunks);
    let mut file = Vec::with_capacity(bytes.len());
    rebuild(&mut file, &chunks, (orientation, profile.as_ref()));
    Ok(Clean { bytes: file, orientation, profile: meaning(&chunks, profile), shot })
}

fn rebuild(file: &mut Vec<u8>, chunks: &[Chunk], (orientation, profile): (Orientation, Option<&Profile>)) {
    file.extend(SIGNATURE);
    for chunk in chunks.iter().filter(|chunk| chunk.is_kept()) {
        file.extend(chunk.whole);
        if &chunk.name != b"IHDR" {
            continue;
        }
        if let Some(exif) = minimal_exif(orientation) {
            put(file, *b"eXIf", &exif);
        }
        if let Some(profile) = profile {
            put(file, *b"iCCP", &[b"ICC\0\0", packed(&profile.bytes).as_slice()].concat());
        }
    }
}

/// The colour profile, if there is one that can be read: a name, a zero, another zero for the way it is packed, and the
/// packed bytes (11.3.2.3).
fn profile(chunks: &[Chunk]) -> Option<Profile> {
    let chunk = chunks.iter().find(|chunk| &chunk.name == b"iCCP")?;
    let name = chunk.data.iter().take(80).position(|byte| *byte == 0)?;
    let [0, packed @ ..] = chunk.data.get(name + 1..)? else { return None };
    let mut bytes = Vec::new();
    let most = MOST_BYTES as u64 + 1;
    ZlibDecoder::new(packed).take(most).read_to_end(&mut bytes).ok()?;
    Profile::read(&bytes)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}

/// What the colours mean, by the first of four ways to say it, in the order of the standard (12.1).
fn meaning(chunks: &[Chunk], profile: Option<Profile>) -> Option<ColorProfile> {
    let find = |name: &[u8; 4]| chunks.iter().find(|chunk| &chunk.name == name).map(|chunk| chunk.data);
    if let Some(coded) = find(b"cICP").and_then(coded) {
        return Some(coded);
    }
    if let Some(profile) = profile {
        return Some(profile.meaning);
    }
    if find(b"sRGB").is_some() {
        return None;
    }
    find(b"gAMA").and_then(|gamma| by_gamma(gamma, find(b"cHRM")))
}

/// Four numbers of ITU-T H.273: primaries, transfer, matrix and range.
fn coded(data: &[u8]) -> Option<ColorProfile> {
    let [primaries, transfer, 0, 1] = data else { return None };
    Some(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: (*primaries).try_into().ok()?,
        transfer_characteristics: (*transfer).try_into().ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

/// An exponent, and where white, red, green and blue are (11.3.2.1 and 11.3.2.2), all in 100,000ths.
fn by_gamma(gamma: &[u8], places: Option<&[u8]>) -> Option<ColorProfile> {
    let number = |data: &[u8], at: usize| {
        be32(data, at).ok().and_then(|it| u16::try_from(it / 2).ok()).map(|it| f32::from(it) / 50_000.0)
    };
    let gamma = number(gamma, 0).filter(|gamma| (0.1..=4.0).contains(gamma))?;
    let mut profile = ColorProfile::new_srgb();
    if let Some([white, red, green, blue]) = places.and_then(|data| {
        let place = |at: usize| Some(Chromaticity::new(number(data, at)?, number(data, at + 4)?));
        Some([place(0)?, place(8)?, place(16)?, place(24)?])
    }) {
        profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
    }
    let curve = Some(curve_from_gamma(1.0 / gamma));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    profile.cicp = None;
    Some(profile)
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
