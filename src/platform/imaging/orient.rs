//! Turns a picture upright.

use super::pixels::Pixels;
use super::{Focus, Rejection};
use image::metadata::Orientation;

/// Pixels in one side of the squares a picture is turned by, so that what is read and what is written both stay in
/// the processor's nearest cache.
const TILE: usize = 32;

/// Whether width and height change places.
fn swaps(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// The size a picture has when it is upright.
pub(super) fn upright((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    if swaps(orientation) { (height, width) } else { (width, height) }
}

/// Turns a picture upright.
pub(super) fn turn(picture: Pixels, orientation: Orientation) -> Result<Pixels, Rejection> {
    if orientation == Orientation::NoTransforms {
        return Ok(picture);
    }
    let data = match picture.colour.bytes() {
        1 => turned::<1>(&picture, orientation),
        4 => turned::<4>(&picture, orientation),
        _ => turned::<3>(&picture, orientation),
    };
    let (width, height) = upright(picture.size(), orientation);
    Pixels::new(width, height, picture.colour, data)
}

fn turned<const N: usize>(picture: &Pixels, orientation: Orientation) -> Vec<u8> {
    let source = picture.data.as_chunks::<N>().0;
    let size = (picture.width as usize, picture.height as usize);
    let (width, height) = if swaps(orientation) { (size.1, size.0) } else { size };
    let mut target = vec![[0; N]; width * height];
    for top in (0..height).step_by(TILE) {
        for left in (0..width).step_by(TILE) {
            for y in top..height.min(top + TILE) {
                for x in left..width.min(left + TILE) {
                    let (from_x, from_y) = origin((x, y), size, orientation);
                    target[y * width + x] = source[from_y * size.0 + from_x];
                }
            }
        }
    }
    target.into_flattened()
}

/// Where a pixel of the upright picture lies in the stored one of `width` by `height` pixels
/// (CIPA DC-008, 4.6.2: what the first row and the first column stand for).
fn origin((x, y): (usize, usize), (width, height): (usize, usize), orientation: Orientation) -> (usize, usize) {
    match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (width - 1 - x, y),
        Orientation::Rotate180 => (width - 1 - x, height - 1 - y),
        Orientation::FlipVertical => (x, height - 1 - y),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, height - 1 - x),
        Orientation::Rotate270FlipH => (width - 1 - y, height - 1 - x),
        Orientation::Rotate270 => (width - 1 - y, x),
    }
}

/// Where a point of the upright picture lies in the stored one; both are one long and one wide.
pub(super) fn stored(focus: Focus, orientation: Orientation) -> Focus {
    let (x, y) = (focus.x, focus.y);
    let (x, y) = match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (1.0 - x, y),
        Orientation::Rotate180 => (1.0 - x, 1.0 - y),
        Orientation::FlipVertical => (x, 1.0 - y),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, 1.0 - x),
        Orientation::Rotate270FlipH => (1.0 - y, 1.0 - x),
        Orientation::Rotate270 => (1.0 - y, x),
    };
    Focus { x, y }
}

#[cfg(test)]
mod tests {
    use super::super::pixels::Colour;
    use super::*;

    #[test]
    fn all_eight_ways_up() {
        // The letter F is drawn as its author meant it; a camera held in each way stores these rows.
        let cases = [
            (1, ["##", "# ", "##", "# "].as_slice()),
            (2, &["##", " #", "##", " #"]),
            (3, &[" #", "##", " #", "##"]),
            (4, &["# ", "##", "# ", "##"]),
            (5, &["####", "# # "]),
            (6, &["# # ", "####"]),
            (7, &[" # #", "####"]),
            (8, &["####", " # #"]),
        ];
        for (value, rows) in cases {
            let orientation = Orientation::from_exif(value).unwrap();
            let stored = letter(rows);
            let upright = turn(stored, orientation).unwrap();
            assert_eq!(upright.size(), (2, 4), "{value}");
            assert_eq!(upright.data, b"### ### ", "{value}");
        }
    }

    #[test]
    fn a_point_is_found_where_its_pixel_is() {
        for value in 1..=8 {
            let orientation = Orientation::from_exif(value).unwrap();
            let (x, y) = origin((0, 2), (4, 4), orientation);
            // The middle of a pixel of four.
            let middle = |at: usize| (f64::from(u32::try_from(at).unwrap()) + 0.5) / 4.0;
            let found = stored(Focus { x: middle(0), y: middle(2) }, orientation);
            assert_eq!((found.x, found.y), (middle(x), middle(y)), "{value}");
        }
    }

    fn letter(rows: &[&str]) -> Pixels {
        let width = u32::try_from(rows[0].len()).unwrap();
        let height = u32::try_from(rows.len()).unwrap();
        Pixels::new(width, height, Colour::Grey, rows.concat().into_bytes()).unwrap()
    }
}
