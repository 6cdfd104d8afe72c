//! Puts a look on a picture: a table of colours, darkened corners and grain, in whole numbers that any client can repeat.
//!
//! The table has a colour for each of 64 × 64 × 64 levels of red, green and blue. Between them a colour is found by
//! tetrahedral interpolation, which keeps greys grey. Everything below is whole numbers, `/` drops the rest, and `>>` of a
//! negative number rounds down, so a client that does the same has the same picture; `playground/src/filters.ts` does.
//!
//! For a picture of `w` × `h` pixels, the pixel at (`x`, `y`) and a look with strength, vignette and grain from 0 to 1:
//!
//! 1. **Table.** For each channel `v`: `i = v × 63 / 255` and `rest = v × 63 − i × 255`, `f = rest`, one more when
//!    `rest > 127`; for `v = 255`, `i = 62` and `f = 256`. With the three `f` from the largest to the smallest as
//!    `f1 ≥ f2 ≥ f3`, `e0` the entry at the three `i`, `e1` one further along the channel of `f1`, `e2` one further along
//!    that of `f2` too, and `e3` along all three:
//!    `t = (e0 × (256 − f1) + e1 × (f1 − f2) + e2 × (f2 − f3) + e3 × f3 + 128) >> 8`.
//! 2. **Strength.** `s = round(strength × 256)`; `c = (v × (256 − s) + t × s + 128) >> 8`.
//! 3. **Vignette.** `d = round(vignette × s)`, `a = (2x + 1 − w)² × 32767 / w²`, `b` the same of `y` and `h`,
//!    `q = ((a + b)² >> 16)`, and `c = (c × (256 − (q × d >> 16)) + 128) >> 8`.
//! 4. **Grain.** `g = round(grain × s)`. In 32-bit numbers that wrap, `scattered(k)` is `k ^= k >>> 15`,
//!    `k ×= 0x2C1B3C6D`, `k ^= k >>> 12`, `k ×= 0x297A2D39`, `k ^= k >>> 15`. There are 4096 values of noise: the two
//!    lowest bytes of `scattered(i × 0x9E3779B9)` make number `i`, `(one + other − 255) × g >> 8`. The pixel has number
//!    `(scattered(((w << 16) ^ h) + y × 0x9E3779B9) + x) mod 4096`, `n`; so grain depends on where the pixel is and on how
//!    large the picture is. `c = c + ((n × (c × (255 − c) >> 7) + 512) >> 10)`: black stays black, white stays white,
//!    and grey gets most.

/// Levels of each channel in a table.
pub const LEVELS: usize = 64;

/// Colours in a table.
pub const ENTRIES: usize = LEVELS * LEVELS * LEVELS;

/// Pixels that are worked on at once: their planes stay in the nearest cache.
const CHUNK: usize = 64;

/// Values of noise before they repeat; rows begin anywhere among them.
const NOISE: usize = 4096;

/// 2^32 divided by the golden ratio: its multiples lie far apart.
const GOLDEN: u32 = 0x9E37_79B9;

/// One in each lane of 16 bits: what is added before 8 bits are dropped, so that they are rounded.
const HALF: u64 = 0x0080_0080_0080;

/// The lower 8 bits of each lane.
const BYTES: u64 = 0x00FF_00FF_00FF;

/// From a colour to the one at the other end of its cell of the table.
const ACROSS: usize = 1 + LEVELS + LEVELS * LEVELS;

/// A colour table of 64 levels.
#[derive(Clone, PartialEq, Eq)]
pub struct Lut {
    /// Red, green and blue in lanes of 16 bits, so that one multiplication weighs all three.
    entries: Box<[u64; ENTRIES]>,
    axes: [Axis; 3],
}

/// For each value of a channel, from the top: where its cell begins, how far into the cell it lies (of 256), and how far
/// the next entry along the channel is.
type Axis = [u64; 256];

/// How a table is put on a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finish {
    /// How much of it, 0 to 1.
    pub strength: f32,
    /// How much the corners are darkened, 0 to 1.
    pub vignette: f32,
    /// How much grain is added, 0 to 1.
    pub grain: f32,
}

impl Finish {
    /// A table with all its strength and nothing else.
    pub const PLAIN: Finish = Finish { strength: 1.0, vignette: 0.0, grain: 0.0 };
}

