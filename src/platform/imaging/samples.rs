//! One small picture in every way it can be stored: four quarters, red, green, blue and white.

use super::photos::{png_chunk, riff_chunk, stored};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

pub(super) const WIDTH: u16 = 64;
pub(super) const HEIGHT: u16 = 48;

pub(super) const RED: [u8; 3] = [220, 30, 30];
pub(super) const GREEN: [u8; 3] = [30, 180, 60];
pub(super) const BLUE: [u8; 3] = [40, 60, 200];
pub(super) const WHITE: [u8; 3] = [255, 255, 255];
pub(super) const GREY: [u8; 3] = [128, 128, 128];

/// The quarters as they are meant: above left and right, below left and right.
pub(super) const QUARTERS: [[u8; 3]; 4] = [RED, GREEN, BLUE, WHITE];

/// Pixels of four quarters; each colour is written as `store` says.
pub(super) fn quarters<T: AsRef<[u8]>>(
    (width, height): (u16, u16),
    colours: [[u8; 3]; 4],
    store: impl Fn([u8; 3]) -> T,
) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let quarter = usize::from(y >= height / 2) * 2 + usize::from(x >= width / 2);
            pixels.extend(store(colours[quarter]).as_ref());
        }
    }
    pixels
}

fn meant<T: AsRef<[u8]>>(store: impl Fn([u8; 3]) -> T) -> Vec<u8> {
    quarters((WIDTH, HEIGHT), QUARTERS, store)
}

/// What a colour is without colour.
pub(super) fn grey([r, g, b]: [u8; 3]) -> u8 {
    u8::try_from((u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b)) / 10).unwrap()
}

/// The quarters without colour.
pub(super) fn greys() -> [[u8; 3]; 4] {
    QUARTERS.map(|colour| [grey(colour); 3])
}

/// Red, green and blue as ink on white paper, where 255 is all of it.
fn ink([r, g, b]: [u8; 3]) -> [u8; 4] {
    [255 - r, 255 - g, 255 - b, 0]
}

/// A JPEG of the quarters.
pub(super) fn jpeg<T: AsRef<[u8]>>(
    colour: ColorType,
    store: impl Fn([u8; 3]) -> T,
    set: impl Fn(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    set(&mut encoder);
    encoder.encode(&meant(store), WIDTH, HEIGHT, colour).unwrap();
    file
}

/// A JPEG whose quarters are given, of any size.
pub(super) fn jpeg_of(size: (u16, u16), colours: [[u8; 3]; 4]) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = quarters(size, colours, |colour| colour);
    Encoder::new(&mut file, 90).encode(&pixels, size.0, size.1, ColorType::Rgb).unwrap();
    file
}

/// A PNG of the quarters.
pub(super) fn png<T: AsRef<[u8]>>(colour: ExtendedColorType, store: impl Fn([u8; 3]) -> T) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::png::PngEncoder::new(&mut file)
        .write_image(&meant(store), WIDTH.into(), HEIGHT.into(), colour)
        .unwrap();
    file
}

/// A lossless WebP of the quarters.
pub(super) fn webp<T: AsRef<[u8]>>(colour: ExtendedColorType, store: impl Fn([u8; 3]) -> T) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .write_image(&meant(store), WIDTH.into(), HEIGHT.into(), colour)
        .unwrap();
    file
}

/// Two bytes for each channel, in the order of this machine, as the encoder wants it.
fn wide(channels: impl AsRef<[u8]>) -> Vec<u8> {
    channels.as_ref().iter().flat_map(|c| (u16::from(*c) * 257).to_ne_bytes()).collect()
}

/// White is what shows where the picture is transparent.
fn clear([r, g, b]: [u8; 3]) -> [u8; 4] {
    if [r, g, b] == WHITE { [9, 9, 9, 0] } else { [r, g, b, 255] }
}

/// A PNG with two bits for each pixel and a palette, the last colour of which is transparent.
fn palette_png() -> Vec<u8> {
    let row = |left: u8, right: u8| {
        let half = usize::from(WIDTH / 8);
        [vec![0], vec![left * 0x55; half], vec![right * 0x55; half]].concat()
    };
    let half = usize::from(HEIGHT / 2);
    let rows = [row(0, 1).repeat(half), row(2, 3).repeat(half)].concat();
    let mut header = [0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0];
    header[2..4].copy_from_slice(&WIDTH.to_be_bytes());
    header[6..8].copy_from_slice(&HEIGHT.to_be_bytes());
    let chunks = [
        png_chunk(b"IHDR", &header),
        png_chunk(b"PLTE", &[RED, GREEN, BLUE, [9; 3]].concat()),
        png_chunk(b"tRNS", &[255, 255, 255, 0]),
        png_chunk(b"IDAT", &stored(&rows)),
        png_chunk(b"IEND", &[]),
    ];
    [b"\x89PNG\r\n\x1A\n", chunks.concat().as_slice()].concat()
}

/// A PNG that says it is an animation of one frame: a viewer that knows nothing of it shows the picture.
fn animated_png() -> Vec<u8> {
    let png = png(ExtendedColorType::Rgb8, |colour| colour);
    let mut frame = [0; 26];
    frame[7] = 64;
    frame[11] = 48;
    let control = [png_chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), png_chunk(b"fcTL", &frame)];
    [&png[..33], &control.concat(), &png[33..]].concat()
}

