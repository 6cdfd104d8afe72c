//! Filters as data: tables of colours, drawn from small recipes of our own or read from files of an operator.
//!
//! A table is a PNG of 512 × 512 pixels, a 64-level Hald colour look-up table: its pixels, row after row, are what becomes
//! of the 64 × 64 × 64 colours, red counting fastest, then green, then blue. The PNG is written by a program of our own,
//! so the same table is the same file for ever, and its SHA-256 says so.

mod cube;
mod hald;
mod recipe;
mod set;

pub use cube::{Cube, MOST_BYTES, read_cube, read_hald};
pub use hald::encode;
pub use set::SET;

use recipe::Step;

/// A filter of ours. The same key and version is the same table for ever: a recipe is never changed, only followed by one
/// with the next version.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: i32,
    /// The SHA-256 of its table as a PNG.
    pub sha256: &'static str,
    /// How much the corners are darkened, 0 to 1.
    pub vignette: f32,
    /// How much grain is added, 0 to 1.
    pub grain: f32,
    steps: &'static [Step],
}

impl Preset {
    /// The colours of its table.
    #[must_use]
    pub fn colours(&self) -> Vec<[u8; 3]> {
        recipe::table(self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lut::{ENTRIES, Finish, Lut};
    use super::*;

    #[test]
    fn there_are_at_least_sixteen_and_each_is_itself() {
        assert!(SET.len() >= 16);
        for (number, preset) in SET.iter().enumerate() {
            assert!(SET[..number].iter().all(|other| other.key != preset.key && other.name != preset.name));
            assert!(preset.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", preset.key);
            assert_eq!(preset.colours().len(), ENTRIES);
        }
    }

    /// Light stays lighter than dark: a filter that turns a picture inside out is a mistake in its recipe.
    #[test]
    fn every_filter_keeps_the_order_of_greys() {
        for preset in &SET {
            let lut = Lut::new(&preset.colours()).unwrap();
            let mut greys: Vec<u8> = (0..=255).flat_map(|grey| [grey; 3]).collect();
            lut.apply(&mut greys, 256, Finish::PLAIN);
            let light =
                |pixel: &[u8; 3]| 2126 * u32::from(pixel[0]) + 7152 * u32::from(pixel[1]) + 722 * u32::from(pixel[2]);
            let lights: Vec<u32> = greys.as_chunks::<3>().0.iter().map(light).collect();
            for (dark, pair) in lights.windows(2).enumerate() {
                assert!(pair[1] + 10_000 > pair[0], "{}: {dark} becomes lighter than the next", preset.key);
            }
            assert!(lights[255] > lights[0] + 1_000_000, "{} leaves no contrast", preset.key);
        }
    }
}