impl std::fmt::Debug for Lut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lut")
    }
}

impl Lut {
    /// The table with these colours, red counting fastest, then green, then blue; `None` when there are not [`ENTRIES`].
    #[must_use]
    pub fn new(colours: &[[u8; 3]]) -> Option<Lut> {
        let entries: Box<[u64]> = colours.iter().map(|colour| lanes(*colour)).collect();
        let axes = [axis(1), axis(LEVELS as u64), axis((LEVELS * LEVELS) as u64)];
        Some(Lut { entries: entries.try_into().ok()?, axes })
    }

    /// Puts the look on a picture: red, green and blue of each pixel, row after row from the top, `width` pixels in each.
    pub fn apply(&self, picture: &mut [u8], width: usize, finish: Finish) {
        let rows = picture.len() / (3 * width.max(1));
        let look = Look::new(finish, width, rows);
        for (y, row) in picture.chunks_exact_mut(3 * width.max(1)).enumerate() {
            let at_row = look.at_row(y);
            for (chunk, pixels) in row.as_chunks_mut::<3>().0.chunks_mut(CHUNK).enumerate() {
                let colours = self.look_up(pixels);
                if look.is_plain() {
                    write(&colours, pixels);
                } else {
                    let planes = look.finished(planes(&colours), pixels, (chunk * CHUNK, at_row));
                    write_planes(&planes, pixels);
                }
            }
        }
    }

    /// Step 1 for some pixels.
    #[inline]
    fn look_up(&self, pixels: &[[u8; 3]]) -> [u64; CHUNK] {
        let mut colours = [0; CHUNK];
        for (pixel, colour) in pixels.iter().zip(colours.iter_mut()) {
            *colour = self.colour(*pixel);
        }
        colours
    }

    /// Step 1. The three channels are put in order by comparing numbers that carry their way along; nothing branches.
    #[inline]
    fn colour(&self, [red, green, blue]: [u8; 3]) -> u64 {
        let [reds, greens, blues] = &self.axes;
        let (r, g, b) = (reds[usize::from(red)], greens[usize::from(green)], blues[usize::from(blue)]);
        let start = index((r + g + b) >> 32);
        let (r, g, b) = (r & 0xFFFF_FFFF, g & 0xFFFF_FFFF, b & 0xFFFF_FFFF);
        let (larger, smaller) = (r.max(g), r.min(g));
        let (first, rest) = (larger.max(b), larger.min(b));
        let (second, third) = (smaller.max(rest), smaller.min(rest));
        let (one, two) = (start + index(first & 0xFFFF), start + index(first & 0xFFFF) + index(second & 0xFFFF));
        let (first, second, third) = (first >> 16, second >> 16, third >> 16);
        let entry = |at: usize| self.entries[at % ENTRIES];
        let sum = entry(start) * (256 - first) + entry(one) * (first - second);
        (sum + entry(two) * (second - third) + entry(start + ACROSS) * third + HALF) >> 8 & BYTES
    }
}

/// Red, green and blue in lanes of 16 bits.
#[inline]
fn lanes([red, green, blue]: [u8; 3]) -> u64 {
    u64::from(red) | u64::from(green) << 16 | u64::from(blue) << 32
}

fn axis(step: u64) -> Axis {
    std::array::from_fn(|value| {
        let (cell, rest) = (value * (LEVELS - 1) / 255, value * (LEVELS - 1) % 255);
        let (cell, far) = if value == 255 { (LEVELS - 2, 256) } else { (cell, rest + usize::from(rest > 127)) };
        (cell as u64 * step) << 32 | (far as u64) << 16 | step
    })
}

/// What is the same for the whole picture: steps 2 to 4, prepared.
struct Look {
    strength: u16,
    darkest: u16,
    /// How far each column is from the middle, and each row.
    across: Vec<u16>,
    down: Vec<u16>,
    /// The noise that all rows take theirs from, with its beginning once more at its end; empty without grain.
    noise: Vec<i16>,
    seed: u32,
}

/// What is the same for a row.
#[derive(Clone, Copy)]
struct Row {
    far: u16,
    noise: usize,
}

