//! Files that mean harm, or are broken: each is refused with its reason, and none does harm.

use super::photos;
use super::samples;
use super::tests::photo;
use super::*;

#[test]
fn what_takes_too_long_is_refused() {
    let limits = Limits { time: std::time::Duration::ZERO, ..Limits::default() };
    for (name, file, _) in samples::every_way() {
        assert_eq!(process(&file, None, &limits), Err(Rejection::TooSlow { limit: 0 }), "{name}");
    }
}

#[test]
fn bad_files_are_refused_with_a_reason() {
    let limits = Limits::default();
    let small = Limits { bytes: 1_000, ..limits };
    let wrong = Rejection::WrongType { declared: Format::Png, found: Format::Jpeg };
    let jpeg = photos::small_jpeg(1);
    let cases = [
        (photos::png_bomb(), None, limits, Rejection::TooManyPixels { limit: (256 << 20) / 4 }),
        (photos::truncated_jpeg(), None, limits, Rejection::Damaged),
        (photos::svg(), None, limits, Rejection::UnsupportedMedia),
        (Vec::new(), None, limits, Rejection::UnsupportedMedia),
        (jpeg.clone(), Some(Format::Png), limits, wrong),
        (jpeg.clone(), None, small, Rejection::TooLarge { limit: 1_000 }),
        (jpeg.clone(), None, Limits { side: 300, ..limits }, Rejection::TooLong { limit: 300 }),
        (jpeg, None, Limits { pixels: 9_999, ..limits }, Rejection::TooManyPixels { limit: 9_999 }),
        (arithmetic_jpeg(), None, limits, Rejection::UnsupportedMedia),
        (lying_jpeg(), None, limits, Rejection::Damaged),
        (unfinished_jpeg(), None, limits, Rejection::Damaged),
    ];
    for (file, declared, limits, expected) in cases {
        assert_eq!(process(&file, declared, &limits).unwrap_err(), expected);
        assert!(expected.to_string().ends_with('.'));
    }
}

/// A JPEG coded in a way that no browser shows.
fn arithmetic_jpeg() -> Vec<u8> {
    let mut file = photos::small_jpeg(1);
    let frame = file.windows(2).position(|it| it == [0xFF, 0xC0]).unwrap();
    file[frame + 1] = 0xC9;
    file
}

/// A small JPEG that claims to be 20,000 × 5,000 pixels: nothing but grey, for seconds of work.
fn lying_jpeg() -> Vec<u8> {
    let mut file = photos::small_jpeg(1);
    let frame = file.windows(2).position(|it| it == [0xFF, 0xC0]).unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0x13, 0x88, 0x4E, 0x20]);
    file
}

/// A progressive JPEG whose last scan is missing, and which is closed as if that was all.
fn unfinished_jpeg() -> Vec<u8> {
    let mut file = samples::jpeg(jpeg_encoder::ColorType::Rgb, |c| c, |it| it.set_progressive(true));
    let last = file.windows(2).rposition(|it| it == [0xFF, 0xDA]).unwrap();
    file.truncate(last);
    file.extend([0xFF, 0xD9]);
    file
}

