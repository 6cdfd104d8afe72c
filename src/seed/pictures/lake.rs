//! A mountain and the lake that doubles it.

use super::Kind;
use super::canvas::{Canvas, Field};
use super::light::{Ramp, hex, smooth};
use super::noise::{Chance, at, cloud, line, ridge, split, surface};
use super::trees::wood;

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Not a breath of wind.",
        "Which way up?",
        "Coffee tastes better up here.",
        "We had it all to ourselves.",
        "Five in the morning. No regrets.",
        "Still water, cold feet.",
    ],
    alt_texts: &[
        "A snowy mountain glows pink at sunrise, mirrored in a still lake.",
        "A snowy mountain under a clear blue sky, mirrored in a still lake.",
        "A mountain in the last evening light, forest and lake in front of it in shade.",
    ],
};

/// The colours of a mood: sky from top to horizon, clouds, snow and rock in light and shade, forest, air.
struct Mood {
    sky: [u32; 3],
    clouds: u32,
    snow: [u32; 2],
    rock: [u32; 2],
    forest: u32,
    air: u32,
}

const MOODS: [Mood; 3] = [
    Mood {
        sky: [0x5C_7DB8, 0xB7_B3D2, 0xFF_D5C0],
        clouds: 0xFF_C9B4,
        snow: [0xFF_D2BE, 0x7F_8FC2],
        rock: [0xB8_7F78, 0x3F_4470],
        forest: 0x1C_2A3C,
        air: 0xD8_B9C4,
    },
    Mood {
        sky: [0x1F_62B0, 0x5C_9CD6, 0xC3_DEEE],
        clouds: 0xFF_FFFF,
        snow: [0xFF_FEFA, 0x8C_AEDA],
        rock: [0x8E_8A86, 0x3A_4A66],
        forest: 0x14_3A2C,
        air: 0xA9_C8E0,
    },
    Mood {
        sky: [0x2B_3A6E, 0x8C_7AA6, 0xF6_B58A],
        clouds: 0xF3_9C80,
        snow: [0xFF_BE8C, 0x5C_6AA0],
        rock: [0xB0_6C54, 0x2E_305A],
        forest: 0x10_1626,
        air: 0xC4_97A4,
    },
];

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let shore = chance.between(0.56, 0.64);
    sky(canvas, mood, shore, chance.seed());
    foothills(canvas, mood, shore, chance.seed());
    mountain(canvas, mood, shore, chance);
    woods(canvas, mood, shore, chance.seed());
    water(canvas, mood, shore, chance.seed());
}

fn sky(canvas: &mut Canvas, mood: &Mood, shore: f32, seed: u32) {
    let (ramp, white) = (Ramp::even(&mood.sky), hex(mood.clouds));
    let puffs = Field::new(canvas, 300, |x, y| if y > shore { 0.0 } else { cloud(x * 1.7, y * 5.5, 5, seed) });
    canvas.paint_within(0.0, shore, |_, x, y| {
        let cover = smooth(0.08, 0.55, puffs.at(x, y)) * smooth(0.0, 0.2, y);
        ramp.at(y / shore * 1.15).toward(white, cover * 0.75)
    });
}

/// Pale mountains farther back.
fn foothills(canvas: &mut Canvas, mood: &Mood, shore: f32, seed: u32) {
    for (number, height) in [0.26_f32, 0.20].into_iter().enumerate() {
        let seed = seed + u32::try_from(number).unwrap_or_default() * 50;
        let outline = canvas.outline(|x| shore - height - 0.07 * ridge(x * 3.0 + 5.0, 6, 0.5, seed));
        let near = 0.25 + 0.4 * (0.26 - height) / 0.06;
        let tone = hex(mood.air).toward(hex(mood.rock[1]), near * 0.55);
        canvas.paint_below(&outline, |_, _, _, below| tone.toward(hex(mood.air), smooth(0.0, 0.2, below) * 0.7));
    }
}

