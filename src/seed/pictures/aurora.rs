//! Northern lights over snow and firs.

use super::Kind;
use super::canvas::Canvas;
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, at, line, ridge, split, surface};
use super::trees::{fir, wood};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "It moved. It really moves.",
        "Minus twenty-two and nobody wanted to go in.",
        "Solar wind, delivered.",
        "Woke everyone up for this.",
        "Green is not the half of it.",
        "The sky forgot to sleep.",
    ],
    alt_texts: &[
        "Green and violet northern lights above snowy hills and dark firs.",
        "Turquoise and pink northern lights above a snowy clearing.",
    ],
};

/// The colours of a mood: sky from top to horizon, curtain from its lower hem to its top, snow.
struct Mood {
    sky: [u32; 3],
    curtain: [u32; 4],
    snow: u32,
}

const MOODS: [Mood; 2] = [
    Mood {
        sky: [0x04_0A1E, 0x08_1C38, 0x14_3C50],
        curtain: [0x7C_FFB0, 0x2E_E890, 0x2A_9CA0, 0x7A_3AB8],
        snow: 0x9A_C4CC,
    },
    Mood {
        sky: [0x06_0820, 0x10_1A44, 0x24_3C6A],
        curtain: [0xA0_FFE4, 0x30_D8C8, 0x4A_78D8, 0xD8_4AA8],
        snow: 0xA8_B8E0,
    },
];

/// A curtain of light: its hem, and how bright its rays are, for each column.
struct Curtain {
    hem: Vec<f32>,
    rays: Vec<f32>,
    tall: f32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let (ramp, seed) = (Ramp::even(&mood.sky), chance.seed());
    canvas.paint(|_, x, y| {
        let ((column, right), (row, down)) = (split(x * 130.0), split(y * 130.0));
        let away = ((right - 0.5).powi(2) + (down - 0.5).powi(2)) * 40.0;
        let star =
            if at(column, row, seed) > 0.965 { at(row, column, seed).powi(3) / (1.0 + away * away * 3.0) } else { 0.0 };
        ramp.at(y * 1.25) + hex(0xE0_ECFF) * (star * 0.9)
    });
    let glow = Ramp::even(&mood.curtain);
    for number in 0..3u8 {
        let curtain = curtain(canvas, 0.30 + 0.13 * f32::from(number), chance);
        hang(canvas, &curtain, &glow, 0.42 + 0.24 * f32::from(number));
    }
    land(canvas, mood, chance);
}

fn curtain(canvas: &Canvas, height: f32, chance: &mut Chance) -> Curtain {
    let (seed, shift) = (chance.seed(), chance.between(0.0, 50.0));
    let sway = move |x: f32| 0.10 * line(x * 1.5 + shift, seed) + 0.03 * line(x * 5.0 + shift, seed + 1);
    let hem = canvas.outline(|x| height + sway(x) + 0.006 * line(x * 60.0, seed + 2));
    let rays = canvas.outline(|x| {
        let bent = x + 0.4 * sway(x * 1.3);
        let broad = 0.5 + 0.5 * line(bent * 3.0 + shift, seed + 3);
        let fine = 0.55 + 0.28 * line(bent * 26.0, seed + 4) + 0.17 * line(bent * 90.0, seed + 5);
        broad * broad * fine * 1.5
    });
    Curtain { hem, rays, tall: chance.between(0.24, 0.40) }
}

/// Light is sharp at the hem and fades towards the top, where it changes colour.
fn hang(canvas: &mut Canvas, curtain: &Curtain, glow: &Ramp, bright: f32) {
    let pixel = canvas.pixel();
    canvas.paint_within(0.0, 0.85, |under, x, y| {
        let column = usize::try_from(split(x / pixel).0).unwrap_or_default().min(curtain.hem.len() - 1);
        let up = (curtain.hem[column] - y) / curtain.tall;
        if !(-0.12..1.6).contains(&up) {
            return under;
        }
        let fade = smooth(-0.10, 0.07, up) * smooth(1.5, 0.05, up).powi(2);
        under + glow.at(up * 0.9) * (curtain.rays[column] * fade * bright)
    });
}

fn land(canvas: &mut Canvas, mood: &Mood, chance: &mut Chance) {
    let (snow, lights, dark, seed) = (hex(mood.snow), hex(mood.curtain[1]), hex(0x03_0A10), chance.seed());
    let hills = canvas.outline(|x| 0.76 - 0.035 * ridge(x * 2.0, 5, 0.45, seed));
    canvas.paint_below(&hills, |_, x, y, below| {
        let drift = 0.5 + 0.5 * surface(x * 6.0, y * 16.0, seed + 1);
        let lit = 0.10 + 0.10 * smooth(0.06, 0.0, below) * drift;
        snow * lit + lights * (0.035 * smooth(0.1, 0.0, below))
    });
    let forest = canvas.outline(|x| 0.812 - 0.01 * line(x * 2.0, seed + 2) - wood(x, 0.010, 0.042, seed + 3));
    canvas.paint_below(&forest, |_, _, _, below| dark.toward(snow, 0.03 + 0.05 * smooth(0.0, 0.05, below)));
    let field = canvas.outline(|x| 0.84 - 0.016 * line(x * 1.7, seed + 4));
    canvas.paint_below(&field, |_, x, y, below| ground(snow, lights, (x, y, below), seed));
    firs(canvas, [dark * 0.6, snow * 0.20 + lights * 0.03], chance);
}

/// Snow in the light of the sky: drifts, and crystals that catch it.
fn ground(snow: Light, lights: Light, (x, y, below): (f32, f32, f32), seed: u32) -> Light {
    let drift = surface(x * 4.0, y * 22.0, seed + 4) * 0.6 + surface(x * 15.0, y * 60.0, seed + 5) * 0.25;
    let crystal = smooth(0.992, 1.0, at(split(x * 500.0).0, split(y * 500.0).0, seed + 6));
    let near = smooth(0.0, 0.15, below);
    snow * (0.17 + 0.07 * drift + 0.3 * crystal * near) + lights * (0.045 + 0.025 * drift)
}

/// Firs near by, in two groups that leave the middle open; their feet lie below the picture.
fn firs(canvas: &mut Canvas, dark: [Light; 2], chance: &mut Chance) {
    for _ in 0..15 {
        let side = chance.between(0.0, 1.0).powf(1.6) * 0.5;
        let x = if chance.coin() { side } else { 1.0 - side } * 1.1 - 0.05;
        let tall = chance.between(0.16, 0.30) * (1.25 - 1.3 * side);
        fir(canvas, (x * canvas.aspect(), 1.01), tall, dark, chance.seed());
    }
}
