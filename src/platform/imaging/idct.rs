//! From frequencies to pixels, at an eighth, a quarter, a half or all of the size (ITU-T T.81, A.3.3).
//!
//! A block of 8 × 8 shown as N × N pixels is what its N × N lowest frequencies add up to: the best there is at that size, and
//! quicker than to shrink the pixels.

use std::f32::consts::FRAC_1_SQRT_2 as ROOT;

/// How much a picture is shrunk while it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shrink {
    Eighth,
    Quarter,
    Half,
    Whole,
}

/// Where each coefficient goes, in the order of the coding: into rows of eight, or behind them when it is not needed.
pub(super) const PLACES: [[u8; 64]; 4] = [places(1), places(2), places(4), places(8)];

/// Column and row of each coefficient: from one edge to the other along the diagonals.
const fn places(side: u8) -> [u8; 64] {
    let mut places = [64; 64];
    let (mut x, mut y, mut at) = (0_u8, 0_u8, 0);
    while at < 64 {
        if x < side && y < side {
            places[at] = y * 8 + x;
        }
        let is_rising = (x + y) % 2 == 0;
        match (is_rising, x, y) {
            (true, 7, _) | (false, 0, 0..7) => y += 1,
            (true, _, 0) | (false, _, 7) => x += 1,
            (true, ..) => (x, y) = (x + 1, y - 1),
            (false, ..) => (x, y) = (x - 1, y + 1),
        }
        at += 1;
    }
    places
}

/// Half the cosine of an odd multiple of an N-th of a right angle: how much each frequency (first) adds to each pixel.
const WAVES_2: [[f32; 2]; 2] = [[0.5 * ROOT; 2], [0.5 * ROOT, -0.5 * ROOT]];
const C8: f32 = 0.461_939_77;
const S8: f32 = 0.191_341_72;
const WAVES_4: [[f32; 4]; 4] =
    [[0.5 * ROOT; 4], [C8, S8, -S8, -C8], [0.5 * ROOT, -0.5 * ROOT, -0.5 * ROOT, 0.5 * ROOT], [S8, -C8, C8, -S8]];
const A: f32 = 0.490_392_64;
const B: f32 = 0.415_734_8;
const C: f32 = 0.277_785_12;
const D: f32 = 0.097_545_16;
const WAVES_8: [[f32; 8]; 8] = [
    [0.5 * ROOT; 8],
    [A, B, C, D, -D, -C, -B, -A],
    [C8, S8, -S8, -C8, -C8, -S8, S8, C8],
    [B, -D, -A, -C, C, A, D, -B],
    [0.5 * ROOT, -0.5 * ROOT, -0.5 * ROOT, 0.5 * ROOT, 0.5 * ROOT, -0.5 * ROOT, -0.5 * ROOT, 0.5 * ROOT],
    [C, -A, D, B, -B, -D, A, -C],
    [S8, -C8, C8, -S8, -S8, C8, -C8, S8],
    [D, -C, B, -A, A, -B, C, -D],
];

impl Shrink {
    const ALL: [Shrink; 4] = [Shrink::Eighth, Shrink::Quarter, Shrink::Half, Shrink::Whole];

    /// The smallest that gives at least so many pixels.
    pub fn to(stored: (u16, u16), (width, height): (u16, u16)) -> Shrink {
        let is_enough = |shrink: &Shrink| {
            let (across, down) = shrink.size(stored);
            across >= usize::from(width) && down >= usize::from(height)
        };
        Shrink::ALL.into_iter().find(is_enough).unwrap_or(Shrink::Whole)
    }

    /// Its place in [`PLACES`].
    pub fn number(self) -> usize {
        self as usize
    }

    /// Pixels along each side of a block.
    pub fn side(self) -> usize {
        1 << self.number()
    }

    /// How large a picture comes out.
    pub fn size(self, (width, height): (u16, u16)) -> (usize, usize) {
        let shrunk = |length: u16| (usize::from(length) * self.side()).div_ceil(8);
        (shrunk(width), shrunk(height))
    }

