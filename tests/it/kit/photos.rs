//! Files that people upload, good and bad, made on the spot: a phone's photo, a bomb, a drawing, secrets everywhere.
//!
//! Nothing here stands on the rest of the crate, so that the room that processes photos can use it for its own tests.

use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use std::sync::OnceLock;

/// The text that is put wherever a file can say where it was taken. No stored file may hold it.
pub const MARKER: &str = "GPSMARKER";

/// What EXIF begins with in a JPEG segment.
const EXIF_PREFIX: &[u8] = b"Exif\0\0";

const COM: u8 = 0xFE;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP13: u8 = 0xED;

/// A photo of 12 megapixels as a phone writes it: some megabytes, lying on its side (orientation 6), with camera,
/// place in EXIF and XMP. Upright it is 3024 pixels wide and 4032 high.
pub fn phone_jpeg() -> &'static [u8] {
    static PHOTO: OnceLock<Vec<u8>> = OnceLock::new();
    PHOTO.get_or_init(|| {
        let segments = [(APP1, [EXIF_PREFIX, &exif(6)].concat()), (APP1, xmp())];
        with_segments(&landscape(), &segments)
    })
}

/// A photo of 320 × 240 pixels, another one for each number.
pub fn small_jpeg(seed: u8) -> Vec<u8> {
    jpeg(320, 240, seed)
}

/// A JPEG of any size, another one for each number.
pub fn jpeg(width: u16, height: u16, seed: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = drawing(width, height, seed);
    Encoder::new(&mut file, 85)
        .encode(&pixels, width, height, ColorType::Rgb)
        .expect("the drawing has the size it says");
    file
}

/// A PNG.
pub fn png(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::png::PngEncoder::new(&mut file)
        .write_image(&drawing(width, height, 1), width.into(), height.into(), ExtendedColorType::Rgb8)
        .expect("the drawing has the size it says");
    file
}

/// A lossless WebP.
pub fn webp(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .write_image(&drawing(width, height, 2), width.into(), height.into(), ExtendedColorType::Rgb8)
        .expect("the drawing has the size it says");
    file
}

/// A PNG of a hundred bytes whose correct header claims 60,000 × 60,000 pixels: 10 GB once decoded.
pub fn png_bomb() -> Vec<u8> {
    let side = 60_000_u32.to_be_bytes();
    // 8 bits, red, green and blue, not interlaced.
    let header = [&side[..], &side, &[8, 2, 0, 0, 0]].concat();
    // Deflate (RFC 1950 and 1951): one stored block of four zeros and their checksum.
    let data = [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 0, 0, 0, 0, 4, 0, 1];
    let chunks = [png_chunk(b"IHDR", &header), png_chunk(b"IDAT", &data), png_chunk(b"IEND", &[])];
    [b"\x89PNG\r\n\x1A\n", chunks.concat().as_slice()].concat()
}

/// A photo whose upload broke off in the middle.
pub fn truncated_jpeg() -> Vec<u8> {
    let mut file = small_jpeg(3);
    file.truncate(file.len() / 2);
    file
}

/// A drawing with a script in it, as an attacker uploads it.
pub fn svg() -> Vec<u8> {
    b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><circle r=\"9\"/></svg>".to_vec()
}

/// One file for each place where a picture can say where it was taken, with the name of the place.
pub fn gps_everywhere() -> Vec<(&'static str, Vec<u8>)> {
    [places_in_jpeg(), places_in_png(), places_in_webp()].concat()
}

fn marked(prefix: &[u8]) -> Vec<u8> {
    [prefix, MARKER.as_bytes()].concat()
}

