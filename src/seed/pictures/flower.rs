//! A flower so close that everything behind it melts into spots of light.

use super::Kind;
use super::canvas::{Canvas, Field};
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, cloud, line, split, surface};
use std::f32::consts::TAU;

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Found this one by the bus stop.",
        "Stop and smell, et cetera.",
        "The bees were here first.",
        "First one this year.",
        "Tiny thing, big show.",
        "My neighbour let me in for five minutes.",
    ],
    alt_texts: &[
        "A white daisy with a yellow centre, the meadow behind it blurred.",
        "A pink cosmos flower in front of soft green and blue spots of light.",
        "A sunflower against a blurred blue sky.",
        "A violet aster in warm evening light.",
    ],
};

/// The colours of a mood: background, spots, petals from base to tip, the centre in light and shade.
struct Mood {
    back: [u32; 3],
    spots: [u32; 3],
    petals: [u32; 3],
    centre: [u32; 2],
    count: u8,
    heart: f32,
}

const MOODS: [Mood; 4] = [
    Mood {
        back: [0x24_4A1E, 0x5C_8A34, 0xA8_C25A],
        spots: [0xE8_F2A0, 0x9C_D46A, 0xFF_F0B0],
        petals: [0xD9_DDCB, 0xFA_FAF5, 0xFF_FFFF],
        centre: [0xFF_C91F, 0xA8_5E06],
        count: 17,
        heart: 0.27,
    },
    Mood {
        back: [0x1F_5A5C, 0x4C_8F86, 0xB8_D0B0],
        spots: [0xD6_F4E4, 0x8F_D4C8, 0xFF_D9E4],
        petals: [0xB8_2E7A, 0xEC_6FAE, 0xFF_B3D4],
        centre: [0xFF_D44A, 0xB0_6A10],
        count: 8,
        heart: 0.19,
    },
    Mood {
        back: [0x2E_6FB0, 0x6F_AEDC, 0xCF_E6F0],
        spots: [0xFF_FFFF, 0xBD_E2F7, 0xFF_EBA8],
        petals: [0xE0_8A08, 0xFF_B914, 0xFF_DA4A],
        centre: [0x7A_4418, 0x22_1006],
        count: 21,
        heart: 0.40,
    },
    Mood {
        back: [0x4A_2A1C, 0x9A_5E34, 0xE8_B46A],
        spots: [0xFF_DC9A, 0xFF_B466, 0xFF_F0CC],
        petals: [0x5A_3A9E, 0x8F_6AD0, 0xC4_A6F0],
        centre: [0xFF_CE3A, 0xB0_6408],
        count: 24,
        heart: 0.25,
    },
];

/// Where the flower is, how large, and how it is turned.
struct Bloom {
    place: (f32, f32),
    size: f32,
    turn: f32,
    tilt: f32,
    seed: u32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    backdrop(canvas, mood, chance);
    let bloom = Bloom {
        place: (canvas.aspect() * chance.between(0.42, 0.58), chance.between(0.40, 0.50)),
        size: canvas.aspect().min(1.0) * chance.between(0.36, 0.43),
        turn: chance.between(0.0, TAU),
        tilt: chance.between(0.80, 0.95),
        seed: chance.seed(),
    };
    stem(canvas, &bloom, chance.between(-0.12, 0.12));
    petals(canvas, mood, &bloom, 0.5, 1.0);
    petals(canvas, mood, &bloom, 0.0, 0.94);
    heart(canvas, mood, &bloom);
}

fn backdrop(canvas: &mut Canvas, mood: &Mood, chance: &mut Chance) {
    let (ramp, seed) = (Ramp::even(&mood.back), chance.seed());
    let blur = Field::new(canvas, 80, |x, y| cloud(x * 1.6, y * 1.6, 2, seed));
    canvas.paint(|_, x, y| ramp.at(0.62 - 0.45 * y + 0.75 * blur.at(x, y)));
    for _ in 0..46 {
        let place = (canvas.aspect() * chance.between(-0.05, 1.05), chance.between(-0.05, 1.0));
        let (size, bright) = (chance.between(0.015, 0.075), chance.between(0.03, 0.22).powf(1.3));
        spot(canvas, place, size, hex(mood.spots[chance.below(3)]) * bright);
    }
}

/// A point of light out of focus: an even disc with a brighter rim.
fn spot(canvas: &mut Canvas, place: (f32, f32), size: f32, light: Light) {
    let soft = 0.06 + canvas.pixel() / size;
    canvas.dab(place, size * 1.1, |under, right, down| {
        let away = (right * right + down * down).sqrt() / size;
        under + light * (smooth(1.0 + soft, 1.0 - soft, away) * (0.75 + 0.5 * smooth(0.6, 1.0, away)))
    });
}

