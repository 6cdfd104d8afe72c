//! Makes the sizes of a photo, each from the one above.

use super::colours::Colours;
use super::orient;
use super::pixels::{Colour, Pixels};
use super::{Crop, Focus, Rejection, Size};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;

/// Pixels along the longer side of the picture the placeholder and the main colour are read from. A placeholder has
/// 4 × 3 waves: more pixels cost time and change nothing.
const SWATCH: u32 = 32;

/// A decoded photo, from which sizes are made.
pub(super) struct Source {
    /// The picture, which may be smaller than what is stored.
    pub decoded: Pixels,
    /// The size of the original.
    pub stored: (u32, u32),
    pub orientation: Orientation,
    pub colours: Colours,
}

impl Source {
    /// Pixels across and down when it is upright.
    pub fn upright(&self) -> (u32, u32) {
        orient::upright(self.stored, self.orientation)
    }

    /// The photo at a size, upright and in sRGB. It is shrunk first: the rest then costs little.
    pub fn at(&self, size: Size, focus: Focus) -> Result<Pixels, Rejection> {
        let mut resizer = Resizer::new();
        let small = match size {
            Size::Thumbnail => square(&mut resizer, &self.decoded, orient::stored(focus, self.orientation))?,
            size => scaled(&mut resizer, &self.decoded, within(self.stored, size.side()))?,
        };
        orient::turn(self.colours.to_srgb(small)?, self.orientation)
    }

    /// A part of the photo at a size, upright and in sRGB.
    pub fn part_at(&self, size: Size, (crop, focus): (Crop, Focus)) -> Result<Pixels, Rejection> {
        let upright = self.upright();
        let (width, height) = crop.of(upright);
        let part = if size == Size::Thumbnail { crop.square(focus, upright) } else { crop };
        let (width, height) = orient::upright(size.of(width, height), self.orientation);
        let [one, other] = part.corners().map(|corner| orient::stored(corner, self.orientation));
        let (across, down) = (f64::from(self.decoded.width), f64::from(self.decoded.height));
        let (left, top) = (one.x.min(other.x) * across, one.y.min(other.y) * down);
        let (right, bottom) = (one.x.max(other.x) * across, one.y.max(other.y) * down);
        let options = options().crop(left, top, (right - left).min(across - left), (bottom - top).min(down - top));
        let small = resample(&mut Resizer::new(), &self.decoded, (width, height), &options)?;
        orient::turn(self.colours.to_srgb(small)?, self.orientation)
    }

    /// The upright pictures of the sizes that are made at once, in the order of [`Size::AT_ONCE`], each from the one above.
    pub fn cascade(&self) -> Result<[Pixels; 4], Rejection> {
        let (mut resizer, upright, focus) = (Resizer::new(), self.upright(), Focus::default());
        let high = self.at(Size::High, focus)?;
        let standard = scaled(&mut resizer, &high, within(upright, Size::Standard.side()))?;
        let low = scaled(&mut resizer, &standard, within(upright, Size::Low.side()))?;
        // A panorama at 320 pixels is too low for the square: it is cut from the first size that is not.
        let enough = |picture: &&&Pixels| shorter(picture.size()) >= Size::Thumbnail.side();
        let thumbnail = match [&low, &standard, &high].iter().find(enough) {
            Some(picture) => square(&mut resizer, picture, focus)?,
            None => self.at(Size::Thumbnail, focus)?,
        };
        Ok([thumbnail, low, standard, high])
    }
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

/// A square around what must stay in sight, at the size of a thumbnail or as large as the picture allows.
fn square(resizer: &mut Resizer, picture: &Pixels, focus: Focus) -> Result<Pixels, Rejection> {
    let (width, height) = picture.size();
    let shorter = shorter((width, height));
    let side = shorter.min(Size::Thumbnail.side());
    let corner = |length: u32, at: f64| {
        let free = f64::from(length - shorter);
        // Not so far that the square would leave the picture.
        (f64::from(length) * at - f64::from(shorter) / 2.0).clamp(0.0, free)
    };
    let (left, top) = (corner(width, focus.x), corner(height, focus.y));
    let options = options().crop(left, top, f64::from(shorter), f64::from(shorter));
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
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false)
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
        Colour::Cmyk => PixelType::U8x4,
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

    /// A grey picture of three parts beside each other.
    fn parts(levels: [u8; 3]) -> Pixels {
        let row: Vec<u8> = (0..900).map(|x| levels[x / 300]).collect();
        Pixels::new(900, 300, Colour::Grey, row.repeat(300)).unwrap()
    }

    #[test]
    fn the_square_is_cut_around_the_focus() {
        let cases = [(0.0, 10), (0.1, 10), (0.5, 128), (0.9, 250), (7.0, 250), (-1.0, 10)];
        for (x, expected) in cases {
            let square = square(&mut Resizer::new(), &parts([10, 128, 250]), Focus { x, y: 0.3 }).unwrap();
            assert_eq!(square.size(), (150, 150));
            // At its edges the filter sees a little of what lies beyond.
            let inside = |row: &[u8]| row[5..145].iter().all(|grey| *grey == expected);
            assert!(square.data.chunks(150).all(inside), "{x}");
        }
    }

    #[test]
    fn a_part_is_that_of_the_upright_picture() {
        let middle = Focus::default();
        let third = |at: f64, down: bool| match down {
            true => Crop { x: 0.0, y: at / 3.0, width: 1.0, height: 1.0 / 3.0 },
            false => Crop { x: at / 3.0, y: 0.0, width: 1.0 / 3.0, height: 1.0 },
        };
        for (value, at, expected) in
            [(1, 0.0, 10), (1, 2.0, 250), (2, 0.0, 250), (6, 0.0, 10), (8, 0.0, 250), (3, 1.0, 128)]
        {
            let orientation = Orientation::from_exif(value).unwrap();
            let photo = Source { orientation, ..source(parts([10, 128, 250])) };
            let crop = third(at, value > 4);
            let part = photo.part_at(Size::High, (crop, middle)).unwrap();
            assert_eq!((part.size(), part.data[150 * 300 + 150]), ((300, 300), expected), "{value}, {at}");
            assert_eq!(photo.part_at(Size::Thumbnail, (crop, middle)).unwrap().size(), (150, 150));
        }
    }

    #[test]
    fn the_focus_is_that_of_the_upright_picture() {
        for (value, y, expected) in [(6, 0.1, 10), (6, 0.9, 250), (8, 0.1, 250), (5, 0.1, 10)] {
            let orientation = Orientation::from_exif(value).unwrap();
            let wide = Source { orientation, ..source(parts([10, 128, 250])) };
            let square = wide.at(Size::Thumbnail, Focus { x: 0.5, y }).unwrap();
            assert_eq!(square.data[75 * 150 + 75], expected, "{value}, {y}");
        }
    }

    fn source(decoded: Pixels) -> Source {
        let stored = decoded.size();
        Source { decoded, stored, orientation: Orientation::NoTransforms, colours: Colours::Srgb }
    }

    #[test]
    fn a_panorama_has_a_full_square() {
        let wide = source(Pixels::new(3000, 300, Colour::Grey, vec![7; 900_000]).unwrap());
        let wide = Source { orientation: Orientation::Rotate90, ..wide };
        let sizes = wide.cascade().unwrap().map(|it| it.size());
        assert_eq!(sizes, [(150, 150), (32, 320), (64, 640), (108, 1080)]);
    }
}