fn places_in_jpeg() -> Vec<(&'static str, Vec<u8>)> {
    let jpeg = small_jpeg(4);
    let with = |marker, payload| with_segments(&jpeg, &[(marker, payload)]);
    let exif_segment = [EXIF_PREFIX, &exif(1)].concat();
    let empty = [EXIF_PREFIX, b"MM\0\x2A\0\0\0\x08\0\0"].concat();
    let second = with_segments(&jpeg, &[(APP1, exif_segment.clone())]);
    vec![
        ("JPEG, EXIF", with(APP1, exif_segment.clone())),
        ("JPEG, EXIF twice", with_segments(&jpeg, &[(APP1, empty), (APP1, exif_segment)])),
        ("JPEG, XMP", with(APP1, xmp())),
        ("JPEG, extended XMP", with(APP1, marked(b"http://ns.adobe.com/xmp/extension/\0"))),
        ("JPEG, IPTC", with(APP13, iptc())),
        ("JPEG, comment", with(COM, marked(b"shot at "))),
        ("JPEG, preview in JFXX", with(APP0, marked(b"JFXX\0\x10"))),
        ("JPEG, behind the JFIF header", with(APP0, marked(b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x03"))),
        ("JPEG, list of pictures", with(APP2, marked(b"MPF\0"))),
        ("JPEG, FlashPix", with(APP2, marked(b"FPXR\0"))),
        ("JPEG, name of the colour profile", jpeg_with_profile(&jpeg, &rgb_profile(DISPLAY_P3, 563))),
        ("JPEG, colour profile that is none", with(APP2, marked(b"ICC_PROFILE\0\x01\x01"))),
        ("JPEG, maker's own", with(0xE7, marked(b"MAKER"))),
        ("JPEG, behind the Adobe header", with(0xEE, marked(b"Adobe\0\x64\0\0\0\0\x01"))),
        ("JPEG, second picture at the end", [jpeg.clone(), second].concat()),
        ("JPEG, text at the end", marked(&jpeg)),
    ]
}

fn places_in_png() -> Vec<(&'static str, Vec<u8>)> {
    let png = png(64, 48);
    let with = |name, data: &[u8]| with_chunk(&png, name, data);
    vec![
        ("PNG, EXIF", with(b"eXIf", &exif(1))),
        ("PNG, XMP", with(b"iTXt", &marked(b"XML:com.adobe.xmp\0\0\0\0\0"))),
        ("PNG, text", with(b"tEXt", &marked(b"Comment\0"))),
        ("PNG, unknown chunk", with(b"plAc", &marked(b""))),
        ("PNG, overlong known chunk", with(b"pHYs", &marked(b"\0\0\0\x01\0\0\0\x01\0"))),
        ("PNG, name of the colour profile", png_with_profile(&png, &rgb_profile(DISPLAY_P3, 563))),
        ("PNG, colour profile that is none", png_with_profile(&png, MARKER.as_bytes())),
        ("PNG, text at the end", marked(&png)),
    ]
}

fn places_in_webp() -> Vec<(&'static str, Vec<u8>)> {
    let webp = webp(64, 48);
    let with = |flags, name, data: &[u8]| with_riff_chunk(&webp, flags, name, data);
    vec![
        ("WebP, EXIF", with(0x08, b"EXIF", &exif(1))),
        ("WebP, XMP", with(0x04, b"XMP ", &xmp())),
        ("WebP, name of the colour profile", with(0x20, b"ICCP", &rgb_profile(DISPLAY_P3, 563))),
        ("WebP, unknown chunk", with(0, b"plAc", &marked(b""))),
        ("WebP, text at the end", marked(&webp)),
    ]
}

/// Whether a file says where it was taken: by the marker, by names that XMP uses, or by EXIF's pointer to places.
pub fn has_gps(bytes: &[u8]) -> bool {
    let names = [MARKER, "GPSLatitude", "GPSLongitude"];
    names.iter().any(|name| find(bytes, name.as_bytes()).is_some())
        || find(bytes, b"MM\0\x2A").is_some_and(|at| find(&bytes[at..], &GPS_POINTER).is_some())
}

/// The tag of EXIF's pointer to places, its type and its count (CIPA DC-008, 4.6.3), as [`exif`] writes them.
const GPS_POINTER: [u8; 8] = [0x88, 0x25, 0, 4, 0, 0, 0, 1];

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// An EXIF block (without prefix) with camera, which way is up, and the place: 37°49'12" N, 122°28'42" W.
pub fn exif(orientation: u8) -> Vec<u8> {
    let entries = [
        // Make and model: texts, further down.
        entry(0x010F, 2, 8, [0, 0, 0, 62]),
        entry(0x0110, 2, 8, [0, 0, 0, 70]),
        entry(0x0112, 3, 1, [0, orientation, 0, 0]),
        entry(0x8825, 4, 1, [0, 0, 0, 78]),
    ];
    let places = [
        entry(0x0001, 2, 2, *b"N\0\0\0"),
        entry(0x0002, 5, 3, [0, 0, 0, 144]),
        entry(0x0003, 2, 2, *b"W\0\0\0"),
        entry(0x0004, 5, 3, [0, 0, 0, 168]),
        entry(0x001C, 7, 9, [0, 0, 0, 192]),
    ];
    let coordinates = [37, 1, 49, 1, 12, 1, 122, 1, 28, 1, 42, 1].map(u32::to_be_bytes);
    [
        b"MM\0\x2A\0\0\0\x08\0\x04".as_slice(),
        &entries.concat(),
        &[0; 4],
        b"Camera\0\0Model 1\0\0\x05",
        &places.concat(),
        &[0; 4],
        &coordinates.concat(),
        MARKER.as_bytes(),
    ]
    .concat()
}

/// An EXIF block with all that a camera says of a picture, in the order of bytes that `exif` does not use.
pub fn exif_of_a_camera() -> Vec<u8> {
    // Where the values lie that have no place in their entry: behind two directories of 3 and 7 entries.
    const VALUES: u32 = 8 + (2 + 3 * 12 + 4) + (2 + 7 * 12 + 4);
    let mut values: Vec<u8> = vec![];
    let mut far = |tag: u16, kind: u16, count: u32, bytes: &[u8]| {
        let place = VALUES + u32::try_from(values.len()).expect("values are few");
        values.extend(bytes);
        little(tag, kind, count, place)
    };
    let ratio = |over: u32, under: u32| [over.to_le_bytes(), under.to_le_bytes()].concat();
    let main =
        [far(0x010F, 2, 5, b"Zeta\0\0"), far(0x0110, 2, 8, b"Zeta Z9\0"), little(0x8769, 4, 1, 8 + 2 + 3 * 12 + 4)];
    let exif = [
        far(0x829A, 5, 1, &ratio(1, 250)),
        far(0x829D, 5, 1, &ratio(28, 10)),
        little(0x8827, 3, 1, 400),
        far(0x9003, 2, 20, b"2026:11:22 18:30:00\0"),
        far(0x9011, 2, 7, b"+01:00\0\0"),
        far(0x920A, 5, 1, &ratio(35, 1)),
        far(0xA434, 2, 8, b"35mm F2\0"),
    ];
    [b"II\x2A\0\x08\0\0\0\x03\0".as_slice(), &main.concat(), &[0, 0, 0, 0, 7, 0], &exif.concat(), &[0; 4], &values]
        .concat()
}

fn little(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
}

/// Where red, green and blue are in sRGB and in Display P3, seen by the light of a profile (ICC.1:2022, 6.3.1), in 65,536ths.
pub const SRGB: [[i32; 3]; 3] = [[28_578, 14_581, 912], [25_241, 46_981, 6_362], [9_376, 3_972, 46_799]];
pub const DISPLAY_P3: [[i32; 3]; 3] = [[33_759, 15_807, -69], [19_135, 45_367, 2_745], [10_296, 4_363, 51_385]];

/// A colour profile of three colours and an exponent in 256ths, whose name is the marker.
pub fn rgb_profile([red, green, blue]: [[i32; 3]; 3], gamma: u16) -> Vec<u8> {
    let place = |place: [i32; 3]| [&b"XYZ \0\0\0\0"[..], place.map(i32::to_be_bytes).as_flattened()].concat();
    let (white, curve) = (place([63_190, 65_536, 54_061]), curve(gamma));
    profile(
        *b"RGB ",
        &[
            (b"wtpt", white),
            (b"rXYZ", place(red)),
            (b"gXYZ", place(green)),
            (b"bXYZ", place(blue)),
            (b"rTRC", curve.clone()),
            (b"gTRC", curve.clone()),
            (b"bTRC", curve),
        ],
    )
}

/// A profile for greys.
pub fn grey_profile(gamma: u16) -> Vec<u8> {
    profile(*b"GRAY", &[(b"kTRC", curve(gamma))])
}

/// A profile of a press whose cyan is red; its other inks are black.
pub fn press_profile() -> Vec<u8> {
    // A table of type `lut8Type` (ICC.1:2022, 10.11): four inks to Lab, no ink or all of it for each.
    let same: Vec<u8> = (0..=255).collect();
    let one = 65_536_u32.to_be_bytes();
    let matrix = [one, [0; 4], [0; 4], [0; 4], one, [0; 4], [0; 4], [0; 4], one].concat();
    let colours = (0..16).flat_map(|inks| match inks {
        0 => [255, 128, 128],
        0b1000 => [136, 208, 195],
        _ => [0, 128, 128],
    });
    let table = [
        b"mft1\0\0\0\0\x04\x03\x02\0",
        matrix.as_slice(),
        &same.repeat(4),
        &colours.collect::<Vec<u8>>(),
        &same.repeat(3),
    ];
    let mut profile = profile(*b"CMYK", &[(b"A2B0", table.concat())]);
    profile[12..16].copy_from_slice(b"prtr");
    profile[20..24].copy_from_slice(b"Lab ");
    profile
}

fn curve(gamma: u16) -> Vec<u8> {
    [&b"curv\0\0\0\0\0\0\0\x01"[..], &gamma.to_be_bytes(), &[0, 0]].concat()
}

fn profile(colours: [u8; 4], tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let name = [b"desc\0\0\0\0\0\0\0\x0A", MARKER.as_bytes(), &[0; 81]].concat();
    let mut tags = tags.to_vec();
    tags.push((b"desc", name));
    let number = |value: usize| u32::try_from(value).expect("profiles are small").to_be_bytes();
    let start = 128 + 4 + 12 * tags.len();
    let (mut table, mut data) = (number(tags.len()).to_vec(), vec![]);
    for (name, bytes) in &tags {
        table.extend([**name, number(start + data.len()), number(bytes.len())].as_flattened());
        data.extend(bytes);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut header = vec![0; 128];
    header[..4].copy_from_slice(&number(start + data.len()));
    header[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    header[12..24].copy_from_slice(&[b"mntr", colours.as_slice(), b"XYZ "].concat());
    header[36..40].copy_from_slice(b"acsp");
    header[68..80].copy_from_slice(&[63_190_u32, 65_536, 54_061].map(u32::to_be_bytes).concat());
    [header, table, data].concat()
}

/// A JPEG with a profile.
pub fn jpeg_with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    with_segments(jpeg, &[(APP2, [b"ICC_PROFILE\0\x01\x01", profile].concat())])
}

/// A PNG with a profile: packed, which without compression is a header, a stored block and a checksum.
pub fn png_with_profile(png: &[u8], profile: &[u8]) -> Vec<u8> {
    with_chunk(png, b"iCCP", &[b"GPSMARKER\0\0", stored(profile).as_slice()].concat())
}

/// Deflate without compression (RFC 1950 and 1951): header, one stored block, checksum.
pub fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a block is at most 65,535 bytes");
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let sum = (b << 16 | a).to_be_bytes();
    [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), data, &sum].concat()
}

/// One entry of an EXIF directory: tag, type, count, and the value or where it is.
fn entry(tag: u16, kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
    [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
}

fn xmp() -> Vec<u8> {
    let packet = format!("<x:xmpmeta exif:GPSLatitude=\"37,49.2N\" photoshop:City=\"{MARKER}\"/>");
    [b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat()
}

/// A Photoshop block with IPTC data: record 2, field 90, the city.
fn iptc() -> Vec<u8> {
    [b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x0E\x1C\x02\x5A\0\x09", MARKER.as_bytes()].concat()
}

/// A JPEG with segments put in at its beginning.
pub fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = jpeg[..2].to_vec();
    for (marker, payload) in segments {
        let length = u16::try_from(payload.len() + 2).expect("a segment is at most 65,535 bytes");
        file.extend([0xFF, *marker]);
        file.extend(length.to_be_bytes());
        file.extend(payload);
    }
    file.extend(&jpeg[2..]);
    file
}

/// A PNG with a chunk put in after its header.
pub fn with_chunk(png: &[u8], name: &[u8], data: &[u8]) -> Vec<u8> {
    const HEADER_END: usize = 33;
    [&png[..HEADER_END], &png_chunk(name, data), &png[HEADER_END..]].concat()
}

/// A chunk of a PNG: length, name, data, checksum.
pub fn png_chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("chunks are small");
    let named = [name, data].concat();
    [&length.to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// The checksum of PNG, a bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// A lossless WebP of 64 × 48 pixels turned into one with an extended header and a chunk behind the picture.
pub fn with_riff_chunk(webp: &[u8], flags: u8, name: &[u8], data: &[u8]) -> Vec<u8> {
    let head = riff_chunk(b"VP8X", &[flags, 0, 0, 0, 63, 0, 0, 47, 0, 0]);
    let body = [b"WEBP", head.as_slice(), &webp[12..], &riff_chunk(name, data)].concat();
    riff_chunk(b"RIFF", &body)
}

/// A chunk of a WebP: name, length, data, and a zero if the length is odd.
pub fn riff_chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("chunks are small");
    [name, &length.to_le_bytes(), data, &[0][..data.len() % 2]].concat()
}

/// A picture with soft colours and some grain; red, green and blue, row after row.
pub fn drawing(width: u16, height: u16, seed: u8) -> Vec<u8> {
    let seed = u32::from(seed);
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            let grain = grain(x, y, seed) >> 4;
            let colour = [x + seed * 40, y + seed * 90, (x + 2 * y) / 3 + seed * 150];
            pixels.extend(colour.map(|c| soft(c) + grain));
        }
    }
    pixels
}

/// Up and down between 32 and 223, without a jump.
fn soft(position: u32) -> u8 {
    let position = position % 382;
    u8::try_from(32 + position.min(382 - position)).unwrap_or(u8::MAX)
}

/// The same number between 0 and 255 for the same place.
fn grain(x: u32, y: u32, seed: u32) -> u8 {
    let mixed = (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D))
        .wrapping_mul(0x2C1B_3C6D);
    mixed.to_be_bytes()[0]
}

/// A landscape of 4032 × 3024 pixels. To be quick without optimisation, only a ninth is drawn: a strip whose rows of
/// blocks each stand alone (restart markers), so that each can be written nine times.
fn landscape() -> Vec<u8> {
    const WIDTH: u16 = 4032;
    const STRIP: u16 = 336;
    const HEIGHT: u16 = 9 * STRIP;
    // A block of 4:2:0 is 16 pixels wide; a row of them is one restart interval.
    const BLOCKS: u16 = WIDTH / 16;
    let mut strip = Vec::new();
    let mut encoder = Encoder::new(&mut strip, 92);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_restart_interval(BLOCKS);
    encoder.encode(&drawing(WIDTH, STRIP, 5), WIDTH, STRIP, ColorType::Rgb).expect("the drawing has the size it says");
    let scan = find(&strip, &[0xFF, 0xDA]).expect("a picture has a scan");
    let coded = scan + 2 + usize::from(strip[scan + 3]);
    let mut file = strip[..coded].to_vec();
    let frame = find(&file, &[0xFF, 0xC0]).expect("a picture has a frame");
    file[frame + 5..frame + 7].copy_from_slice(&HEIGHT.to_be_bytes());
    file.extend(repeated(&strip[coded..strip.len() - 2]));
    file.extend([0xFF, 0xD9]);
    file
}

/// Each part between restart markers nine times, with the markers numbered anew: 0 to 7, again and again.
fn repeated(coded: &[u8]) -> Vec<u8> {
    let mut parts = vec![Vec::new()];
    let mut bytes = coded.iter().copied();
    while let Some(byte) = bytes.next() {
        let next = (byte == 0xFF).then(|| bytes.next().unwrap_or_default());
        match next {
            Some(0xD0..=0xD7) => parts.push(Vec::new()),
            _ => parts.last_mut().expect("there is one").extend([Some(byte), next].into_iter().flatten()),
        }
    }
    let rows = parts.iter().flat_map(|part| std::iter::repeat_n(part, 9));
    let mut file = Vec::new();
    for (row, number) in rows.zip((0xD0..=0xD7).cycle()) {
        file.extend(row);
        file.extend([0xFF, number]);
    }
    file.truncate(file.len() - 2);
    file
}
