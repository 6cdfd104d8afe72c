//! From a file that was taken apart and rebuilt to a picture in memory.

use super::deadline::{Deadline, Timed};
use super::frame::Colour as Stored;
use super::guard::Guarded;
use super::jpeg;
use super::pixels::{Colour, Pixels, times};
use super::quick;
use super::{Format, Header, Rejection, Shot, Size};
use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageResult};
use jpeg_decoder::{ColorTransform, Decoder};
use moxcms::ColorProfile;
use std::io::Cursor;

/// What decoding a PNG may take beside the picture itself: a row of pixels, and a colour profile, which is
/// compressed and could be a bomb.
const PNG_OVERHEAD: u64 = 16 << 20;

/// A file rebuilt from the parts on the allow-list.
pub(super) struct Clean {
    pub bytes: Vec<u8>,
    /// What must be done to show it upright.
    pub orientation: Orientation,
    /// What its colours mean; sRGB when it does not say.
    pub profile: Option<ColorProfile>,
    /// How it was taken.
    pub shot: Shot,
}

/// Decodes a rebuilt file in time. A JPEG comes out no larger than what so many pixels along the longer side need.
pub(super) fn decode(
    header: &Header,
    clean: &Clean,
    (longest, deadline): (u32, Deadline),
) -> Result<Pixels, Rejection> {
    let file = || Timed::new(Cursor::new(clean.bytes.as_slice()), deadline);
    let decoded = match header.format {
        Format::Jpeg => decode_jpeg(header, &clean.bytes, (longest, deadline)),
        Format::Png => decode_whole(png_decoder(file())),
        Format::WebP => decode_whole(WebPDecoder::new(file())),
    };
    decoded.map_err(|rejection| deadline.instead_of(rejection))
}

/// A file in memory that can be read in time.
type File<'a> = Timed<Cursor<&'a [u8]>>;

fn png_decoder(file: File<'_>) -> ImageResult<PngDecoder<File<'_>>> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(PNG_OVERHEAD);
    PngDecoder::with_limits(file, limits)
}

fn decode_jpeg(header: &Header, bytes: &[u8], (longest, deadline): (u32, Deadline)) -> Result<Pixels, Rejection> {
    let (stored, least) = (jpeg::colour(bytes)?, needed(header.width, header.height, longest));
    if let Some(picture) = quick::decode(bytes, stored, (least, deadline))? {
        return Ok(picture);
    }
    let mut decoder = Decoder::new(Timed::new(Guarded::new(bytes)?, deadline));
    decoder.set_color_transform(transform(stored));
    let (width, height) = decoder.scale(least.0, least.1).map_err(|error| refused(&error))?;
    let data = decoder.decode().map_err(|error| refused(&error))?;
    let (colour, data) = match stored {
        Stored::Grey => (Colour::Grey, data),
        Stored::Rgb => (Colour::Rgb, data),
        Stored::YCbCr => (Colour::YCbCr, data),
        Stored::Cmyk | Stored::Ycck => (Colour::Cmyk, data),
    };
    Pixels::new(width.into(), height.into(), colour, data)
}

/// What the decoder is to do with the samples. `RGB` means to it: leave them as they are.
fn transform(stored: Stored) -> ColorTransform {
    match stored {
        Stored::Grey => ColorTransform::Grayscale,
        Stored::Rgb | Stored::YCbCr => ColorTransform::RGB,
        Stored::Cmyk => ColorTransform::CMYK,
        Stored::Ycck => ColorTransform::YCCK,
    }
}

/// The least size from which no rendition has to be enlarged: the longer side for the largest, the shorter side for
/// the square.
fn needed(width: u32, height: u32, longest: u32) -> (u16, u16) {
    let (long, short) = (width.max(height), width.min(height));
    let (longer, square) = (longest.min(long), Size::Thumbnail.side().min(short));
    let (over, under) = if longer * short > square * long { (longer, long) } else { (square, short) };
    let scaled = |side: u32| u16::try_from((side * over).div_ceil(under)).unwrap_or(u16::MAX);
    (scaled(width), scaled(height))
}

fn refused(error: &jpeg_decoder::Error) -> Rejection {
    match error {
        jpeg_decoder::Error::Unsupported(_) => Rejection::UnsupportedMedia,
        _ => Rejection::Damaged,
    }
}

/// Decodes PNG or WebP, of an animation the first frame, and lays what is transparent on white.
fn decode_whole(decoder: ImageResult<impl ImageDecoder>) -> Result<Pixels, Rejection> {
    let decoder = decoder.map_err(|_| Rejection::Damaged)?;
    let ((width, height), stored) = (decoder.dimensions(), decoder.color_type());
    let length = usize::try_from(decoder.total_bytes()).map_err(|_| Rejection::Damaged)?;
    let mut data = vec![0; length];
    decoder.read_image(&mut data).map_err(|_| Rejection::Damaged)?;
    let (colour, data) = flatten(stored, data)?;
    Pixels::new(width, height, colour, data)
}

/// To 8 bits without transparency, in place.
fn flatten(stored: ColorType, data: Vec<u8>) -> Result<(Colour, Vec<u8>), Rejection> {
    Ok(match stored {
        ColorType::L8 => (Colour::Grey, data),
        ColorType::Rgb8 => (Colour::Rgb, data),
        ColorType::La8 => (Colour::Grey, shrink(data, |[l, a]| [over_white(l, a)])),
        ColorType::Rgba8 => (Colour::Rgb, shrink(data, |[r, g, b, a]| [r, g, b].map(|c| over_white(c, a)))),
        ColorType::L16 => (Colour::Grey, shrink(data, to_8_bits)),
        ColorType::Rgb16 => (Colour::Rgb, shrink(data, to_8_bits)),
        ColorType::La16 => return flatten(ColorType::La8, shrink(data, to_8_bits)),
        ColorType::Rgba16 => return flatten(ColorType::Rgba8, shrink(data, to_8_bits)),
        _ => return Err(Rejection::UnsupportedMedia),
    })
}

/// Rewrites each group of `IN` bytes as `OUT` bytes, where they lie.
fn shrink<const IN: usize, const OUT: usize>(mut data: Vec<u8>, rewrite: impl Fn([u8; IN]) -> [u8; OUT]) -> Vec<u8> {
    let count = data.len() / IN;
    for i in 0..count {
        let mut group = [0; IN];
        group.copy_from_slice(&data[i * IN..(i + 1) * IN]);
        data[i * OUT..(i + 1) * OUT].copy_from_slice(&rewrite(group));
    }
    data.truncate(count * OUT);
    data
}

/// A 16-bit sample, in the order of this machine, rounded to 8 bits: 65,535 is 255 × 257.
fn to_8_bits(sample: [u8; 2]) -> [u8; 1] {
    let rounded = (u32::from(u16::from_ne_bytes(sample)) + 128) / 257;
    [u8::try_from(rounded).unwrap_or(u8::MAX)]
}

/// A colour laid on white: nothing of it at alpha 0, all of it at 255.
fn over_white(colour: u8, alpha: u8) -> u8 {
    times(colour, alpha) + (255 - alpha)
}
