//! What stands in for a photo while it loads: a blurred placeholder, and the colour most of it has.

use super::Rejection;
use super::pixels::Pixels;

/// Waves along the longer and the shorter side of the placeholder: what blurha.sh recommends, 28 characters.
const WAVES: (u32, u32) = (4, 3);

/// Levels that count as one colour, in each of red, green and blue: 256 / 32 gives 8 × 8 × 8 colours.
const COARSE: u8 = 32;

/// A placeholder as text. The picture should be tiny: the work grows with its pixels, the result does not.
pub(super) fn blurhash(swatch: &Pixels) -> Result<String, Rejection> {
    let (width, height) = swatch.size();
    let (across, down) = if width >= height { WAVES } else { (WAVES.1, WAVES.0) };
    let rgba: Vec<u8> = swatch.rgb().flat_map(|[r, g, b]| [r, g, b, u8::MAX]).collect();
    blurhash::encode(across, down, width, height, &rgba).map_err(|_| Rejection::Damaged)
}

/// The colour most of the picture has, as `#rrggbb`: the mean of the fullest of 512 coarse colours. The mean of all
/// pixels would be brown for nearly every photo.
pub(super) fn dominant_color(swatch: &Pixels) -> String {
    let mut bins = vec![Bin::default(); 512];
    for colour in swatch.rgb() {
        bins[coarse(colour)].add(colour);
    }
    let fullest = bins.into_iter().max_by_key(|bin| bin.weight).unwrap_or_default();
    let [r, g, b] = fullest.mean();
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Which coarse colour a colour belongs to.
fn coarse(colour: [u8; 3]) -> usize {
    colour.iter().fold(0, |bin, level| bin * 8 + usize::from(level / COARSE))
}

/// The pixels of one coarse colour.
#[derive(Debug, Clone, Default)]
struct Bin {
    count: u32,
    sum: [u32; 3],
    weight: u32,
}

impl Bin {
    /// Vivid colours count up to three times as much as grey ones: they are what the eye remembers.
    fn add(&mut self, colour: [u8; 3]) {
        let (most, least) = colour.iter().fold((0, u8::MAX), |(most, least), c| (most.max(*c), least.min(*c)));
        self.count += 1;
        self.weight += 128 + u32::from(most - least);
        for (sum, level) in self.sum.iter_mut().zip(colour) {
            *sum += u32::from(level);
        }
    }

    fn mean(&self) -> [u32; 3] {
        self.sum.map(|sum| sum / self.count.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pixels::Colour;
    use super::*;

    fn stripes(colours: &[[u8; 3]]) -> Pixels {
        let data = colours.concat().repeat(4);
        Pixels::new(u32::try_from(colours.len()).unwrap(), 4, Colour::Rgb, data).unwrap()
    }

    #[test]
    fn the_main_colour_is_one_that_is_there() {
        let (sky, sand, grey) = ([40, 120, 220], [230, 200, 140], [128, 128, 128]);
        let cases = [
            (vec![sky, sky, sand], "#2878dc"),
            (vec![sand, sand, sky], "#e6c88c"),
            (vec![grey, grey, sky], "#2878dc"),
            (vec![grey, grey, grey, sky], "#808080"),
            (vec![[0, 0, 0]], "#000000"),
        ];
        for (colours, expected) in cases {
            assert_eq!(dominant_color(&stripes(&colours)), expected);
        }
    }

    #[test]
    fn the_placeholder_follows_the_shape() {
        let wide = blurhash(&stripes(&[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9], [0, 0, 0]])).unwrap();
        let tall = blurhash(&stripes(&[[255, 0, 0]])).unwrap();
        // The first character is the number of waves, in base 83 (the BlurHash algorithm, "Structure").
        assert_eq!((wide.len(), &wide[..1]), (28, "L"));
        assert_eq!((tall.len(), &tall[..1]), (28, "T"));
    }
}
