//! Which part of a photo is shown, and what stays in sight in it.

use super::{Focus, Size};

/// A part of an upright photo: fractions of its width and height from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// The left edge.
    pub x: f64,
    /// The top edge.
    pub y: f64,
    /// How wide.
    pub width: f64,
    /// How high.
    pub height: f64,
}

/// How a photo is framed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Framing {
    /// What stays in sight in a square, as a point of the part that is shown.
    pub focus: Focus,
    /// The part that is shown; all of it when there is none.
    pub crop: Option<Crop>,
}

/// Pixels along the longer side of what is decoded for a part. More would take more memory than a photo may; only tiny
/// parts of huge photos would show them.
const WIDEST: u32 = 8192;

impl Crop {
    /// How large the part of an upright photo is.
    #[must_use]
    pub fn of(self, (width, height): (u32, u32)) -> (u32, u32) {
        (part(width, self.width), part(height, self.height))
    }

    /// The square in it around what must stay in sight, as another part of the photo.
    pub(super) fn square(self, focus: Focus, (width, height): (u32, u32)) -> Crop {
        let (across, down) = (self.width * f64::from(width), self.height * f64::from(height));
        let side = across.min(down);
        let corner = |length: f64, at: f64| (length * at - side / 2.0).clamp(0.0, length - side);
        Crop {
            x: self.x + corner(across, focus.x) / f64::from(width),
            y: self.y + corner(down, focus.y) / f64::from(height),
            width: side / f64::from(width),
            height: side / f64::from(height),
        }
    }

    /// Its top left and its bottom right.
    pub(super) fn corners(self) -> [Focus; 2] {
        let (right, bottom) = ((self.x + self.width).min(1.0), (self.y + self.height).min(1.0));
        [Focus { x: self.x.clamp(0.0, right), y: self.y.clamp(0.0, bottom) }, Focus { x: right, y: bottom }]
    }
}

impl Framing {
    /// How large the photo is as shown.
    #[must_use]
    pub fn shown(self, upright: (u32, u32)) -> (u32, u32) {
        self.crop.map_or(upright, |crop| crop.of(upright))
    }

    /// Pixels along the longer side of the whole photo for which its part has as many as a size needs.
    pub(super) fn side_to_decode(self, size: Size, (width, height): (u32, u32)) -> u32 {
        let Some(crop) = self.crop else { return size.side() };
        let (across, down) = crop.of((width, height));
        let wanted = size.of(across, down);
        let side = if size == Size::Thumbnail { across.min(down) } else { across.max(down) };
        let scale = f64::from(wanted.0.max(wanted.1)) / f64::from(side);
        part(width.max(height), scale).min(WIDEST)
    }
}

/// A part of so many pixels, rounded, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the whole")]
fn part(whole: u32, fraction: f64) -> u32 {
    (f64::from(whole) * fraction).round().clamp(1.0, f64::from(whole)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Crop = Crop { x: 0.0, y: 0.25, width: 0.5, height: 0.5 };

    #[test]
    fn a_part_has_its_size_and_is_decoded_large_enough() {
        assert_eq!(LEFT.of((4000, 3000)), (2000, 1500));
        assert_eq!(Crop { width: 1e-9, height: 1e-9, ..LEFT }.of((4000, 3000)), (1, 1));
        let framing = Framing { crop: Some(LEFT), ..Framing::default() };
        let cases = [
            (Size::High, (4000, 3000), 2160),
            (Size::Thumbnail, (4000, 3000), 400),
            (Size::Full, (4000, 3000), 4000),
            (Size::Full, (30_000, 400), 4096),
            (Size::Low, (300, 300), 300),
        ];
        for (size, photo, expected) in cases {
            assert_eq!(framing.side_to_decode(size, photo), expected, "{size:?} of {photo:?}");
        }
        assert_eq!(Framing::default().side_to_decode(Size::Low, (4000, 3000)), 320);
    }

    #[test]
    fn the_square_stays_in_the_part() {
        for (x, expected) in [(0.0, 0.0), (0.5, 0.0625), (1.0, 0.125), (9.0, 0.125)] {
            let square = LEFT.square(Focus { x, y: 0.5 }, (4000, 3000));
            assert_eq!((square.x, square.y, square.width, square.height), (expected, 0.25, 0.375, 0.5));
        }
    }
}