fn mountain(canvas: &mut Canvas, mood: &Mood, shore: f32, chance: &mut Chance) {
    let seed = chance.seed();
    let peak = canvas.aspect() * chance.between(0.32, 0.68);
    let (height, width) = (chance.between(0.36, 0.42), chance.between(0.42, 0.52));
    let outline = canvas.outline(|x| {
        let side = ((x - peak).abs() / width).min(1.6);
        let slope = 1.0 - side.powf(0.92);
        shore - 0.02 - height * slope - 0.050 * ridge(x * 5.0, 7, 0.52, seed) * (0.45 + side.min(1.0))
    });
    let top = shore - height - 0.15;
    let spurs = Field::new(canvas, 520, |x, y| {
        if !(top..shore + 0.01).contains(&y) {
            return 0.0;
        }
        // Spurs run down and away from the peak: the picture of the slope is drawn out below it.
        let away = (x - peak) / (0.5 + 0.9 * (y - shore + height)).max(0.2);
        spurs(away * 7.0, y * 6.5, seed)
    });
    let (snow, rock) = (mood.snow.map(hex), mood.rock.map(hex));
    let (forest, air) = (hex(mood.forest), hex(mood.air));
    canvas.paint_below(&outline, |_, x, y, _| {
        let here = spurs.at(x, y);
        let turned = (spurs.at(x + 0.003, y) - spurs.at(x - 0.003, y)) * 12.0;
        let shaded = smooth(-0.55, 0.60, turned + (x - peak) * 0.9);
        let up = (shore - y) / height;
        let white = smooth(0.34, 0.50, up + 0.26 * here - 0.10 * turned.abs());
        let green = smooth(0.34, 0.14, up + 0.16 * here);
        let ground = rock[0].toward(rock[1], shaded).toward(forest, green * 0.85) * (0.85 + 0.3 * here);
        let face = ground.toward(snow[0].toward(snow[1], shaded), white * 0.96);
        face.toward(air, 0.06 + 0.40 * smooth(0.40, 0.0, up))
    });
}

/// Ridges with smaller ridges between them (ridged noise: the folds of a surface become its crests).
fn spurs(across: f32, along: f32, seed: u32) -> f32 {
    let (mut place, mut height, mut sum) = ((across, along), 0.5, 0.0);
    for octave in 0..6 {
        let bend = 0.35 * surface(place.1 * 0.7, place.0 * 0.7, seed + 40 + octave);
        sum += height * (1.0 - 2.2 * surface(place.0 + bend, place.1, seed + octave).abs());
        place = (1.7 * place.0 - 0.9 * place.1, 0.9 * place.0 + 1.7 * place.1);
        height *= 0.5;
    }
    sum
}

/// The forest on the shore, fir by fir.
fn woods(canvas: &mut Canvas, mood: &Mood, shore: f32, seed: u32) {
    for (number, low) in [0.0_f32, 0.012].into_iter().enumerate() {
        let seed = seed + u32::try_from(number).unwrap_or_default() * 7;
        let outline = canvas.outline(|x| {
            let bank = 0.020 + 0.020 * line(x * 2.2, seed) - low;
            shore - (bank + wood(x, 0.0085, 0.040, seed)).max(0.004)
        });
        let (dark, air) = (hex(mood.forest), hex(mood.air));
        let far = if low > 0.0 { 0.0 } else { 0.30 };
        canvas.paint_below(&outline, |_, x, y, below| {
            let speckle = 0.8 + 0.5 * at(split(x * 700.0).0, split(y * 500.0).0, seed);
            (dark * speckle).toward(air, far * (0.5 + smooth(0.0, 0.05, below)))
        });
    }
}

fn water(canvas: &mut Canvas, mood: &Mood, shore: f32, seed: u32) {
    let deep = hex(mood.sky[0]) * 0.35;
    canvas.reflect(shore, |look, x, y| {
        let down = y - shore;
        let far = 1.0 / (down + 0.05);
        let ripple = surface(x * far * 0.9, far * 6.0, seed) + 0.4 * surface(x * far * 3.0, far * 15.0, seed + 1);
        let calm = 0.002 + 0.018 * down;
        let place = (x + ripple * calm * 0.5, shore - 0.002 - down * 1.02 - ripple.abs() * calm * 2.0);
        let breeze = smooth(0.15, 0.5, surface(x * 1.5, far * 1.1, seed + 2)) * smooth(0.01, 0.05, down);
        let image = look(place.0, place.1) * (0.86 - 0.25 * down);
        image.toward(deep, 0.10 + 0.55 * smooth(0.05, 0.45, down)) + hex(mood.sky[2]) * (0.035 * breeze)
    });
    canvas
        .block([0.0, canvas.aspect(), shore - 0.0015, shore + 0.0015], |under, _, _| under.toward(hex(mood.air), 0.35));
}