    /// Writes a block as pixels into a plane.
    #[inline]
    pub fn put(self, block: &[f32; 72], target: &mut [u8], stride: usize) {
        match self {
            Shrink::Eighth => target[0] = to_byte(block[0] / 8.0),
            Shrink::Quarter => put(block, &WAVES_2, (target, stride)),
            Shrink::Half => put(block, &WAVES_4, (target, stride)),
            Shrink::Whole => put(block, &WAVES_8, (target, stride)),
        }
    }
}

/// First along the columns, then along the rows; each is a sum of rows, which the processor adds up several at once.
#[inline]
fn put<const N: usize>(block: &[f32; 72], waves: &[[f32; N]; N], (target, stride): (&mut [u8], usize)) {
    let mut columns = [[0.0; N]; N];
    for (wave, row) in waves.iter().zip(block.as_chunks::<8>().0) {
        for (sums, weight) in columns.iter_mut().zip(wave) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    for (column, row) in columns.iter().zip(target.chunks_mut(stride)) {
        let mut sums = [0.0; N];
        for (value, wave) in column.iter().zip(waves) {
            for (sum, weight) in sums.iter_mut().zip(wave) {
                *sum += value * weight;
            }
        }
        for (pixel, sum) in row.iter_mut().zip(sums) {
            *pixel = to_byte(sum);
        }
    }
}

/// A level around 128. Adding 2²³ leaves the whole part in the lowest bits of the number, which is quicker than to convert it.
#[inline]
fn to_byte(level: f32) -> u8 {
    let bits = ((level + 128.0).clamp(0.0, 255.0) + 8_388_608.0).to_bits();
    bits.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_where_the_standard_has_them() {
        // Figure A.6.
        let first: Vec<u8> = PLACES[3][..12].to_vec();
        assert_eq!(first, [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25]);
        assert_eq!(PLACES[3][63], 63);
        let mut all = PLACES[3];
        all.sort_unstable();
        assert!((0..64).eq(all));
        assert_eq!(PLACES[2].iter().filter(|place| **place != 64).count(), 16);
    }

    /// The definition, a sum over all frequencies, for each pixel.
    fn slowly(block: &[f32; 72], side: usize) -> Vec<f64> {
        let float = |number: usize| f64::from(u32::try_from(number).unwrap());
        let angle = |at: usize, wave: usize| float((2 * at + 1) * wave) * std::f64::consts::PI / float(2 * side);
        let weight = |wave: usize| if wave == 0 { f64::from(ROOT) } else { 1.0 } / 2.0;
        let pixel = |at: usize| {
            let (x, y) = (at % side, at / side);
            let waves = (0..side * side).map(|wave| (wave % side, wave / side));
            waves
                .map(|(u, v)| {
                    f64::from(block[v * 8 + u]) * weight(u) * weight(v) * angle(x, u).cos() * angle(y, v).cos()
                })
                .sum::<f64>()
        };
        (0..side * side).map(pixel).collect()
    }

    #[test]
    fn every_size_is_the_sum_of_its_frequencies() {
        let mut block = [0.0; 72];
        for (at, value) in block.iter_mut().enumerate() {
            let level = [220.0, -90.0, 31.0, 0.0, -12.0, 55.0, -7.0][at * at % 7];
            *value = level / (1.0 + f32::from(u8::try_from(at).unwrap()) / 9.0);
        }
        for shrink in Shrink::ALL {
            let side = shrink.side();
            let mut pixels = vec![0; side * side];
            shrink.put(&block, &mut pixels, side);
            for (found, expected) in pixels.iter().zip(slowly(&block, side)) {
                let expected = (expected + 128.0).clamp(0.0, 255.0);
                assert!((f64::from(*found) - expected).abs() <= 0.51, "{shrink:?}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn no_more_pixels_than_needed() {
        let cases = [
            ((4000, 3000), (1080, 810), Shrink::Half),
            ((4320, 3240), (1080, 810), Shrink::Quarter),
            ((4000, 3000), (2048, 1536), Shrink::Whole),
            ((100, 80), (100, 80), Shrink::Whole),
            ((9, 9), (2, 2), Shrink::Eighth),
        ];
        for (stored, needed, expected) in cases {
            assert_eq!(Shrink::to(stored, needed), expected, "{stored:?}");
        }
    }
}
