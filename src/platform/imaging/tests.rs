//! What becomes of files, good and bad.

use super::photos::{self, gps_everywhere, has_gps};
use super::samples::{self, QUARTERS};
use super::*;

pub(super) fn photo(bytes: &[u8]) -> Result<Processed, Rejection> {
    process(bytes, None, &Limits::default())
}

/// The colours in the middle of the four quarters of a JPEG.
fn quarters(jpeg: &[u8]) -> [[u8; 3]; 4] {
    let mut decoder = jpeg_decoder::Decoder::new(jpeg);
    let pixels = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let channels = info.pixel_format.pixel_bytes();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| {
        let at = (height * y / 4 * width + width * x / 4) * channels;
        if channels == 1 { [pixels[at]; 3] } else { pixels[at..at + 3].try_into().unwrap() }
    })
}

fn assert_quarters(jpeg: &[u8], expected: [[u8; 3]; 4], name: &str) {
    for (found, expected) in quarters(jpeg).iter().flatten().zip(expected.as_flattened()) {
        assert!(found.abs_diff(*expected) <= 8, "{name}: {:?}", quarters(jpeg));
    }
}

fn rendition(photo: &Processed, size: Size, output: Output) -> &Rendition {
    let mut renditions = photo.renditions.iter();
    renditions.find(|it| (it.size, it.output) == (size, output)).expect("it is made at once")
}

fn jpeg_of(photo: &Processed, size: Size) -> &[u8] {
    &rendition(photo, size, Output::Jpeg).bytes
}

/// The sizes of the JPEGs, the smallest first.
fn sizes(photo: &Processed) -> Vec<(u32, u32)> {
    Size::AT_ONCE.iter().map(|size| rendition(photo, *size, Output::Jpeg)).map(|it| (it.width, it.height)).collect()
}

