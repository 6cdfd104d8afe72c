//! Writes the pictures of a photo as files.

use super::pixels::{Colour, Pixels};
use super::{Output, Rejection};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder};
use ravif::{BitDepth, Img, RGB8};
use webp::WebPConfig;

/// On the scale of the Independent JPEG Group. At 82 a photo shows no blocks at the size it is meant for; each point
/// more costs about 4 % of the bytes. Below 90 colours are stored at half the resolution.
const JPEG_QUALITY: u8 = 82;
/// On the scale of libwebp.
const WEBP_QUALITY: f32 = 80.0;
/// How hard libwebp tries, 0 to 6: somebody waits for the upload.
const WEBP_METHOD: i32 = 2;
/// On the scale of the `ravif` crate.
const AVIF_QUALITY: f32 = 70.0;
/// How little the AV1 encoder tries, 1 to 10: somebody waits for it.
const AVIF_SPEED: u8 = 9;

/// Writes a picture in a format.
pub(super) fn encode(output: Output, picture: &Pixels) -> Result<Vec<u8>, Rejection> {
    match output {
        Output::Jpeg => jpeg(picture),
        Output::WebP => webp(picture),
        Output::Avif => avif(picture),
    }
}

fn jpeg(picture: &Pixels) -> Result<Vec<u8>, Rejection> {
    let colour = match picture.colour {
        Colour::Grey => ColorType::Luma,
        Colour::Rgb => ColorType::Rgb,
        Colour::YCbCr => ColorType::Ycbcr,
        Colour::Cmyk => ColorType::Cmyk,
    };
    let side = |length: u32| u16::try_from(length).map_err(|_| Rejection::Damaged);
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, JPEG_QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode(&picture.data, width, height, colour).map_err(|_| Rejection::Damaged)?;
    Ok(file)
}

fn webp(picture: &Pixels) -> Result<Vec<u8>, Rejection> {
    let rgb: Vec<u8> = picture.rgb().flatten().collect();
    let mut config = WebPConfig::new().map_err(|()| Rejection::Damaged)?;
    config.quality = WEBP_QUALITY;
    config.method = WEBP_METHOD;
    let encoder = webp::Encoder::from_rgb(&rgb, picture.width, picture.height);
    let file = encoder.encode_advanced(&config).map_err(|_| Rejection::Damaged)?;
    Ok(file.to_vec())
}

fn avif(picture: &Pixels) -> Result<Vec<u8>, Rejection> {
    let rgb: Vec<RGB8> = picture.rgb().map(RGB8::from).collect();
    let encoder = ravif::Encoder::new().with_quality(AVIF_QUALITY).with_speed(AVIF_SPEED);
    let encoder = encoder.with_bit_depth(BitDepth::Eight).with_num_threads(Some(1));
    let buffer = Img::new(rgb.as_slice(), picture.width as usize, picture.height as usize);
    let encoded = encoder.encode_rgb(buffer).map_err(|_| Rejection::Damaged)?;
    Ok(encoded.avif_file)
}
