//! A picture in memory.

use super::Rejection;

/// How the bytes of a picture stand for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// One byte for each pixel.
    Grey,
    /// Red, green, blue: three bytes for each pixel.
    Rgb,
    /// Brightness and two colour differences, as JPEG stores them (ITU-T T.871). A JPEG is resized and written
    /// again without ever becoming RGB, which saves two conversions.
    YCbCr,
    /// Cyan, magenta, yellow and black: four bytes for each pixel, 255 is all of an ink. Only on the way in.
    Cmyk,
}

/// A picture in memory, row after row from the top, without gaps.
#[derive(Debug, Clone)]
pub(super) struct Pixels {
    pub width: u32,
    pub height: u32,
    pub colour: Colour,
    pub data: Vec<u8>,
}

impl Colour {
    /// Bytes for each pixel.
    pub fn bytes(self) -> usize {
        match self {
            Colour::Grey => 1,
            Colour::Rgb | Colour::YCbCr => 3,
            Colour::Cmyk => 4,
        }
    }
}

impl Pixels {
    /// A picture whose data is as long as its sizes say. What follows relies on that.
    pub fn new(width: u32, height: u32, colour: Colour, data: Vec<u8>) -> Result<Pixels, Rejection> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || data.len() as u64 != pixels * colour.bytes() as u64 {
            return Err(Rejection::Damaged);
        }
        Ok(Pixels { width, height, colour, data })
    }

    /// Pixels across and down.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The colours, row after row.
    pub fn rgb(&self) -> impl Iterator<Item = [u8; 3]> {
        let colour = self.colour;
        self.data.chunks_exact(colour.bytes()).map(move |pixel| match (colour, pixel) {
            (Colour::YCbCr, [y, cb, cr]) => ycbcr_to_rgb(*y, *cb, *cr),
            (_, [r, g, b]) => [*r, *g, *b],
            (_, [c, m, y, k]) => ink_to_rgb([*c, *m, *y, *k]),
            (_, grey) => [grey[0]; 3],
        })
    }

    /// The same picture in red, green and blue.
    pub fn into_rgb(self) -> Pixels {
        match self.colour {
            Colour::Rgb => self,
            _ => Pixels { data: self.rgb().flatten().collect(), colour: Colour::Rgb, ..self },
        }
    }
}

/// The equations of ITU-T T.871, 7.
fn ycbcr_to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(to_byte)
}

/// Inks as if printed on white.
fn ink_to_rgb([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| times(255 - ink, 255 - k))
}

/// The product of two fractions of 255.
pub(super) fn times(a: u8, b: u8) -> u8 {
    let rounded = (u32::from(a) * u32::from(b) + 127) / 255;
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

/// Rounds to the nearest byte.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte just before")]
pub(super) fn to_byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
