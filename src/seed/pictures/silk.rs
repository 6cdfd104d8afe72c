//! Nothing but colours that flow into each other, with the grain of film.

use super::Kind;
use super::canvas::{Canvas, Field};
use super::light::{Ramp, hex, smooth};
use super::noise::{Chance, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Just colours today.",
        "Light leak, kept it.",
        "Study no. 14.",
        "How the week felt.",
        "Wallpaper, if you want it.",
        "Forgot to focus. Better this way.",
    ],
    alt_texts: &[
        "Abstract folds of coral, violet and deep blue.",
        "Abstract folds of teal, mint and cream.",
        "Abstract folds of peach, rose and burgundy.",
        "Abstract folds of lime, sea green and midnight blue.",
    ],
};

const MOODS: [[u32; 6]; 4] = [
    [0x0E_1440, 0x3A_1F7A, 0xA8_2E7E, 0xFF_5E5B, 0xFF_A45C, 0xFF_E3B0],
    [0x06_2A33, 0x0F_5B66, 0x2E_9C94, 0x8F_D6B4, 0xE8_F0CF, 0xFF_FBEF],
    [0x2A_0A1E, 0x6E_1638, 0xC7_3E56, 0xF5_8A72, 0xFF_C4A0, 0xFF_EBDC],
    [0x06_0F2E, 0x0B_3A5E, 0x0E_7F7A, 0x5F_C06A, 0xC9_E86A, 0xF7_FBD2],
];

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let (ramp, seed) = (Ramp::even(&MOODS[mood]), chance.seed());
    let (scale, turn) = (chance.between(1.4, 1.9), chance.between(0.0, 6.3));
    let (cos, sin) = (turn.cos(), turn.sin());
    let cloth = Field::new(canvas, 420, |x, y| {
        let (along, across) = (x * cos - y * sin, x * sin + y * cos);
        fold(along * scale, across * scale, seed)
    });
    canvas.paint(|_, x, y| {
        let height = cloth.at(x, y);
        let slope = (cloth.at(x + 0.004, y) - cloth.at(x - 0.004, y), cloth.at(x, y + 0.004) - cloth.at(x, y - 0.004));
        let facing = (slope.0 * 0.6 - slope.1 * 0.8) * 9.0;
        let gloss = smooth(0.15, 1.0, facing);
        let colour = ramp.at(0.50 + 0.34 * height + 0.10 * facing + 0.16 * (y - 0.5));
        colour * (0.86 + 0.30 * facing.clamp(-1.0, 1.0)) + hex(0xFF_F6EA) * (0.26 * gloss * gloss)
    });
}

/// The height of the cloth: soft waves pushed about by other soft waves, twice.
fn fold(x: f32, y: f32, seed: u32) -> f32 {
    let first = (surface(x * 0.9, y * 0.9, seed), surface(x * 0.9 + 5.2, y * 0.9 + 1.3, seed + 1));
    let (x, y) = (x + 0.9 * first.0, y * 0.8 + 0.9 * first.1);
    let second = (surface(x * 1.1 + 1.7, y * 1.1 + 9.2, seed + 2), surface(x * 1.1 + 8.3, y * 1.1 + 2.8, seed + 3));
    let drape = surface(x * 0.9 + 0.9 * second.0, y * 1.1 + 0.9 * second.1, seed + 4);
    // Pleats: the same soft hills, crossed again and again.
    (drape * 9.0 + x * 2.0).sin() * (0.6 + 0.4 * second.0) + 0.5 * drape
}
