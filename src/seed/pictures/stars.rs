//! The Milky Way over a small lit tent.

use super::Kind;
use super::canvas::{Canvas, Field};
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, at, cloud, ridge, split};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "No moon, no clouds, no phone.",
        "We are on the inside of that.",
        "Twenty seconds, tripod, cold toes.",
        "Slept with the door open.",
        "A thousand-star hotel.",
        "Counted to forty and gave up.",
    ],
    alt_texts: &[
        "The Milky Way in a deep blue night sky above dark mountains.",
        "The Milky Way in a violet night sky, a faint glow on the horizon.",
        "The Milky Way above a dark ridge, the horizon glowing green.",
    ],
};

/// The colours of a mood: sky from top to horizon, the band and its core.
struct Mood {
    sky: [u32; 3],
    band: u32,
    core: u32,
}

const MOODS: [Mood; 3] = [
    Mood { sky: [0x03_0715, 0x0A_1A3C, 0x2A_4C74], band: 0x7E_96D8, core: 0xFF_D9B0 },
    Mood { sky: [0x06_0516, 0x1A_1440, 0x6A_3A6E], band: 0x9A_86D6, core: 0xFF_C8B0 },
    Mood { sky: [0x02_0A12, 0x07_2232, 0x2E_6A5C], band: 0x80_B8D0, core: 0xFF_E6C0 },
];

/// The band of the galaxy: its light, and the dust in front of it.
struct Galaxy {
    glow: Field,
    dust: Field,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let galaxy = galaxy(canvas, chance);
    let ramp = Ramp::even(&mood.sky);
    let (band, core) = (hex(mood.band), hex(mood.core));
    canvas.paint(|_, x, y| {
        let (glow, dust) = (galaxy.glow.at(x, y), galaxy.dust.at(x, y));
        let milk = band.toward(core, smooth(0.35, 0.95, glow)) * (glow * glow * 0.55);
        ramp.at(y.powf(1.7) * 1.1) + milk * (1.0 - 0.85 * dust)
    });
    stars(canvas, &galaxy, chance.seed());
    let seed = chance.seed();
    let far = canvas.outline(|x| 0.84 - 0.05 * ridge(x * 2.4, 6, 0.5, seed));
    let (air, dark) = (ramp.at(1.0), hex(0x02_0409));
    canvas.paint_below(&far, |_, _, _, below| air.toward(dark, 0.72 + 0.2 * smooth(0.0, 0.1, below)) * 0.5);
    let near = canvas.outline(|x| 0.925 - 0.030 * ridge(x * 2.0 + 40.0, 5, 0.5, seed + 1));
    canvas.paint_below(&near, |_, _, _, _| dark);
    let x = canvas.aspect() * chance.between(0.2, 0.8);
    let ground = 0.935 - 0.030 * ridge(x * 2.0 + 40.0, 5, 0.5, seed + 1);
    tent(canvas, (x, ground));
    canvas.bloom(0.6, 0.6);
}

fn galaxy(canvas: &Canvas, chance: &mut Chance) -> Galaxy {
    let (seed, lean) = (chance.seed(), chance.between(0.35, 0.9) * if chance.coin() { 1.0 } else { -1.0 });
    let place = (canvas.aspect() * chance.between(0.38, 0.62), 0.5);
    let across = (lean.cos(), lean.sin());
    let from_line = move |x: f32, y: f32| {
        let (right, down) = (x - place.0, y - place.1);
        (right * across.0 + down * across.1, down * across.0 - right * across.1)
    };
    let glow = Field::new(canvas, 300, |x, y| {
        let (off, along) = from_line(x, y);
        let bulge = 0.13 + 0.07 * smooth(0.45, 0.0, (along - 0.18).abs());
        let billow = cloud(x * 3.2, y * 3.2, 5, seed);
        (1.0 / (1.0 + ((off + 0.06 * billow) / bulge).powi(2)).powi(2) * (0.85 + 0.7 * billow)).clamp(0.0, 1.2)
    });
    let dust = Field::new(canvas, 300, |x, y| {
        let (off, along) = from_line(x, y);
        let vein = cloud(along * 3.0 + off * 2.0, off * 7.0 - along, 6, seed + 20);
        smooth(0.16, -0.06, vein.abs() + 1.6 * (off - 0.02).abs() - 0.05) * smooth(0.5, 0.1, (along - 0.1).abs())
    });
    Galaxy { glow, dust }
}

/// Stars of three kinds: dust, many; those one can count; a few that shine.
fn stars(canvas: &mut Canvas, galaxy: &Galaxy, seed: u32) {
    for (kind, (cell, share, bright)) in
        [(0.0035, 0.10, 0.30), (0.009, 0.10, 0.8), (0.05, 0.12, 2.2)].into_iter().enumerate()
    {
        let seed = seed + u32::try_from(kind).unwrap_or_default() * 11;
        let size = canvas.pixel() * (0.55 + 0.25 * bright);
        canvas.paint_within(0.0, 0.9, |under, x, y| {
            let ((column, right), (row, down)) = (split(x / cell), split(y / cell));
            let chance = at(column, row, seed) / share;
            // Nowhere are they denser than this, so that most of the sky is dark at once.
            if chance > 2.7 || chance > 0.35 + 1.9 * galaxy.glow.at(x, y) * (1.0 - 0.7 * galaxy.dust.at(x, y)) {
                return under;
            }
            let centre = (0.25 + 0.5 * at(column, row, seed + 1), 0.25 + 0.5 * at(column, row, seed + 2));
            let away = ((right - centre.0).powi(2) + (down - centre.1).powi(2)) * (cell / size).powi(2);
            let power = at(column, row, seed + 3).powi(4) * 0.9 + 0.1;
            under + tint(at(column, row, seed + 4)) * (bright * power / (1.0 + away * away * 2.0 + away))
        });
    }
}

/// Stars are blue, white or a little orange.
fn tint(chance: f32) -> Light {
    hex(0xA9_C6FF).toward(hex(0xFF_FFFF), smooth(0.0, 0.5, chance)).toward(hex(0xFF_D0A0), smooth(0.6, 1.0, chance))
}

/// A tent with a lamp in it: a small warm triangle and its light on the ground.
fn tent(canvas: &mut Canvas, (x, ground): (f32, f32)) {
    let (size, edge) = (0.036, canvas.pixel());
    canvas.dab((x, ground - size * 0.3), size * 5.0, |under, right, down| {
        let away = (right * right + down * down * 2.2).sqrt() / size;
        let glow = 0.10 / (1.0 + away * away) * smooth(5.0, 2.0, away);
        let up = size * 0.3 - down;
        let wall = size * 1.05 * (1.0 - up / size) - right.abs();
        let cover = smooth(-edge, edge, wall) * smooth(-edge, edge, up);
        let lamp = hex(0xFF_C46A).toward(
            hex(0xC8_4E16),
            smooth(0.1, 1.3, ((right * 0.8).powi(2) + (up - size * 0.3).powi(2)).sqrt() / size),
        );
        let seam = 1.0 - 0.35 * smooth(edge * 1.5, 0.0, (right + up * 0.12).abs());
        (under + hex(0xFF_A850) * glow).toward(lamp * (1.25 * seam), cover)
    });
}