impl Look {
    fn new(finish: Finish, width: usize, height: usize) -> Look {
        let strength = parts(finish.strength, 256);
        let grain = parts(finish.grain, strength).cast_signed();
        let noise = if grain > 0 { NOISE + CHUNK } else { 0 };
        Look {
            strength: low(strength.into()),
            darkest: low(parts(finish.vignette, strength).into()),
            across: from_the_middle(width),
            down: from_the_middle(height),
            noise: (0..noise).map(|at| noise_at(at % NOISE, grain)).collect(),
            seed: wrapped(width) << 16 ^ wrapped(height),
        }
    }

    /// Whether the table with all its strength is all there is.
    fn is_plain(&self) -> bool {
        self.strength == 256 && self.darkest == 0 && self.noise.is_empty()
    }

    fn at_row(&self, y: usize) -> Row {
        let noise = scattered(self.seed.wrapping_add(wrapped(y).wrapping_mul(GOLDEN)));
        Row { far: self.down[y], noise: noise as usize % NOISE }
    }

    #[inline]
    fn finished(&self, mut planes: [[u16; CHUNK]; 3], before: &[[u8; 3]], (x, row): (usize, Row)) -> [[u16; CHUNK]; 3] {
        if self.strength < 256 {
            weaken(&mut planes, before, self.strength);
        }
        if self.darkest > 0 {
            let mut gains = [256_u16; CHUNK];
            for (gain, far) in gains.iter_mut().zip(&self.across[x..]) {
                let far = far + row.far;
                *gain = 256 - upper(upper(far, far), self.darkest);
            }
            for plane in &mut planes {
                darken(plane, &gains);
            }
        }
        if let Some(noise) = self.noise[..].get((row.noise + x) % NOISE..).and_then(|rest| rest.first_chunk()) {
            for plane in &mut planes {
                roughen(plane, noise);
            }
        }
        planes
    }
}

/// A fraction of a whole, rounded; what is not between 0 and 1 is brought there.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 256")]
#[expect(clippy::cast_precision_loss, reason = "256 at most")]
fn parts(fraction: f32, whole: u32) -> u32 {
    (fraction.clamp(0.0, 1.0) * whole as f32).round() as u32
}

/// The square of how far each pixel of a row or column is from its middle: 32,767 at the very end.
fn from_the_middle(length: usize) -> Vec<u16> {
    let length = length as u64;
    let far = |at: u64| (2 * at + 1).abs_diff(length).pow(2) * 32_767 / length.pow(2);
    (0..length).map(|at| low(far(at))).collect()
}

#[inline]
fn darken(plane: &mut [u16; CHUNK], gains: &[u16; CHUNK]) {
    for (value, gain) in plane.iter_mut().zip(gains) {
        // At most 255 × 256 + 128.
        *value = (*value * gain + 128) >> 8;
    }
}

#[inline]
fn weaken(planes: &mut [[u16; CHUNK]; 3], before: &[[u8; 3]], strength: u16) {
    let mut kept = [[0; CHUNK]; 3];
    let [red, green, blue] = &mut kept;
    for (((pixel, red), green), blue) in before.iter().zip(red).zip(green).zip(blue) {
        [*red, *green, *blue] = pixel.map(u16::from);
    }
    for (plane, kept) in planes.iter_mut().zip(&kept) {
        for (value, kept) in plane.iter_mut().zip(kept) {
            // At most 255 × 256 + 128.
            *value = (*kept * (256 - strength) + *value * strength + 128) >> 8;
        }
    }
}

/// One value of the noise, as strong as the grain is.
fn noise_at(at: usize, grain: i32) -> i16 {
    let key = scattered(wrapped(at).wrapping_mul(GOLDEN));
    let sum = (key & 255) + (key >> 8 & 255);
    small(((sum.cast_signed() - 255) * grain) >> 8)
}

/// Scatters numbers: neighbours have nothing in common afterwards.
fn scattered(mut key: u32) -> u32 {
    key = (key ^ key >> 15).wrapping_mul(0x2C1B_3C6D);
    key = (key ^ key >> 12).wrapping_mul(0x297A_2D39);
    key ^ key >> 15
}

#[inline]
fn roughen(plane: &mut [u16; CHUNK], noise: &[i16; CHUNK]) {
    for (value, noise) in plane.iter_mut().zip(noise) {
        // At most 255 × 127 + 512, and never more than what is there: at 1 it is 255 × 1, which rounds to nothing.
        let weight = ((*value * (255 - *value)) >> 7).cast_signed();
        *value = value.wrapping_add_signed((noise * weight + 512) >> 10);
    }
}