#[test]
fn every_way_of_storing_a_picture_is_understood() {
    for (name, file, expected) in samples::every_way() {
        let photo = photo(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((photo.width, photo.height), (64, 48), "{name}");
        assert_quarters(jpeg_of(&photo, Size::High), expected, name);
        assert_quarters(jpeg_of(&photo, Size::Thumbnail), expected, name);
        assert!(!has_gps(&photo.original), "{name}");
    }
}

#[test]
fn what_is_stored_becomes_the_same_photo_again() {
    let secrets = gps_everywhere();
    let files = secrets.iter().map(|(name, file)| (*name, file));
    let ways = samples::every_way();
    for (name, file) in files.chain(ways.iter().map(|(name, file, _)| (*name, file))) {
        let first = photo(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let first = Processed { shot: Shot::default(), ..first };
        let again = photo(&first.original).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(first, again, "{name}");
    }
}

#[test]
fn no_place_survives() {
    for (name, file) in gps_everywhere() {
        assert!(has_gps(&file), "{name} is no test");
        let photo = photo(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!has_gps(&photo.original), "{name}");
        assert!(photo.renditions.iter().all(|it| !has_gps(&it.bytes)), "{name}");
    }
}

#[test]
fn a_jpeg_loses_not_a_bit_of_its_picture() {
    let plain = photos::small_jpeg(9);
    let segments = [(0xFE, b"a comment".to_vec()), (0xE1, [b"Exif\0\0".to_vec(), photos::exif(1)].concat())];
    let file = photos::with_segments(&plain, &segments);
    assert_eq!(photo(&file).unwrap().original, plain);
}

#[test]
fn a_colour_profile_stays() {
    let profile = photos::rgb_profile(photos::DISPLAY_P3, 563);
    let curve = b"curv\0\0\0\0\0\0\0\x01\x02\x33";
    for file in [
        photos::jpeg_with_profile(&photos::small_jpeg(9), &profile),
        photos::with_riff_chunk(&photos::webp(64, 48), 0x20, b"ICCP", &profile),
    ] {
        let kept = photo(&file).unwrap().original;
        assert!(kept.windows(curve.len()).any(|window| window == curve));
    }
    let png = photos::with_chunk(&photos::png(64, 48), b"gAMA", &45_455_u32.to_be_bytes());
    assert_eq!(photo(&png).unwrap().original, png);
}

#[test]
fn all_eight_ways_up_in_all_formats() {
    // The quarters as a camera stores them when it is held each of the eight ways.
    let ways = [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [3, 2, 1, 0],
        [2, 3, 0, 1],
        [0, 2, 1, 3],
        [1, 3, 0, 2],
        [3, 1, 2, 0],
        [2, 0, 3, 1],
    ];
    for (orientation, stored) in (1..).zip(ways) {
        let size = if orientation < 5 { (64, 48) } else { (48, 64) };
        let jpeg = samples::jpeg_of(size, stored.map(|quarter| QUARTERS[quarter]));
        let exif = [b"Exif\0\0".to_vec(), photos::exif(orientation)].concat();
        let photo = photo(&photos::with_segments(&jpeg, &[(0xE1, exif)])).unwrap();
        assert_eq!((photo.width, photo.height), (64, 48), "{orientation}");
        for size in Size::AT_ONCE {
            assert_quarters(jpeg_of(&photo, size), QUARTERS, &format!("orientation {orientation}"));
        }
    }
}

#[test]
fn png_and_webp_are_turned_too() {
    let (png, webp, exif) = (photos::png(64, 48), photos::webp(64, 48), photos::exif(6));
    let prefixed = [b"Exif\0\0", exif.as_slice()].concat();
    let cases = [
        photos::with_chunk(&png, b"eXIf", &exif),
        photos::with_riff_chunk(&webp, 0x08, b"EXIF", &exif),
        photos::with_riff_chunk(&webp, 0x08, b"EXIF", &prefixed),
    ];
    for file in cases {
        let photo = photo(&file).unwrap();
        let high = rendition(&photo, Size::High, Output::WebP);
        assert_eq!((photo.width, photo.height, high.width, high.height), (48, 64, 48, 64));
    }
}

#[test]
fn sizes_of_renditions() {
    let cases = [
        ((100, 80), [(80, 80), (100, 80), (100, 80), (100, 80)]),
        ((1, 1), [(1, 1); 4]),
        ((700, 500), [(150, 150), (320, 229), (640, 457), (700, 500)]),
        ((500, 700), [(150, 150), (229, 320), (457, 640), (500, 700)]),
        ((2300, 400), [(150, 150), (320, 56), (640, 111), (1080, 188)]),
        ((2500, 9), [(9, 9), (320, 1), (640, 2), (1080, 4)]),
    ];
    for ((width, height), expected) in cases {
        let photo = photo(&photos::jpeg(width, height, 7)).unwrap();
        assert_eq!(sizes(&photo), expected, "{width} × {height}");
        assert_eq!(photo.renditions.len(), Size::AT_ONCE.len() * Output::AT_ONCE.len());
        for rendition in &photo.renditions {
            let format = Format::from_media_type(rendition.output.media_type());
            let header = inspect(&rendition.bytes, format, &Limits::default()).unwrap();
            assert_eq!((header.width, header.height), (rendition.width, rendition.height));
            assert_eq!(rendition.size.of(photo.width, photo.height), (rendition.width, rendition.height));
        }
    }
}

#[test]
fn a_phones_photo() {
    let photo = photo(photos::phone_jpeg()).unwrap();
    assert_eq!((photo.width, photo.height), (3024, 4032));
    assert_eq!(sizes(&photo), [(150, 150), (240, 320), (480, 640), (810, 1080)]);
    assert!(!has_gps(&photo.original));
    assert_eq!(photo.blurhash.len(), 28);
    assert!(photo.shot.coordinate.is_some() && photo.shot.camera.name.is_some());
}

#[test]
fn what_is_not_made_at_once_is_made_of_the_original() {
    let photo = photo(photos::phone_jpeg()).unwrap();
    let focus = Focus { x: 0.2, y: 0.9 };
    for (size, expected) in Size::ALL.into_iter().zip([(150, 150), (240, 320), (480, 640), (810, 1080), (1536, 2048)]) {
        let picture = open(&photo.original, (size, focus), &Limits::default()).unwrap();
        assert_eq!((picture.width(), picture.height()), expected);
        let made = picture.finish(Output::Jpeg).unwrap();
        let header = inspect(&made.bytes, Some(Format::Jpeg), &Limits::default()).unwrap();
        assert_eq!((header.width, header.height), expected);
    }
    let picture = open(&photo.original, (Size::Low, focus), &Limits::default()).unwrap();
    let avif = picture.finish(Output::Avif).unwrap();
    assert_eq!(&avif.bytes[4..12], b"ftypavif");
    assert!(avif.bytes.len() < jpeg_of(&photo, Size::Low).len());
}

#[test]
fn a_picture_can_be_changed_before_it_is_written() {
    for (name, file, _) in samples::every_way() {
        let original = photo(&file).unwrap().original;
        let mut picture = open(&original, (Size::Low, Focus::default()), &Limits::default()).unwrap();
        picture.rgb_mut().fill(samples::BLUE);
        assert_quarters(&picture.finish(Output::Jpeg).unwrap().bytes, [samples::BLUE; 4], name);
    }
}

#[test]
fn no_format_changes_the_colours() {
    let file = samples::jpeg_of((64, 48), QUARTERS);
    let original = photo(&file).unwrap().original;
    let picture = open(&original, (Size::High, Focus::default()), &Limits::default()).unwrap();
    let webp = picture.finish(Output::WebP).unwrap();
    assert_quarters(jpeg_of(&photo(&webp.bytes).unwrap(), Size::High), QUARTERS, "WebP");
}

/// Expected values were computed from the definitions: to linear light, through the places of the colours, to sRGB.
#[test]
fn colours_look_the_same_whatever_their_numbers_mean() {
    let (jpeg, png) =
        (samples::jpeg_of((64, 48), QUARTERS), samples::png(image::ExtendedColorType::Rgb8, |colour| colour));
    let webp = samples::webp(image::ExtendedColorType::Rgb8, |colour| colour);
    let [red, green, blue] = photos::SRGB;
    let swapped = photos::rgb_profile([green, blue, red], 563);
    let (p3, srgb) = (photos::rgb_profile(photos::DISPLAY_P3, 563), photos::rgb_profile(photos::SRGB, 563));
    let wide = [[241, 0, 0], [0, 185, 23], [28, 58, 209], [255; 3]];
    let turned = [[24, 221, 24], [57, 24, 181], [201, 35, 57], [255; 3]];
    let pale = [[239, 96, 96], [96, 219, 133], [110, 133, 229], [255; 3]];
    let greys = [[106; 3], [142; 3], [86; 3], [255; 3]];
    let grey = samples::png(image::ExtendedColorType::L8, |c| [samples::grey(c)]);
    let linear = photos::with_chunk(&png, b"gAMA", &100_000_u32.to_be_bytes());
    let cases = [
        ("JPEG, Display P3", photos::jpeg_with_profile(&jpeg, &p3), wide),
        ("JPEG, swapped", photos::jpeg_with_profile(&jpeg, &swapped), turned),
        ("JPEG, sRGB", photos::jpeg_with_profile(&jpeg, &srgb), QUARTERS),
        ("JPEG, broken", photos::jpeg_with_profile(&jpeg, &p3[..300]), QUARTERS),
        ("JPEG, for greys", photos::jpeg_with_profile(&jpeg, &photos::grey_profile(461)), QUARTERS),
        ("PNG, Display P3", photos::png_with_profile(&png, &p3), wide),
        ("PNG, Display P3 by number", photos::with_chunk(&png, b"cICP", &[12, 13, 0, 1]), wide),
        ("PNG, swapped", photos::png_with_profile(&png, &swapped), turned),
        ("PNG, linear", linear.clone(), pale),
        ("PNG, linear and sRGB", photos::with_chunk(&linear, b"sRGB", &[0]), QUARTERS),
        ("PNG, grey", photos::png_with_profile(&grey, &photos::grey_profile(461)), greys),
        ("WebP, swapped", photos::with_riff_chunk(&webp, 0x20, b"ICCP", &swapped), turned),
    ];
    for (name, file, expected) in cases {
        let photo = photo(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_quarters(jpeg_of(&photo, Size::High), expected, name);
        let again = open(&photo.original, (Size::Low, Focus::default()), &Limits::default()).unwrap();
        assert_quarters(&again.finish(Output::Jpeg).unwrap().bytes, expected, name);
    }
}

/// Cyan is what the first quarter is printed with, and that press prints red with it.
#[test]
fn inks_are_those_of_their_press() {
    let ink = |c: [u8; 3]| if c == samples::RED { [255, 0, 0, 0] } else { [0; 4] };
    let plain = samples::jpeg(jpeg_encoder::ColorType::Cmyk, ink, |_| ());
    let [first, second, ..] = quarters(jpeg_of(&photo(&plain).unwrap(), Size::High));
    assert!(first[0] < 40 && first[1] > 200 && first[2] > 200, "{first:?}");
    assert!(second.iter().all(|level| *level > 245), "{second:?}");
    let press = photos::jpeg_with_profile(&plain, &photos::press_profile());
    let [first, second, ..] = quarters(jpeg_of(&photo(&press).unwrap(), Size::High));
    assert!(first[0] > 200 && first[1] < 60 && first[2] < 60, "{first:?}");
    assert!(second.iter().all(|level| *level > 245), "{second:?}");
}