fn stem(canvas: &mut Canvas, bloom: &Bloom, bow: f32) {
    let (top, width) = (bloom.place.1, bloom.size * 0.045);
    let reach = width * 2.0 + bow.abs();
    canvas.block([bloom.place.0 - reach, bloom.place.0 + reach, top, 1.0], |under, x, y| {
        let along = (y - top) / (1.0 - top);
        let across = (x - bloom.place.0 - bow * along * along) / width;
        let green = hex(0x9A_BF5A).toward(hex(0x22_441A), smooth(-0.7, 1.0, across));
        // The farther down, the less in focus.
        let soft = 0.15 + 0.9 * along;
        under.toward(green, smooth(1.0 + soft, 1.0 - soft, across.abs()) * (0.95 - 0.35 * along))
    });
}

/// One whorl of petals. `offset` turns it by a part of a petal; `reach` is its size compared to the flower.
fn petals(canvas: &mut Canvas, mood: &Mood, bloom: &Bloom, offset: f32, reach: f32) {
    let (tones, pixel) = (Ramp::even(&mood.petals), canvas.pixel());
    let (behind, count) = (offset > 0.0, f32::from(mood.count));
    canvas.dab(bloom.place, bloom.size * 1.12, |under, right, down| {
        let down = down / bloom.tilt;
        let away = (right * right + down * down).sqrt() / bloom.size;
        if away > reach * 1.03 {
            return under;
        }
        let angle = (down.atan2(right) + bloom.turn) / TAU * count + offset + count * 2.0;
        let (which, over) = split(angle);
        // The circle closes: its last petal is its first.
        let (across, which) =
            (2.0 * over - 1.0, f32::from(u8::try_from(which.rem_euclid(mood.count.into())).unwrap_or_default()));
        let own = line(which * 7.7, bloom.seed + u32::from(behind));
        let across = across + 0.10 * own + 0.08 * line(away * 3.0 + which * 3.3, bloom.seed);
        let along = away / (reach * (0.95 + 0.07 * own));
        if along >= 1.0 {
            return under;
        }
        let wide = outline(along, count);
        let cover = smooth(-1.0, 1.0, (wide - across.abs()) * away * bloom.size * TAU / count / pixel * 0.5);
        if cover <= 0.0 {
            return under;
        }
        let rib = 0.5 + 0.5 * (across * 11.0 + own * 3.0).sin();
        let vein = 1.0
            - 0.10 * rib * smooth(1.05, 0.3, along)
            - 0.06 * surface(across * 9.0, along * 2.0, bloom.seed + 3).abs();
        let curl =
            1.0 - 0.34 * smooth(0.35, 1.0, across.abs() / wide.max(0.05)) + 0.10 * (across + 0.3).clamp(-1.0, 1.0);
        let cup = 0.62 + 0.40 * smooth(mood.heart * 0.7, mood.heart + 0.38, away);
        let lit = 1.02 - 0.16 * (down / bloom.size) - if behind { 0.24 } else { 0.0 };
        under.toward(tones.at(along * 0.95) * (vein * curl * cup * lit), cover)
    });
}

/// How much of its share of the circle a petal fills, from its base (0) to its tip (1).
fn outline(along: f32, count: f32) -> f32 {
    let plump = if count < 12.0 { 1.12 } else { 1.0 };
    let shoulder = smooth(0.0, 0.55, along);
    let tip = (1.0 - ((along - 0.55).max(0.0) / 0.45).powf(2.6)).max(0.0).sqrt();
    plump * (0.45 + 0.53 * shoulder) * tip
}

/// The centre: florets set at the golden angle, as plants do (Vogel, 1979).
fn heart(canvas: &mut Canvas, mood: &Mood, bloom: &Bloom) {
    const GOLDEN: f32 = 2.399_963;
    let (radius, [light, shade]) = (bloom.size * mood.heart, mood.centre.map(hex));
    canvas.dab(bloom.place, radius * 1.35, |under, right, down| {
        let away = (right * right + (down / bloom.tilt).powi(2)).sqrt() / radius;
        let under = under * (1.0 - 0.45 * smooth(1.3, 0.9, away));
        under.toward(shade, smooth(1.03, 0.97, away))
    });
    let florets: u16 = 420;
    for number in 0..florets {
        let part = f32::from(number) / f32::from(florets);
        let (away, angle) = (part.sqrt() * radius * 0.97, f32::from(number) * GOLDEN);
        let place = (bloom.place.0 + away * angle.cos(), bloom.place.1 + away * angle.sin() * bloom.tilt);
        let size = radius * (0.036 + 0.030 * part);
        let bright = 0.60 + 0.55 * smooth(0.05, 0.6, part) - 0.25 * angle.sin() * part;
        floret(canvas, place, size, light * bright, shade);
    }
}

fn floret(canvas: &mut Canvas, place: (f32, f32), size: f32, light: Light, shade: Light) {
    canvas.dab(place, size * 1.2, |under, right, down| {
        let away = (right * right + down * down).sqrt() / size;
        let lit = 0.5 - 0.5 * (right * 0.5 + down) / size;
        under.toward(shade.toward(light, 0.25 + 0.8 * lit), smooth(1.1, 0.6, away))
    });
}
