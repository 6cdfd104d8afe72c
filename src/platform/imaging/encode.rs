//! Writes the pictures of a photo as JPEG files.

use super::pixels::{Colour, Pixels};
use super::{Rejection, Rendition, Size};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder};

/// On the scale of the Independent JPEG Group. At 82 a photo shows no blocks at the size it is meant for; each point
/// more costs about 4 % of the bytes. Below 90 colours are stored at half the resolution.
const QUALITY: u8 = 82;

/// Writes all sizes. Sizes that are the same picture, because the photo is small, are written once.
pub(super) fn renditions(pictures: &[Pixels; 4]) -> Result<[Rendition; 4], Rejection> {
    let [thumbnail, low, standard, high] = pictures;
    let high = rendition(Size::High, high, None)?;
    let standard = rendition(Size::Standard, standard, Some(&high))?;
    let low = rendition(Size::Low, low, Some(&standard))?;
    let thumbnail = rendition(Size::Thumbnail, thumbnail, Some(&low))?;
    Ok([thumbnail, low, standard, high])
}

fn rendition(size: Size, picture: &Pixels, above: Option<&Rendition>) -> Result<Rendition, Rejection> {
    let (width, height) = picture.size();
    let same = above.filter(|above| (above.width, above.height) == (width, height));
    let jpeg = match same {
        Some(above) => above.jpeg.clone(),
        None => jpeg(picture)?,
    };
    Ok(Rendition { size, width, height, jpeg })
}

fn jpeg(picture: &Pixels) -> Result<Vec<u8>, Rejection> {
    let colour = match picture.colour {
        Colour::Grey => ColorType::Luma,
        Colour::Rgb => ColorType::Rgb,
        Colour::YCbCr => ColorType::Ycbcr,
    };
    let side = |length: u32| u16::try_from(length).map_err(|_| Rejection::Damaged);
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode(&picture.data, width, height, colour).map_err(|_| Rejection::Damaged)?;
    Ok(file)
}