#[test]
fn limits_are_told_as_text() {
    let cases = [
        (Rejection::UnsupportedMedia, Some("image/jpeg, image/png, image/webp")),
        (Rejection::TooLarge { limit: 5 }, Some("5")),
        (Rejection::TooManyPixels { limit: 6 }, Some("6")),
        (Rejection::TooLong { limit: 7 }, Some("7")),
        (Rejection::TooSlow { limit: 8 }, Some("8")),
        (Rejection::Damaged, None),
    ];
    for (rejection, expected) in cases {
        assert_eq!(rejection.limit().as_deref(), expected);
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    for (name, file, _) in samples::every_way() {
        let step = file.len() / 50 + 1;
        let cuts = (0..file.len()).step_by(step).chain(file.len().saturating_sub(20)..file.len());
        for cut in cuts {
            assert!(photo(&file[..cut]).is_err(), "{name}, {cut} of {} bytes", file.len());
        }
    }
}

/// Cut off in the middle, and then closed as if that was all: decoders paint the rest grey.
#[test]
fn a_jpeg_that_was_cut_off_and_closed_is_refused() {
    let baseline = |(name, _, _): &&samples::Way| name.starts_with("JPEG") && *name != "JPEG, progressive";
    for (name, file, _) in samples::every_way().iter().filter(baseline) {
        for missing in [20, 60, 150] {
            let closed = [&file[..file.len() - missing], &[0xFF, 0xD9]].concat();
            assert_eq!(photo(&closed), Err(Rejection::Damaged), "{name}, {missing} of {} bytes missing", file.len());
        }
    }
}

/// Files with bytes changed at random, the same on each run: refused or not, they must not make anything panic.
#[test]
fn damaged_files_do_no_harm() {
    let limits = Limits { pixels: 1_000_000, memory: 16 << 20, ..Limits::default() };
    let files = samples::every_way();
    let mut chance = 1_u32;
    for round in 0..100 {
        for (_, file, _) in &files {
            let mut file = file.clone();
            for _ in 0..=round % 5 {
                // Numerical Recipes' generator: plain, and enough to pick a byte.
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = chance as usize % file.len();
                file[at] = chance.to_be_bytes()[1];
            }
            harmless(&file, &limits);
        }
    }
}

/// What the fuzz target does: whatever is taken is taken again.
fn harmless(file: &[u8], limits: &Limits) {
    let Ok(made) = process_into(&[Output::Jpeg], (file, None), limits) else { return };
    let again = open(&made.original, (Size::Thumbnail, Focus { x: 0.1, y: 0.9 }), limits).unwrap();
    again.finish(Output::Jpeg).unwrap();
}

#[test]
fn the_corpus_does_no_harm() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fuzz/corpus/photo");
    let limits = Limits { pixels: 1_000_000, memory: 16 << 20, ..Limits::default() };
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut count = 0;
    for file in files {
        harmless(&std::fs::read(&file).unwrap(), &limits);
        count += 1;
    }
    assert!(count >= samples::every_way().len(), "{count} files");
}

/// A file is what its first bytes say, whatever else hides in it.
#[test]
fn what_else_a_file_is_does_not_come_along() {
    let script = b"<script>alert(1)</script>PK\x03\x04%PDF-1.7";
    let jpeg = photos::small_jpeg(2);
    let files = [
        [jpeg.as_slice(), script].concat(),
        photos::with_segments(&jpeg, &[(0xFE, script.to_vec())]),
        photos::with_segments(&jpeg, &[(0xEF, script.to_vec())]),
        [photos::png(64, 48).as_slice(), script].concat(),
        photos::with_chunk(&photos::png(64, 48), b"tEXt", script),
        photos::with_riff_chunk(&photos::webp(64, 48), 0, b"JUNK", script),
    ];
    for file in files {
        let kept = photo(&file).unwrap().original;
        assert!(file.windows(8).any(|it| it == &script[..8]) && !kept.windows(8).any(|it| it == &script[..8]));
    }
}

/// Bombs of every kind: what is claimed is refused by the header, and what is packed is never unpacked without a bound.
#[test]
fn bombs_are_refused() {
    let limits = Limits { pixels: 1_000_000, memory: 16 << 20, ..Limits::default() };
    let huge = |side: u32| u64::from(side) * u64::from(side) > limits.pixels;
    let mut wide = photos::jpeg(64, 48, 1);
    let frame = wide.windows(2).position(|it| it == [0xFF, 0xC0]).unwrap();
    wide[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    let mut extended = photos::with_riff_chunk(&photos::webp(64, 48), 0, b"JUNK", b"");
    extended[24..30].copy_from_slice(&[0xFF, 0x7F, 0, 0xFF, 0x7F, 0]);
    assert!(huge(0x8000));
    for file in [wide, extended, photos::png_bomb()] {
        assert!(matches!(process(&file, None, &limits), Err(Rejection::TooManyPixels { .. })));
    }
    // A profile of 64 MB in 64 KB counts as none.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![0; 64 << 20]).unwrap();
    let profile = [b"ICC\0\0", packed.finish().unwrap().as_slice()].concat();
    let file = photos::with_chunk(&photos::png(64, 48), b"iCCP", &profile);
    let made = photo(&file).unwrap();
    assert!(made.original.len() < file.len() - 60_000);
}
