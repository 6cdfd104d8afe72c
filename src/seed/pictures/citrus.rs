//! Slices of oranges, lemons, limes and grapefruit, seen from above.

use super::Kind;
use super::canvas::Canvas;
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, line, split, surface};
use std::f32::consts::TAU;

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Vitamin C, arranged by size.",
        "Juice incoming.",
        "January needs colour.",
        "The whole kitchen smells of it.",
        "Market haul.",
        "Sour, sweet, sour, sweet.",
    ],
    alt_texts: &[
        "Slices of orange, lemon and grapefruit on a pale pink table.",
        "Slices of lime, lemon and orange on a mint green table.",
        "Slices of citrus fruit on a deep blue table.",
        "Slices of citrus fruit on a butter yellow table.",
    ],
};

const TABLES: [[u32; 2]; 4] =
    [[0xF9_D8D0, 0xF2_BDB4], [0xCF_EBDD, 0xA6_D6C2], [0x2E_4F8E, 0x1E_3768], [0xFB_E6A6, 0xF3_CE72]];

/// A kind of fruit: rind, flesh near the middle, flesh near the rind, and how large it is.
struct Fruit {
    rind: u32,
    flesh: [u32; 3],
    size: f32,
    parts: f32,
}

const FRUITS: [Fruit; 4] = [
    Fruit { rind: 0xF5_8A12, flesh: [0xFF_C24A, 0xFF_9A1E, 0xF5_7A0A], size: 1.0, parts: 10.0 },
    Fruit { rind: 0xF7_CE1E, flesh: [0xFD_F0A4, 0xFA_E266, 0xF2_CE3A], size: 0.82, parts: 9.0 },
    Fruit { rind: 0x5E_9E22, flesh: [0xE2_F0A0, 0xC2_E06A, 0x96_C440], size: 0.72, parts: 9.0 },
    Fruit { rind: 0xF2_9A4A, flesh: [0xFF_9C86, 0xF2_5E58, 0xD8_3A48], size: 1.14, parts: 11.0 },
];

/// A slice on the table.
struct Slice {
    place: (f32, f32),
    radius: f32,
    turn: f32,
    fruit: usize,
    seed: u32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let (table, seed) = (Ramp::even(&TABLES[mood]), chance.seed());
    canvas.paint(|_, x, y| table.at(0.15 + 0.55 * y + 0.25 * x) * (1.0 + 0.02 * surface(x * 180.0, y * 180.0, seed)));
    for slice in arrange(canvas.aspect(), chance) {
        shadow(canvas, &slice);
        lay(canvas, &slice);
    }
}

/// Rows that are shifted against each other, each slice a little out of line.
fn arrange(aspect: f32, chance: &mut Chance) -> Vec<Slice> {
    let (step, first) = (chance.between(0.25, 0.29), chance.between(-0.05, 0.10));
    let mut slices = Vec::new();
    for row in 0..5u8 {
        let shift = if row % 2 == 0 { 0.0 } else { 0.5 };
        for column in 0..8u8 {
            let place = (
                (f32::from(column) + shift - 1.0) * step + first + chance.between(-0.02, 0.02),
                (f32::from(row) - 0.1) * step * 0.9 + chance.between(-0.02, 0.02),
            );
            let fruit = chance.below(FRUITS.len());
            let radius = step * 0.44 * FRUITS[fruit].size * chance.between(0.92, 1.04);
            let slice = Slice { place, radius, turn: chance.between(0.0, TAU), fruit, seed: chance.seed() };
            if place.0 > -0.2 && place.0 < aspect + 0.2 {
                slices.push(slice);
            }
        }
    }
    slices
}

/// The light comes from above left: shadows fall to the right and down, soft at their far edge.
fn shadow(canvas: &mut Canvas, slice: &Slice) {
    let radius = slice.radius;
    let place = (slice.place.0 + radius * 0.12, slice.place.1 + radius * 0.15);
    canvas.dab(place, radius * 1.25, |under, right, down| {
        let away = (right * right + down * down).sqrt() / radius;
        under * (1.0 - 0.42 * smooth(1.16, 0.88, away))
    });
}

fn lay(canvas: &mut Canvas, slice: &Slice) {
    let fruit = &FRUITS[slice.fruit];
    let (flesh, rind, pith) = (Ramp::even(&fruit.flesh), hex(fruit.rind), hex(0xFD_F4DC));
    let soft = canvas.pixel() / slice.radius;
    canvas.dab(slice.place, slice.radius * 1.06, |under, right, down| {
        let angle = (down.atan2(right) + slice.turn) / TAU;
        let uneven = 1.0 + 0.012 * line(angle * 6.0 + 40.0, slice.seed);
        let away = (right * right + down * down).sqrt() / slice.radius / uneven;
        let cover = smooth(1.0 + soft, 1.0 - soft, away);
        if cover <= 0.0 {
            return under;
        }
        let light = 1.0 - 0.06 * (right + down) / slice.radius;
        let part = segment(angle, away, fruit.parts, slice.seed);
        let inside = smooth(0.0, 0.035 + soft, part);
        let inner = if inside > 0.0 { pulp(angle, away, part, &flesh, slice.seed) } else { pith };
        let skin = smooth(0.925 - soft, 0.935 + soft, away);
        let peel =
            if skin > 0.0 { rind * (0.92 + 0.10 * surface(angle * 90.0, away * 22.0, slice.seed)) } else { rind };
        let white = pith.toward(rind, 0.15 * smooth(0.86, 0.95, away));
        under.toward(white.toward(inner, inside).toward(peel, skin) * light, cover)
    });
}

/// How deep inside a segment a place is; 0 or less is the skin between the segments, the core or the pith.
fn segment(angle: f32, away: f32, parts: f32, seed: u32) -> f32 {
    let turned = angle * parts + 0.16 * line(angle * parts * 0.7 + 9.0, seed + 1) + parts;
    let (_, across) = split(turned);
    let wide = TAU / parts * away;
    let from_side = across.min(1.0 - across) * wide - 0.014;
    let from_rim = 0.860 - away - 0.05 * (2.0 * across - 1.0).abs().powi(4);
    let from_core = away - 0.085;
    from_side.min(from_rim).min(from_core)
}

/// The flesh: little sacks of juice, drops that point to the middle, some of which shine.
fn pulp(angle: f32, away: f32, part: f32, flesh: &Ramp, seed: u32) -> Light {
    let drops = surface(angle * 74.0, away * 8.0 + 3.0 * angle, seed + 2);
    let fine = surface(angle * 150.0, away * 19.0, seed + 3);
    let sack = (0.75 * drops + 0.4 * fine) * smooth(0.0, 0.08, part);
    let shine = 0.16 * smooth(0.42, 0.9, sack) * smooth(0.2, 0.5, away) * smooth(0.02, 0.1, part);
    flesh.at(0.15 + 0.85 * away * away + 0.22 * sack) * (0.98 + 0.20 * sack) + hex(0xFF_FFFF) * shine
}
