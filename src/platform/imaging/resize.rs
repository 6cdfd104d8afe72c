//! Makes the sizes of a photo, each from the one above.

use super::orient::turn;
use super::pixels::{Colour, Pixels};
use super::{Rejection, Size};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;

/// Pixels along the longer side of the picture the placeholder and the main colour are read from. A placeholder has
/// 4 × 3 waves: more pixels cost time and change nothing.
const SWATCH: u32 = 32;

/// The upright pictures for all sizes, in the order of [`Size::ALL`]. `stored` is the size of the original.
///
/// The largest is made before it is turned, so that turning costs little.
pub(super) fn cascade(
    decoded: &Pixels,
    stored: (u32, u32),
    orientation: Orientation,
) -> Result<[Pixels; 4], Rejection> {
    let mut resizer = Resizer::new();
    let high = scaled(&mut resizer, decoded, within(stored, Size::High.side()))?;
    let high = turn(high, orientation)?;
    let upright = super::orient::upright(stored, orientation);
    let standard = scaled(&mut resizer, &high, within(upright, Size::Standard.side()))?;
    let low = scaled(&mut resizer, &standard, within(upright, Size::Low.side()))?;
    // A panorama at 320 pixels is too low for the square: it is cut from the first size that is not.
    let enough = |picture: &&&Pixels| shorter(picture.size()) >= Size::Thumbnail.side();
    let thumbnail = match [&low, &standard, &high].iter().find(enough) {
        Some(picture) => square(&mut resizer, picture)?,
        None => turn(square(&mut resizer, decoded)?, orientation)?,
    };
    Ok([thumbnail, low, standard, high])
}

/// A few pixels that stand for the whole picture.
pub(super) fn swatch(picture: &Pixels) -> Result<Pixels, Rejection> {
    scaled(&mut Resizer::new(), picture, within(picture.size(), SWATCH))
}

fn shorter((width, height): (u32, u32)) -> u32 {
    width.min(height)
}

/// The size with the same shape whose longer side is at most `side`. Nothing is enlarged.
pub(super) fn within((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let shrunk = |length: u32| {
        let exact = u64::from(length) * u64::from(side);
        let rounded = (exact + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (shrunk(width), shrunk(height))
}

/// The square in the middle, at the size of a thumbnail or as large as the picture allows.
fn square(resizer: &mut Resizer, picture: &Pixels) -> Result<Pixels, Rejection> {
    let side = shorter(picture.size()).min(Size::Thumbnail.side());
    let options = options().fit_into_destination(Some((0.5, 0.5)));
    resample(resizer, picture, (side, side), &options)
}

fn scaled(resizer: &mut Resizer, picture: &Pixels, size: (u32, u32)) -> Result<Pixels, Rejection> {
    if picture.size() == size {
        return Ok(picture.clone());
    }
    resample(resizer, picture, size, &options())
}

/// Lanczos with three lobes keeps more detail than bicubic for a few milliseconds more.
fn options() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}

fn resample(
    resizer: &mut Resizer,
    picture: &Pixels,
    (width, height): (u32, u32),
    options: &ResizeOptions,
) -> Result<Pixels, Rejection> {
    let kind = match picture.colour {
        Colour::Grey => PixelType::U8,
        Colour::Rgb | Colour::YCbCr => PixelType::U8x3,
    };
    let source = ImageRef::new(picture.width, picture.height, &picture.data, kind).map_err(|_| Rejection::Damaged)?;
    let mut target = Image::new(width, height, kind);
    resizer.resize(&source, &mut target, options).map_err(|_| Rejection::Damaged)?;
    Pixels::new(width, height, picture.colour, target.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_the_shape_and_never_grow() {
        let cases = [
            ((4032, 3024), 1080, (1080, 810)),
            ((3024, 4032), 320, (240, 320)),
            ((100, 80), 320, (100, 80)),
            ((1080, 1080), 1080, (1080, 1080)),
            ((30_000, 20), 640, (640, 1)),
            ((1, 30_000), 320, (1, 320)),
            ((1, 1), 320, (1, 1)),
        ];
        for (from, side, expected) in cases {
            assert_eq!(within(from, side), expected, "{from:?} within {side}");
        }
    }

    #[test]
    fn the_square_is_cut_from_the_middle() {
        // Black, grey, black: only the grey third is in the middle.
        let row: Vec<u8> = (0..900).map(|x| if (300..600).contains(&x) { 128 } else { 0 }).collect();
        let wide = Pixels::new(900, 300, Colour::Grey, row.repeat(300)).unwrap();
        let square = square(&mut Resizer::new(), &wide).unwrap();
        assert_eq!(square.size(), (150, 150));
        // At its edges the filter sees a little of what lies beyond.
        assert!(square.data.chunks(150).all(|row| row[5..145].iter().all(|grey| *grey == 128)));
    }

    #[test]
    fn a_panorama_has_a_full_square() {
        let wide = Pixels::new(3000, 300, Colour::Grey, vec![7; 900_000]).unwrap();
        let sizes = cascade(&wide, (3000, 300), Orientation::Rotate90).unwrap().map(|it| it.size());
        assert_eq!(sizes, [(150, 150), (32, 320), (64, 640), (108, 1080)]);
    }
}
