//! The sea with the sun on it.

use super::Kind;
use super::canvas::{Canvas, Field};
use super::light::{Ramp, hex, smooth};
use super::noise::{Chance, cloud, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Salt in my hair, sand in everything.",
        "The sea was showing off.",
        "Last swim of the year. Probably.",
        "Glitter, free of charge.",
        "Sat here until it was gone.",
        "Vitamin sea.",
    ],
    alt_texts: &[
        "The sun sets over the sea; a path of glitter leads to the horizon.",
        "Silver light on a calm sea under a bright blue sky.",
        "A violet evening over the sea, the last light glittering on the waves.",
        "Early morning at the sea, pale gold light on green water.",
    ],
};

/// The colours of a mood: sky from top to horizon, sun, clouds in its light, deep water.
struct Mood {
    sky: [u32; 4],
    sun: u32,
    clouds: u32,
    deep: u32,
    height: f32,
}

const MOODS: [Mood; 4] = [
    Mood {
        sky: [0x28_3A6B, 0x8A_5C86, 0xF0_8A55, 0xFF_C56E],
        sun: 0xFF_D58A,
        clouds: 0xFF_9A6B,
        deep: 0x0C_1A33,
        height: 0.075,
    },
    Mood {
        sky: [0x2E_7FC4, 0x6D_B3E0, 0xB9_DDF0, 0xE6_F2F5],
        sun: 0xFF_F8E4,
        clouds: 0xFF_FFFF,
        deep: 0x05_3C63,
        height: 0.24,
    },
    Mood {
        sky: [0x1B_1F4D, 0x4B_3B7E, 0xA8_5F94, 0xF7_A08B],
        sun: 0xFF_C4A6,
        clouds: 0xD9_7A9B,
        deep: 0x0D_0E2A,
        height: 0.045,
    },
    Mood {
        sky: [0x7F_B3BE, 0xB7_D3CD, 0xF0_E3BF, 0xFF_E9B4],
        sun: 0xFF_F0C8,
        clouds: 0xFF_F6E0,
        deep: 0x0C_4247,
        height: 0.12,
    },
];

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let horizon = chance.between(0.40, 0.52);
    let sun = (canvas.aspect() * chance.between(0.3, 0.7), horizon - mood.height * chance.between(0.8, 1.3));
    sky(canvas, mood, sun, horizon, chance.seed());
    water(canvas, mood, sun, horizon, chance.seed());
    canvas.bloom(0.9, 0.5);
    if chance.coin() {
        boat(canvas, canvas.aspect() * chance.between(0.15, 0.85), horizon, mood);
    }
}

fn sky(canvas: &mut Canvas, mood: &Mood, sun: (f32, f32), horizon: f32, seed: u32) {
    let (ramp, glow, lit) = (Ramp::even(&mood.sky), hex(mood.sun), hex(mood.clouds));
    let puffs = Field::new(canvas, 360, |x, y| {
        // Clouds are seen from the side: towards the horizon they lie flat and close together.
        let far = 0.16 / (horizon - y + 0.07).max(0.02);
        cloud((x - sun.0) * far * 2.0 + 7.0, far * 3.2, 5, seed)
    });
    let edge = canvas.pixel() * 1.5;
    canvas.paint_within(0.0, horizon + 0.01, |_, x, y| {
        let away = ((x - sun.0).powi(2) + (y - sun.1).powi(2)).sqrt();
        let halo = 0.5 / (1.0 + (away * 8.0).powi(2)) + 0.14 / (1.0 + (away * 2.0).powi(2));
        let cover = smooth(0.02, 0.42, puffs.at(x, y)) * smooth(0.0, 0.06, horizon - y);
        let under = smooth(-0.03, 0.07, puffs.at(x, y) - puffs.at(x, y + 0.012));
        let tint = lit * (0.55 + 0.5 * under) + glow * (0.25 * halo);
        let disc = smooth(0.03 + edge, 0.03 - edge, away) * (1.0 - 0.7 * cover);
        ramp.at(y / horizon).toward(tint, cover * 0.8) + glow * (halo + disc * 1.6)
    });
}

fn water(canvas: &mut Canvas, mood: &Mood, sun: (f32, f32), horizon: f32, seed: u32) {
    let (glow, deep, unit) = (hex(mood.sun), hex(mood.deep), canvas.pixel());
    canvas.reflect(horizon, |look, x, y| {
        let down = y - horizon;
        let slope = waves(x - sun.0, down, seed);
        let mirrored = horizon - down * 0.75 - 0.02 - slope * (0.03 + 0.16 * down);
        let steep = smooth(0.0, 0.62, down);
        let water = look(x + slope * 0.02, mirrored.min(horizon - unit)).toward(deep, 0.35 + 0.5 * steep);
        let path = 0.05 + 0.5 * down + 0.2 * mood.height;
        let middle = 1.0 / (1.0 + ((x - sun.0) / path).powi(4));
        let ripple = fine(x - sun.0, down, seed);
        let spark = smooth(0.26 - 0.24 * middle, 0.80, 0.55 * slope + 0.75 * ripple);
        let shade = 1.0 + 0.35 * slope * smooth(0.02, 0.3, down);
        water * shade + glow * (spark * middle * (1.7 - 1.1 * steep) + 0.10 * middle)
    });
}

/// The slope of the waves: long ones and short ones, smaller towards the horizon.
fn waves(x: f32, down: f32, seed: u32) -> f32 {
    let far = 1.0 / (down + 0.025);
    let (across, along) = (x * far * 0.9, far * 2.6);
    surface(across, along, seed) * 0.6 + surface(across * 2.3 + 3.0, along * 2.1, seed + 1) * 0.45
}

/// Ripples, each of which may catch the sun.
fn fine(x: f32, down: f32, seed: u32) -> f32 {
    let far = 1.0 / (down + 0.05);
    let (across, along) = (x * far * 5.0, far * 11.0);
    0.65 * surface(across, along, seed + 2) + 0.55 * surface(across * 2.6 + along * 0.4, along * 2.4, seed + 3)
}

/// A small boat far out, dark against the light.
fn boat(canvas: &mut Canvas, x: f32, horizon: f32, mood: &Mood) {
    let (dark, size, edge) = (hex(mood.deep) * 0.6, 0.026, canvas.pixel() * 0.8);
    canvas.dab((x, horizon - size), size * 1.6, |under, right, down| {
        let (right, up) = (right / size, 1.0 - down / size);
        let sail = (1.9 - up) * 0.42 - right.abs() - if right < 0.0 { 0.12 } else { 0.0 };
        let mast = up > 0.22 && right.abs() > 0.04;
        let hull = (0.62 + up * 0.5) - right.abs();
        let inside = if mast {
            sail
        } else if (0.0..0.18).contains(&up) {
            hull
        } else {
            -1.0
        };
        under.toward(dark, smooth(-edge / size, edge / size, inside))
    });
}
