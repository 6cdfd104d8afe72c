//! The one thing kept from a photo's metadata: which way is up.
//!
//! Everything else in EXIF (place, time, owner, serial numbers) is dropped by not being written again.

use image::metadata::Orientation;

/// What EXIF begins with in a JPEG segment, and by mistake in some WebP files (CIPA DC-008, 4.5.4).
pub(super) const EXIF_PREFIX: &[u8] = b"Exif\0\0";

/// Which way is up according to an EXIF block, with or without its prefix. Upright when it does not say.
pub(super) fn orientation(exif: &[u8]) -> Orientation {
    let tiff = exif.strip_prefix(EXIF_PREFIX).unwrap_or(exif);
    Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms)
}

/// An EXIF block (without prefix) that says only which way is up; `None` when the picture is stored upright.
///
/// The bytes are a TIFF header, a directory with one entry (tag 0x0112, a 16-bit number) and no next directory:
/// CIPA DC-008, 4.5.2 and 4.6.2.
pub(super) fn minimal_exif(orientation: Orientation) -> Option<[u8; 26]> {
    if orientation == Orientation::NoTransforms {
        return None;
    }
    let mut exif = *b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    exif[19] = orientation.to_exif();
    Some(exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimal_block_says_which_way_is_up() {
        assert_eq!(minimal_exif(Orientation::NoTransforms), None);
        for value in 2..=8 {
            let expected = Orientation::from_exif(value).unwrap();
            let exif = minimal_exif(expected).unwrap();
            assert_eq!(orientation(&exif), expected);
            assert_eq!(orientation(&[EXIF_PREFIX, &exif].concat()), expected);
        }
    }

    #[test]
    fn nonsense_is_upright() {
        let cases: [&[u8]; 4] = [b"", b"Exif\0\0", b"MM\0\x2A\xFF\xFF\xFF\xFF", b"II\x2A\0\x08\0\0\0\xFF\xFF"];
        for exif in cases {
            assert_eq!(orientation(exif), Orientation::NoTransforms, "{exif:?}");
        }
    }
}
