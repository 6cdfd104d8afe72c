//! Chance that is the same on every run: grain, clouds, ridges and leaves all come from a number and a place.

/// Numbers drawn one after the other, for what a scene has few of: where the sun stands, how many hills.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// A seed for what has many numbers. Small enough that others can be counted up from it.
    pub fn seed(&mut self) -> u32 {
        self.bits() >> 1
    }

    /// The next 32 bits. `SplitMix64` (Steele, Lea and Flood, 2014): one addition and three mixing steps.
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default()
    }

    /// A number from `low` to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * fraction(self.bits())
    }

    /// One of the numbers below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        self.bits() as usize % count.max(1)
    }

    /// Either way.
    pub fn coin(&mut self) -> bool {
        self.bits().is_multiple_of(2)
    }
}

/// A number from 0 to 1, 1 excluded, from the 24 upper bits: as many as an `f32` can tell apart.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
fn fraction(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// What columns, rows and seeds are multiplied with: large odd numbers without a pattern in their bits, the first of
/// them 2^32 divided by the golden ratio.
const ACROSS: u32 = 0x9E37_79B1;
const ALONG: u32 = 0x85EB_CA77;
const SEEDS: u32 = 0xC2B2_AE3D;

/// Mixes a place and a seed into 32 bits; the two rounds spread each bit that goes in over all that come out.
#[inline]
pub(super) fn mix(x: i32, y: i32, seed: u32) -> u32 {
    let mut mixed =
        x.cast_unsigned().wrapping_mul(ACROSS) ^ y.cast_unsigned().wrapping_mul(ALONG) ^ seed.wrapping_mul(SEEDS);
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
    mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297A_2D39);
    mixed ^ (mixed >> 15)
}

/// A number from 0 to 1 for a place.
#[inline]
pub(super) fn at(x: i32, y: i32, seed: u32) -> f32 {
    fraction(mix(x, y, seed))
}

/// The whole number below, and what is over.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "pictures are small")]
pub(super) fn split(value: f32) -> (i32, f32) {
    // `floor` is a call into the C library on plain x86-64; this is three instructions.
    let whole = value as i32;
    let whole = whole - i32::from((whole as f32) > value);
    (whole, value - whole as f32)
}

/// From 0 to 1 without a kink in its slope or its curve (Perlin, "Improving noise", 2002).
#[inline]
fn ease(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// A soft line that goes up and down between -1 and 1, about once for each whole number.
#[inline]
pub(super) fn line(x: f32, seed: u32) -> f32 {
    let (cell, over) = split(x);
    let (left, right) = (at(cell, 0, seed), at(cell + 1, 0, seed));
    2.0 * (left + (right - left) * ease(over)) - 1.0
}

/// A soft surface between -1 and 1: slopes at the corners of a grid, blended (Perlin, 1985).
#[inline]
pub(super) fn surface(x: f32, y: f32, seed: u32) -> f32 {
    let ((column, right), (row, down)) = (split(x), split(y));
    // One round of mixing is enough for slopes, and four of them are needed for each value.
    let start = column.cast_unsigned().wrapping_mul(ACROSS).wrapping_add(row.cast_unsigned().wrapping_mul(ALONG));
    let start = start.wrapping_add(seed.wrapping_mul(SEEDS));
    let slope = |step: u32, right: f32, down: f32| {
        let mixed = start.wrapping_add(step);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
        signed(mixed) * right + signed(mixed << 13) * down
    };
    let (across, along) = (ease(right), ease(down));
    let above = blend(slope(0, right, down), slope(ACROSS, right - 1.0, down), across);
    let below =
        blend(slope(ALONG, right, down - 1.0), slope(ACROSS.wrapping_add(ALONG), right - 1.0, down - 1.0), across);
    blend(above, below, along) * 1.4
}

/// 32 bits as a number from -1 to 1.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "the lower bits do not matter")]
fn signed(bits: u32) -> f32 {
    bits.cast_signed() as f32 / 2_147_483_648.0
}

#[inline]
fn blend(from: f32, to: f32, t: f32) -> f32 {
    from + (to - from) * t
}

/// Surfaces of doubling fineness and halving height on top of each other, turned so that their grids do not show.
pub(super) fn cloud(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut place, mut height, mut sum) = ((x, y), 0.5, 0.0);
    for octave in 0..octaves {
        sum += height * surface(place.0, place.1, seed.wrapping_add(octave));
        // A turn by 37 degrees and a factor of 2.
        place = (1.6 * place.0 - 1.2 * place.1, 1.2 * place.0 + 1.6 * place.1);
        height *= 0.5;
    }
    sum
}

/// Lines of doubling fineness on top of each other: the outline of a mountain.
pub(super) fn ridge(x: f32, octaves: u32, roughness: f32, seed: u32) -> f32 {
    let (mut place, mut height, mut sum) = (x, 1.0, 0.0);
    for octave in 0..octaves {
        sum += height * line(place, seed.wrapping_add(octave));
        place = place * 2.03 + 17.3;
        height *= roughness;
    }
    sum
}
