//! Hills behind hills behind hills, each paler than the one before it.

use super::Kind;
use super::canvas::{Canvas, Field, Layer};
use super::light::{Ramp, hex, smooth};
use super::noise::{Chance, cloud, ridge};
use super::trees::wood;

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Counted seven ridges before the light went.",
        "Stayed for the last ten minutes. Worth it.",
        "The quiet hour.",
        "Somewhere behind the fourth hill there is soup.",
        "No signal, no problem.",
        "Evening, in layers.",
        "We walked the one in front.",
    ],
    alt_texts: &[
        "Layers of hills at dusk, the sky orange and violet above them.",
        "Layers of green hills in morning haze under a pale sky.",
        "Layers of hills before sunrise, pink sky and bluish valleys.",
        "Layers of hills in golden evening light.",
    ],
};

/// The colours of a mood: sky from top to horizon, sun, hills from the farthest to the nearest.
struct Mood {
    sky: [u32; 4],
    sun: u32,
    hills: [u32; 4],
}

const MOODS: [Mood; 4] = [
    Mood {
        sky: [0x26_2B5E, 0x7A_5590, 0xEE_9463, 0xFF_D79A],
        sun: 0xFF_E7B0,
        hills: [0xE9_A184, 0xA8_6A82, 0x56_3E68, 0x15_1129],
    },
    Mood {
        sky: [0x6F_AFC9, 0xB5_D6D8, 0xEC_EBD0, 0xFF_F3D2],
        sun: 0xFF_FBE6,
        hills: [0xC9_DDD4, 0x7F_AFA6, 0x35_6E69, 0x0B_2A2B],
    },
    Mood {
        sky: [0x4A_63A6, 0x9A_93C4, 0xEF_B7BE, 0xFF_DCC6],
        sun: 0xFF_EEDC,
        hills: [0xE7_B4BC, 0x9C_88B4, 0x4E_4C85, 0x17_1838],
    },
    Mood {
        sky: [0x3F_6390, 0x92_A3A5, 0xF1_C982, 0xFF_E29A],
        sun: 0xFF_F2C4,
        hills: [0xEF_C587, 0xB5_854F, 0x63_4A2C, 0x1B_150D],
    },
];

/// Hills behind each other.
const LAYERS: u16 = 7;

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let horizon = chance.between(0.40, 0.52);
    let sun = (canvas.aspect() * chance.between(0.25, 0.75), horizon - chance.between(0.0, 0.07));
    sky(canvas, mood, sun, horizon, chance.seed());
    let (tones, seed) = (Ramp::even(&mood.hills), chance.seed());
    let mut layers: Vec<Layer> = (0..LAYERS)
        .map(|layer| outlines(canvas, horizon, nearness(layer), seed.wrapping_add(u32::from(layer) * 31)))
        .collect();
    Layer::hide(&mut layers);
    let glow = hex(mood.sun);
    for (near, layer) in (0..LAYERS).map(nearness).zip(&layers) {
        let (tone, haze) = (tones.at(near), tones.at(near * 0.35) * 1.12);
        canvas.paint_layer(layer, |_, x, _, below| {
            let mist = (0.12 + 0.75 * (1.0 - near)) * smooth(0.0, 0.19, below);
            let rim = (1.0 - near) * smooth(0.02, 0.0, below.abs()) * smooth(0.45, 0.0, (x - sun.0).abs());
            tone.toward(haze, mist) + glow * (rim * 0.2)
        });
    }
}

/// From 0 for the farthest layer to 1 for the nearest.
fn nearness(layer: u16) -> f32 {
    f32::from(layer) / f32::from(LAYERS - 1)
}

fn sky(canvas: &mut Canvas, mood: &Mood, sun: (f32, f32), horizon: f32, seed: u32) {
    let (ramp, glow) = (Ramp::even(&mood.sky), hex(mood.sun));
    let size = 0.026;
    let edge = canvas.pixel() * 1.5;
    let veils = Field::new(canvas, 300, |x, y| if y > horizon + 0.2 { 0.0 } else { cloud(x * 2.2, y * 11.0, 4, seed) });
    canvas.paint_within(0.0, horizon + 0.15, |_, x, y| {
        let down = y / (horizon + 0.03);
        let blue = ramp.at(down * (0.85 + 0.15 * down));
        let away = ((x - sun.0).powi(2) + (y - sun.1).powi(2)).sqrt();
        let veil = smooth(0.0, 0.5, veils.at(x, y)) * smooth(0.02, 0.25, y);
        let halo = 0.55 / (1.0 + (away * 9.0).powi(2)) + 0.16 / (1.0 + (away * 2.5).powi(2));
        let disc = smooth(size + edge, size - edge, away);
        blue.toward(glow, veil * 0.45) + glow * (halo + disc * 1.2)
    });
}

/// A layer: rolling ground, each lower than the one behind it, and what grows on it.
fn outlines(canvas: &Canvas, horizon: f32, near: f32, seed: u32) -> Layer {
    let base = horizon + 0.02 + (0.93 - horizon) * near.powf(1.25);
    let (height, stretch) = (0.035 + 0.055 * near, 4.2 - 2.4 * near);
    let ground = |x: f32| base - height * ridge(x * stretch, 5, 0.42, seed);
    Layer::new(canvas.outline(|x| ground(x) - trees(x, near, seed)), canvas.outline(ground))
}

/// How far trees rise above a hill. Far away there are none to be seen, near by they are firs.
fn trees(x: f32, near: f32, seed: u32) -> f32 {
    let spacing = 0.006 + 0.014 * near;
    wood(x, spacing, spacing * 3.2 * smooth(0.25, 0.75, near), seed)
}
