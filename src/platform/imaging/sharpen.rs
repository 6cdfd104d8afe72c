//! Gives a picture that was shrunk the crispness it lost: an unsharp mask, on brightness only, so that no colour changes.

use super::pixels::{Colour, Pixels};

/// The strength of the mask as a power of two: what the picture differs from its blur, by half, is added to it. With the
/// blur over 3 × 3 pixels that is what photo programs call 50 % at half a pixel: hair and leaves stand out, edges have
/// no halo.
const HALVES: i16 = 1;
/// The weights of the blur, 1 2 1 in both directions, add up to 16.
const WEIGHTS: i16 = 4;

/// Sharpens a picture.
pub(super) fn sharpen(picture: &mut Pixels) {
    let width = picture.width as usize;
    let luma = luma(picture);
    let rows: Vec<&[u8]> = luma.chunks_exact(width).collect();
    let stride = width * picture.colour.bytes();
    let mut sums = vec![0; width];
    let mut deltas = vec![0; width];
    for (y, target) in picture.data.chunks_exact_mut(stride).enumerate() {
        let (above, below) = (rows[y.saturating_sub(1)], rows[(y + 1).min(rows.len() - 1)]);
        add_up([above, rows[y], below], &mut sums);
        differ(rows[y], &sums, &mut deltas);
        add(target, &deltas, picture.colour);
    }
}

/// The brightness of each pixel.
fn luma(picture: &Pixels) -> Vec<u8> {
    match picture.colour {
        Colour::Grey => picture.data.clone(),
        Colour::YCbCr => picture.data.as_chunks::<3>().0.iter().map(|[y, _, _]| *y).collect(),
        Colour::Rgb | Colour::Cmyk => picture.rgb().map(brightness).collect(),
    }
}

/// The weights of ITU-T T.871 in 256ths.
fn brightness([r, g, b]: [u8; 3]) -> u8 {
    let sum = 77 * u32::from(r) + 150 * u32::from(g) + 29 * u32::from(b);
    u8::try_from(sum >> 8).unwrap_or(u8::MAX)
}

fn add_up([above, here, below]: [&[u8]; 3], sums: &mut [i16]) {
    for (((sum, a), b), c) in sums.iter_mut().zip(above).zip(here).zip(below) {
        *sum = i16::from(*a) + 2 * i16::from(*b) + i16::from(*c);
    }
}

/// What is added to each pixel of a row. Beyond the ends, the last pixel goes on.
fn differ(here: &[u8], sums: &[i16], deltas: &mut [i16]) {
    let last = sums.len() - 1;
    let delta = |pixel: u8, sum: i16| {
        ((i16::from(pixel) << WEIGHTS) - sum + (1 << (WEIGHTS + HALVES - 1))) >> (WEIGHTS + HALVES)
    };
    for x in [0, last] {
        let sum = sums[x.saturating_sub(1)] + 2 * sums[x] + sums[(x + 1).min(last)];
        deltas[x] = delta(here[x], sum);
    }
    if last > 1 {
        let inner = deltas[1..last].iter_mut().zip(&here[1..last]);
        let around = sums.iter().zip(&sums[1..]).zip(&sums[2..]);
        for ((target, pixel), ((left, middle), right)) in inner.zip(around) {
            *target = delta(*pixel, left + 2 * middle + right);
        }
    }
}

fn add(target: &mut [u8], deltas: &[i16], colour: Colour) {
    let sum = |value: u8, delta: i16| u8::try_from((i16::from(value) + delta).clamp(0, 255)).unwrap_or_default();
    match colour {
        Colour::Grey => target.iter_mut().zip(deltas).for_each(|(value, delta)| *value = sum(*value, *delta)),
        Colour::YCbCr => {
            for ([y, _, _], delta) in target.as_chunks_mut::<3>().0.iter_mut().zip(deltas) {
                *y = sum(*y, *delta);
            }
        }
        Colour::Rgb | Colour::Cmyk => {
            for (pixel, delta) in target.as_chunks_mut::<3>().0.iter_mut().zip(deltas) {
                *pixel = pixel.map(|value| sum(value, *delta));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, data: &[u8]) -> Pixels {
        let height = u32::try_from(data.len()).unwrap() / width;
        Pixels::new(width, height, Colour::Grey, data.to_vec()).unwrap()
    }

    fn sharpened(mut picture: Pixels) -> Vec<u8> {
        sharpen(&mut picture);
        picture.data
    }

    #[test]
    fn what_is_even_stays_and_an_edge_gets_steeper() {
        assert_eq!(sharpened(grey(3, &[77; 9])), [77; 9]);
        let step = [100, 100, 100, 140, 140, 140].repeat(3);
        // A quarter of 40 is what the blur takes; half of that is added.
        assert_eq!(sharpened(grey(6, &step)), [100, 100, 95, 145, 140, 140].repeat(3));
        for (width, data) in [(1, vec![9]), (2, vec![9, 9]), (1, vec![9, 9, 9])] {
            assert_eq!(sharpened(grey(width, &data)), data);
        }
        assert_eq!(sharpened(grey(2, &[0, 255])), [0, 255], "it stays within a byte");
    }

    #[test]
    fn colours_change_in_brightness_only() {
        let row = [[100, 60, 20], [100, 60, 20], [140, 100, 60], [140, 100, 60]].concat();
        let colour = Pixels::new(4, 1, Colour::Rgb, row.clone()).unwrap();
        assert_eq!(sharpened(colour), [[100, 60, 20], [95, 55, 15], [145, 105, 65], [140, 100, 60]].concat());
        let stored = Pixels::new(4, 1, Colour::YCbCr, row).unwrap();
        assert_eq!(sharpened(stored), [[100, 60, 20], [95, 60, 20], [145, 100, 60], [140, 100, 60]].concat());
    }
}