/// An animation of two frames: the quarters, then something else. Each frame hides a chunk that nobody knows.
fn animated_webp() -> Vec<u8> {
    let frame = |picture: &[u8]| {
        let size = [0, 0, 0, 0, 0, 0, 63, 0, 0, 47, 0, 0, 100, 0, 0, 0];
        riff_chunk(b"ANMF", &[&size, &picture[12..], &riff_chunk(b"plAc", b"GPSMARKER")].concat())
    };
    let body = [
        b"WEBP".to_vec(),
        riff_chunk(b"VP8X", &[0x12, 0, 0, 0, 63, 0, 0, 47, 0, 0]),
        riff_chunk(b"ANIM", &[0; 6]),
        frame(&webp(ExtendedColorType::Rgba8, clear)),
        frame(&webp(ExtendedColorType::Rgb8, |_| GREEN)),
    ];
    riff_chunk(b"RIFF", &body.concat())
}

/// A lossy WebP of even grey. A key frame (RFC 6386, 9.1) whose data is nothing but zeros decodes to that: every
/// question the decoder asks is answered "no", down to the end of each block.
fn lossy_webp() -> Vec<u8> {
    const FIRST_PART: u32 = 200;
    let tag = (FIRST_PART << 5 | 1 << 4).to_le_bytes();
    let size = [WIDTH.to_le_bytes(), HEIGHT.to_le_bytes()].concat();
    let picture = [&tag[..3], &[0x9D, 1, 0x2A], &size, &[0; 400]].concat();
    riff_chunk(b"RIFF", &[b"WEBP", riff_chunk(b"VP8 ", &picture).as_slice()].concat())
}

/// A way of storing: its name, a file, and the quarters that must be seen in it.
pub(super) type Way = (&'static str, Vec<u8>, [[u8; 3]; 4]);

/// Every way of storing.
pub(super) fn every_way() -> Vec<Way> {
    use ExtendedColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    let (same, opaque) = (|c: [u8; 3]| c, |[r, g, b]: [u8; 3]| [r, g, b, 255]);
    let pale = |[r, g, b]: [u8; 3]| [r, g, b, 128];
    let paler = QUARTERS.map(|colour| colour.map(|c| 127 + c / 2));
    let mut ways = vec![
        ("PNG, grey", png(L8, |c| [grey(c)]), greys()),
        ("PNG, grey and alpha", png(La8, |c| [grey(c), 255]), greys()),
        ("PNG, colour", png(Rgb8, same), QUARTERS),
        ("PNG, transparent", png(Rgba8, clear), QUARTERS),
        ("PNG, half transparent", png(Rgba8, pale), paler),
        ("PNG, 16 bits, grey", png(L16, |c| wide([grey(c)])), greys()),
        ("PNG, 16 bits, grey and alpha", png(La16, |c| wide([grey(c), 255])), greys()),
        ("PNG, 16 bits", png(Rgb16, wide), QUARTERS),
        ("PNG, 16 bits, transparent", png(Rgba16, |c| wide(clear(c))), QUARTERS),
        ("PNG, palette", palette_png(), QUARTERS),
        ("PNG, animated", animated_png(), QUARTERS),
        ("WebP, colour", webp(Rgb8, same), QUARTERS),
        ("WebP, opaque", webp(Rgba8, opaque), QUARTERS),
        ("WebP, transparent", webp(Rgba8, clear), QUARTERS),
        ("WebP, animated", animated_webp(), QUARTERS),
        ("WebP, lossy", lossy_webp(), [GREY; 4]),
    ];
    ways.extend(jpeg_ways());
    ways
}

fn jpeg_ways() -> Vec<Way> {
    let same = |c: [u8; 3]| c;
    let sampled = |factor| jpeg(ColorType::Rgb, same, |it| it.set_sampling_factor(factor));
    let progressive = |colour: ColorType| jpeg(colour, same, |it| it.set_progressive(true));
    vec![
        ("JPEG, 4:4:4", sampled(SamplingFactor::R_4_4_4), QUARTERS),
        ("JPEG, 4:2:2", sampled(SamplingFactor::R_4_2_2), QUARTERS),
        ("JPEG, 4:4:0", sampled(SamplingFactor::R_4_4_0), QUARTERS),
        ("JPEG, 4:2:0", sampled(SamplingFactor::R_4_2_0), QUARTERS),
        ("JPEG, 4:1:1", sampled(SamplingFactor::R_4_1_1), QUARTERS),
        ("JPEG, grey", jpeg(ColorType::Luma, |c| [grey(c)], |_| ()), greys()),
        ("JPEG, progressive", progressive(ColorType::Rgb), QUARTERS),
        ("JPEG, restarts", jpeg(ColorType::Rgb, same, |it| it.set_restart_interval(2)), QUARTERS),
        (
            "JPEG, a scan for each plane",
            jpeg(ColorType::Rgb, same, |it| it.set_optimized_huffman_tables(true)),
            QUARTERS,
        ),
        ("JPEG, CMYK", jpeg(ColorType::Cmyk, ink, |_| ()), QUARTERS),
        ("JPEG, YCCK", jpeg(ColorType::CmykAsYcck, ink, |_| ()), QUARTERS),
        ("JPEG, RGB", rgb_jpeg(), QUARTERS),
    ]
}

/// A JPEG that stores red, green and blue, and says so as Adobe does. The encoder writes only brightness and colour
/// differences: it is given the one as the other, and its JFIF header (18 bytes), which would say so, is replaced.
fn rgb_jpeg() -> Vec<u8> {
    let file = jpeg(ColorType::Ycbcr, |c| c, |it| it.set_sampling_factor(SamplingFactor::R_4_4_4));
    [b"\xFF\xD8\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0", &file[20..]].concat()
}
