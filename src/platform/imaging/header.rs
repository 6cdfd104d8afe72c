//! What kind of picture a file is and how large, read from its first bytes and never from its name.

use super::{Limits, Rejection, jpeg, png, webp};
use std::fmt;

/// The kinds of file a photo can be uploaded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// What cameras and phones write.
    Jpeg,
    /// What screenshots are.
    Png,
    /// What the web often serves.
    WebP,
}

/// The media types that are accepted.
pub const TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

impl Format {
    /// The format a media type stands for, such as `image/jpeg`; parameters after `;` do not matter.
    #[must_use]
    pub fn from_media_type(media_type: &str) -> Option<Format> {
        let name = media_type.split(';').next().unwrap_or_default().trim();
        [Format::Jpeg, Format::Png, Format::WebP]
            .into_iter()
            .find(|format| name.eq_ignore_ascii_case(format.media_type()))
    }

    /// The media type to serve it as.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        TYPES[self as usize]
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
        })
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What kind of file it is.
    pub format: Format,
    /// Pixels across, as stored: a photo taken with the phone upright is often stored lying on its side.
    pub width: u32,
    /// Pixels down, as stored.
    pub height: u32,
    /// Bytes of memory for each pixel while it is decoded; 0 when it is shrunk while it is decoded.
    pub(super) weight: u32,
}

/// Recognises a file by the signature in its first bytes.
///
/// JPEG: ITU-T T.81 B.1.1.3 (start of image, then a marker); PNG: RFC 2083 3.1; WebP: RFC 9649 2.4.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        _ => None,
    }
}

/// Reads the header of a file whose format is known.
pub(super) fn read(bytes: &[u8], format: Format) -> Result<Header, Rejection> {
    match format {
        Format::Jpeg => jpeg::header(bytes),
        Format::Png => png::header(bytes),
        Format::WebP => webp::header(bytes),
    }
}

impl Header {
    /// Compares what the header claims with what is accepted.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), Rejection> {
        if self.width == 0 || self.height == 0 {
            return Err(Rejection::Damaged);
        }
        let limit = self.most_pixels(limits);
        if u64::from(self.width) * u64::from(self.height) > limit {
            return Err(Rejection::TooManyPixels { limit });
        }
        if self.width.max(self.height) > limits.side {
            let limit = limits.side;
            return Err(Rejection::TooLong { limit });
        }
        Ok(())
    }

    /// How many pixels a picture of this kind may have.
    fn most_pixels(&self, limits: &Limits) -> u64 {
        match self.weight {
            0 => limits.pixels,
            weight => limits.pixels.min(limits.memory / u64::from(weight)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        let cases: [(&[u8], Option<Format>); 8] = [
            (b"\xFF\xD8\xFF\xE0", Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1A\nrest", Some(Format::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Format::WebP)),
            (b"RIFF\x10\0\0\0WAVE", None),
            (b"GIF89a", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"\0\0\0\x18ftypheic", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(sniff(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn media_types_are_read_and_written() {
        for name in TYPES {
            let format = Format::from_media_type(name);
            assert_eq!(format.map(Format::media_type), Some(name));
        }
        let cases = [
            ("IMAGE/PNG", Some(Format::Png)),
            ("image/jpeg; charset=binary", Some(Format::Jpeg)),
            ("image/gif", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Format::from_media_type(name), expected, "{name}");
        }
    }

    #[test]
    fn a_claim_is_compared_with_the_limits() {
        let limits = Limits { pixels: 1_000_000, side: 2_000, memory: 1 << 20, ..Limits::default() };
        let header = |width, height, weight| Header { format: Format::Png, width, height, weight };
        let cases = [
            (header(1_000, 1_000, 0), Ok(())),
            (header(1_001, 1_000, 0), Err(Rejection::TooManyPixels { limit: 1_000_000 })),
            (header(2_001, 10, 0), Err(Rejection::TooLong { limit: 2_000 })),
            (header(512, 512, 4), Ok(())),
            (header(513, 512, 4), Err(Rejection::TooManyPixels { limit: 262_144 })),
            (header(u32::MAX, u32::MAX, 8), Err(Rejection::TooManyPixels { limit: 131_072 })),
            (header(0, 5, 0), Err(Rejection::Damaged)),
        ];
        for (header, expected) in cases {
            assert_eq!(header.check(&limits), expected, "{header:?}");
        }
    }
}
