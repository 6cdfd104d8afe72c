//! Colour profiles: rebuilt from what describes colours, like everything else that a file brings along.
//!
//! A profile is a header, a table of tags and their data (ICC.1:2022, chapter 7). Kept are curves, colorants, white point
//! and tables; not kept are names, serial numbers of screens, copyright notices, dates and tags nobody knows.

use super::Rejection;
use super::bytes::{array, be32, slice};
use moxcms::ColorProfile;

const HEADER: usize = 128;
/// Tags in one profile: the richest real ones have about forty.
const MOST_TAGS: usize = 100;
/// Bytes of one profile: those of presses have up to 3 MB.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// What is kept (ICC.1:2022, chapter 9).
const KEPT: [&[u8; 4]; 13] = [
    b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"bkpt", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"chad", b"cicp", b"A2B0", b"A2B1",
];

/// Fields of the header that do not matter for colours (7.2): the preferred program, when it was made, for which device,
/// by whom, its checksum, and what is reserved.
const CLEARED: [std::ops::Range<usize>; 5] = [4..8, 24..36, 48..64, 80..100, 100..128];

/// A profile, as it is stored again and as it is understood.
pub(super) struct Profile {
    pub bytes: Vec<u8>,
    pub meaning: ColorProfile,
}

impl Profile {
    /// Reads a profile; `None` when it is none, or one that nobody could use.
    pub fn read(bytes: &[u8]) -> Option<Profile> {
        let bytes = rebuild(bytes).ok()?;
        let meaning = ColorProfile::new_from_slice(&bytes).ok()?;
        Some(Profile { bytes, meaning })
    }
}

fn rebuild(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    if bytes.len() > MOST_BYTES || slice(bytes, 36, 4)? != b"acsp" {
        return Err(Rejection::Damaged);
    }
    let count = be32(bytes, HEADER)? as usize;
    if count > MOST_TAGS {
        return Err(Rejection::Damaged);
    }
    let mut tags = Vec::new();
    for number in 0..count {
        let entry = HEADER + 4 + 12 * number;
        let name: [u8; 4] = array(bytes, entry)?;
        if KEPT.contains(&&name) {
            let data = slice(bytes, be32(bytes, entry + 4)? as usize, be32(bytes, entry + 8)? as usize)?;
            tags.push((name, exact(data)?));
        }
    }
    tags.push((*b"desc", NAME.as_slice()));
    written(array(bytes, 0)?, &tags)
}

/// The name that every profile gets, because one must be there: type `mluc` (10.15) with one text, "RGB", `enUS`.
const NAME: [u8; 34] = *b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS\0\0\0\x06\0\0\0\x1C\0R\0G\0B";

/// What of a tag's data belongs to it; something may hide behind.
fn exact(data: &[u8]) -> Result<&[u8], Rejection> {
    let length = match slice(data, 0, 4)? {
        b"XYZ " => 20,
        b"sf32" => 8 + 4 * 9,
        b"cicp" => 12,
        b"curv" => 12 + 2 * be32(data, 8)? as usize,
        // How many numbers each of the five functions has (10.18).
        b"para" => 12 + 4 * [1, 3, 4, 5, 7].get(usize::from(slice(data, 8, 2)?[1])).ok_or(Rejection::Damaged)?,
        _ => data.len(),
    };
    slice(data, 0, length)
}

/// Header, table and data; what several tags have in common is written once, as it came.
fn written(mut header: [u8; HEADER], tags: &[([u8; 4], &[u8])]) -> Result<Vec<u8>, Rejection> {
    let number = |value: usize| u32::try_from(value).map(u32::to_be_bytes).map_err(|_| Rejection::Damaged);
    let mut data: Vec<u8> = Vec::new();
    let mut places: Vec<(&[u8], usize)> = Vec::new();
    let start = HEADER + 4 + 12 * tags.len();
    let mut table = number(tags.len())?.to_vec();
    for (name, bytes) in tags {
        let known = places.iter().find(|(earlier, _)| earlier == bytes).map(|(_, place)| *place);
        let place = known.unwrap_or_else(|| {
            data.resize(data.len().next_multiple_of(4), 0);
            let place = start + data.len();
            places.push((bytes, place));
            data.extend(*bytes);
            place
        });
        table.extend([*name, number(place)?, number(bytes.len())?].as_flattened());
    }
    data.resize(data.len().next_multiple_of(4), 0);
    for range in CLEARED {
        header[range].fill(0);
    }
    header[..4].copy_from_slice(&number(start + data.len())?);
    Ok([&header[..], &table, &data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_means_the_same_without_its_words() {
        let profiles =
            [ColorProfile::new_display_p3(), ColorProfile::new_srgb(), ColorProfile::new_gray_with_gamma(1.8)];
        for profile in profiles {
            let bytes = profile.encode().unwrap();
            let read = Profile::read(&bytes).unwrap();
            let (notice, before) = (b"P\0u\0b\0l\0i\0c", ColorProfile::new_from_slice(&bytes).unwrap());
            assert!(bytes.windows(notice.len()).any(|it| it == notice), "it has a copyright notice");
            assert!(!read.bytes.windows(notice.len()).any(|it| it == notice));
            assert_eq!(read.meaning.red_trc, before.red_trc);
            assert_eq!(read.meaning.gray_trc, before.gray_trc);
            assert_eq!(Profile::read(&read.bytes).unwrap().bytes, read.bytes);
        }
    }

    #[test]
    fn what_is_no_profile_is_none() {
        let good = ColorProfile::new_display_p3().encode().unwrap();
        let mut endless = good.clone();
        endless[HEADER..HEADER + 4].fill(0xFF);
        let mut outside = good.clone();
        outside[HEADER + 8] = 0x7F;
        for bad in [&b""[..], b"some profile", &good[..100], &good[..200], &endless, &vec![0; 5 << 20], &outside] {
            assert!(Profile::read(bad).is_none(), "{} bytes", bad.len());
        }
    }
}