/// The upper half of a product.
#[inline]
fn upper(a: u16, b: u16) -> u16 {
    ((u32::from(a) * u32::from(b)) >> 16) as u16
}

#[inline]
fn planes(colours: &[u64; CHUNK]) -> [[u16; CHUNK]; 3] {
    [0, 16, 32].map(|lane| colours.map(|colour| low(colour >> lane)))
}

#[inline]
fn write(colours: &[u64; CHUNK], pixels: &mut [[u8; 3]]) {
    for (pixel, colour) in pixels.iter_mut().zip(colours) {
        let bytes = colour.to_le_bytes();
        *pixel = [bytes[0], bytes[2], bytes[4]];
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "bytes in lanes of 16 bits")]
fn write_planes([red, green, blue]: &[[u16; CHUNK]; 3], pixels: &mut [[u8; 3]]) {
    for (((pixel, red), green), blue) in pixels.iter_mut().zip(red).zip(green).zip(blue) {
        *pixel = [*red as u8, *green as u8, *blue as u8];
    }
}

/// The lowest byte, where a lane holds one, or what is less than 65,536.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "what is above is another lane")]
fn low(lanes: u64) -> u16 {
    lanes as u16
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "-255 to 255")]
fn small(number: i32) -> i16 {
    number as i16
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "pictures have less than 65,536 pixels a side; what is more wraps")]
fn wrapped(number: usize) -> u32 {
    number as u32
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "less than twice the entries")]
fn index(number: u64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table made by a rule from the levels of red, green and blue, 0 to 63.
    fn table(rule: impl Fn([usize; 3]) -> [u8; 3]) -> Vec<[u8; 3]> {
        (0..ENTRIES).map(|at| rule([at % LEVELS, at / LEVELS % LEVELS, at / LEVELS / LEVELS])).collect()
    }

    fn byte(level: usize) -> u8 {
        u8::try_from((level * 510 + 63) / 126).unwrap()
    }

    fn identity() -> Lut {
        Lut::new(&table(|levels| levels.map(byte))).unwrap()
    }

    /// Numerical Recipes' generator.
    fn chance(seed: &mut u32) -> u8 {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    }

    fn pixels(count: usize) -> Vec<u8> {
        let mut seed = 7;
        (0..count * 3).map(|_| chance(&mut seed)).collect()
    }

    /// Neighbours differ by up to half of all levels: wilder than any filter.
    fn wild() -> Vec<[u8; 3]> {
        let mut seed = 3;
        (0..ENTRIES).map(|_| std::array::from_fn(|_| 60 + chance(&mut seed) / 2)).collect()
    }

    #[test]
    fn the_table_that_changes_nothing_changes_nothing() {
        let lut = identity();
        let every_fifth: Vec<u8> = (0..52_u8).map(|step| step * 5).collect();
        for red in 0..=255 {
            let mut picture: Vec<u8> = every_fifth
                .iter()
                .flat_map(|green| every_fifth.iter().flat_map(move |blue| [red, *green, *blue]))
                .collect();
            let before = picture.clone();
            lut.apply(&mut picture, 52, Finish::PLAIN);
            assert!(picture == before, "with red {red}");
        }
    }

    #[test]
    fn no_strength_changes_nothing() {
        let before = pixels(5000);
        let mut picture = before.clone();
        let finish = Finish { strength: 0.0, vignette: 1.0, grain: 1.0 };
        Lut::new(&wild()).unwrap().apply(&mut picture, 100, finish);
        assert!(picture == before);
    }

    /// Steps 1 and 2 in fractions, as a book would have them.
    fn reference(table: &[[u8; 3]], pixel: [u8; 3], strength: f64) -> [f64; 3] {
        let at = pixel.map(|value| f64::from(value) * 63.0 / 255.0);
        let cell = at.map(|at| at.floor().min(62.0));
        let mut order = [(at[0] - cell[0], 1), (at[1] - cell[1], 64), (at[2] - cell[2], 4096)];
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 62")]
        let mut entry = cell.iter().zip([1, 64, 4096]).map(|(cell, step)| *cell as usize * step).sum::<usize>();
        let mut sum = [0.0; 3];
        let ends = [1.0, order[0].0, order[1].0, order[2].0, 0.0];
        for corner in 0..4 {
            for (sum, level) in sum.iter_mut().zip(table[entry]) {
                *sum += f64::from(level) * (ends[corner] - ends[corner + 1]);
            }
            entry += order.get(corner).map_or(0, |(_, step)| *step);
        }
        std::array::from_fn(|i| f64::from(pixel[i]) * (1.0 - strength) + sum[i] * strength)
    }

    #[test]
    fn it_is_the_tetrahedral_interpolation_within_one_level() {
        let smooth = table(|[r, g, b]| [byte(r.midpoint(g)), byte(63 - b), byte((r * r / 63).midpoint(b))]);
        for (colours, strength) in [(smooth.clone(), 1.0), (smooth, 0.375), (wild(), 1.0), (wild(), 0.625)] {
            let before = pixels(50_000);
            let mut picture = before.clone();
            let finish = Finish { strength, ..Finish::PLAIN };
            Lut::new(&colours).unwrap().apply(&mut picture, 250, finish);
            for (before, after) in before.as_chunks::<3>().0.iter().zip(picture.as_chunks::<3>().0) {
                let expected = reference(&colours, *before, f64::from(strength));
                for (after, expected) in after.iter().zip(expected) {
                    let off = (f64::from(*after) - expected).abs();
                    assert!(off <= 1.0, "{before:?} became {after}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn greys_stay_grey_where_the_table_keeps_them() {
        let lut = Lut::new(&table(|[r, g, b]| if r == g && g == b { [byte(r); 3] } else { [200, 10, 90] })).unwrap();
        let mut greys: Vec<u8> = (0..=255).flat_map(|grey| [grey; 3]).collect();
        lut.apply(&mut greys, 16, Finish::PLAIN);
        assert!(greys.chunks(3).all(|pixel| pixel.iter().all(|value| *value == pixel[0])));
    }

    #[test]
    fn a_vignette_darkens_the_corners_and_spares_the_middle() {
        let mut picture = vec![200; 301 * 201 * 3];
        let finish = Finish { vignette: 0.5, ..Finish::PLAIN };
        identity().apply(&mut picture, 301, finish);
        let at = |x: usize, y: usize| picture[(y * 301 + x) * 3];
        assert_eq!((at(150, 100), at(150, 60)), (200, 200));
        for (x, y) in [(0, 0), (300, 0), (0, 200), (300, 200)] {
            assert!((100..=104).contains(&at(x, y)), "{}", at(x, y));
        }
        assert!((150..200).contains(&at(0, 100)), "{}", at(0, 100));
    }

    #[test]
    fn grain_keeps_the_mean_and_the_ends() {
        let finish = Finish { grain: 1.0, ..Finish::PLAIN };
        for (level, most) in [(0, 0), (255, 0), (1, 1), (254, 1), (128, 33), (40, 20)] {
            let mut picture = vec![level; 200 * 200 * 3];
            identity().apply(&mut picture, 200, finish);
            let off = |value: &u8| i64::from(*value) - i64::from(level);
            assert!(picture.iter().all(|value| off(value).abs() <= most), "{level}");
            let sum: i64 = picture.iter().map(off).sum();
            assert!(sum.abs() < 120_000 / 2, "{level}: {sum} in 120,000 values");
            assert_eq!(picture.iter().any(|value| off(value) != 0), most > 1, "{level}");
        }
    }

    #[test]
    fn grain_is_the_same_each_time_and_not_the_same_everywhere() {
        let made = |width: usize| {
            let mut picture = vec![128; 120 * 3];
            identity().apply(&mut picture, width, Finish { grain: 0.4, ..Finish::PLAIN });
            picture
        };
        assert_eq!(made(12), made(12));
        assert_ne!(made(12), made(10));
        assert_ne!(made(12)[..36], made(12)[36..72]);
    }

    #[test]
    fn a_picture_of_nothing_is_no_harm() {
        identity().apply(&mut [], 0, Finish::PLAIN);
        identity().apply(&mut [], 10, Finish::PLAIN);
        assert!(Lut::new(&[[0; 3]; 5]).is_none());
    }
}
