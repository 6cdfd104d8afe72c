//! A white wall in the south, an arch, and the sea behind it.

use super::Kind;
use super::canvas::Canvas;
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, at, cloud, line, split, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Blue on white on blue.",
        "Third floor, no lift, worth it.",
        "Breakfast view.",
        "Somebody paints this wall every spring.",
        "Out of office.",
        "The cat was just out of frame.",
    ],
    alt_texts: &[
        "A white wall with an arch that opens onto a blue sea, pink bougainvillea hanging over it.",
        "A wall the colour of apricots with an arch that opens onto a turquoise sea.",
        "A white wall in evening light with an arch that opens onto a golden sea.",
    ],
};

/// The colours of a mood: sky from top to horizon, sea from horizon to shore, wall in light and shade, floor, blossom.
struct Mood {
    sky: [u32; 3],
    sea: [u32; 3],
    wall: [u32; 2],
    floor: u32,
    blossom: [u32; 3],
}

const MOODS: [Mood; 3] = [
    Mood {
        sky: [0x2F_7FCB, 0x74_B6E6, 0xC8_E4F2],
        sea: [0x1F_6FB4, 0x1A_5C9E, 0x2A_8FB8],
        wall: [0xFB_F6EA, 0xA9_B6CE],
        floor: 0xE2_CDAE,
        blossom: [0xD8_1B78, 0xF0_4A9E, 0xA0_0E5C],
    },
    Mood {
        sky: [0x4A_A3D8, 0x97_D0E8, 0xE2_F1EC],
        sea: [0x1E_9CB0, 0x22_B4B4, 0x7C_DCC8],
        wall: [0xF6_C08A, 0xB8_6E5C],
        floor: 0xC9_825A,
        blossom: [0xE8_3E8C, 0xFF_7AB4, 0xB0_1E64],
    },
    Mood {
        sky: [0x5F_7FB8, 0xE0_B4B0, 0xFF_DC9E],
        sea: [0xE8_B87A, 0x8A_7E9A, 0x3E_5A8A],
        wall: [0xFF_E6C4, 0xA0_8AA8],
        floor: 0xCF_A27C,
        blossom: [0xC8_2A6A, 0xF0_6A8E, 0x8A_1650],
    },
];

/// An opening: its middle, half its width, where its bow begins, and where it ends at the floor.
#[derive(Clone, Copy)]
struct Arch {
    x: f32,
    half: f32,
    spring: f32,
    floor: f32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let half = canvas.aspect() * chance.between(0.24, 0.29);
    let arch = Arch {
        x: canvas.aspect() * chance.between(0.45, 0.55),
        half,
        spring: chance.between(0.16, 0.20) + half,
        floor: chance.between(0.79, 0.83),
    };
    view(canvas, mood, &arch, chance);
    let side = if chance.coin() { 1.0 } else { -1.0 };
    wall(canvas, mood, &arch, side, chance.seed());
    floor(canvas, mood, &arch, side, chance.seed());
    blossoms(canvas, mood, &arch, side, chance);
}

impl Arch {
    /// How far inside the opening a place is; below zero it is in the wall.
    fn inside(&self, x: f32, y: f32) -> f32 {
        let right = x - self.x;
        if y < self.spring {
            self.half - (right * right + (y - self.spring).powi(2)).sqrt()
        } else {
            self.half - right.abs()
        }
    }
}

/// Sky and sea, with an island and the glitter of noon.
fn view(canvas: &mut Canvas, mood: &Mood, arch: &Arch, chance: &mut Chance) {
    let (seed, horizon) = (chance.seed(), chance.between(0.50, 0.56));
    let (sky, sea, white) = (Ramp::even(&mood.sky), Ramp::even(&mood.sea), hex(0xFF_FFFF));
    let island = chance.between(-0.12, 0.12);
    let haze = sky.at(0.8).toward(sea.at(0.2), 0.55);
    canvas.block([arch.x - arch.half, arch.x + arch.half, 0.0, arch.floor + 0.01], |_, x, y| {
        if y < horizon {
            let puff = smooth(0.1, 0.6, cloud(x * 4.0, y * 9.0, 4, seed)) * 0.6;
            let hill = horizon - 0.035 * smooth(0.16, 0.0, (x - arch.x - island).abs()) - 0.006 * line(x * 30.0, seed);
            let air = sky.at(y / horizon).toward(white, puff);
            return if y > hill { haze } else { air };
        }
        let down = y - horizon;
        let far = 1.0 / (down + 0.03);
        let wave = surface(x * far * 1.2, far * 5.0, seed + 1) + 0.5 * surface(x * far * 4.0, far * 14.0, seed + 2);
        let spark = smooth(0.62, 1.1, wave) * smooth(0.0, 0.03, down);
        sea.at(down * 3.2) * (1.0 + 0.20 * wave) + white * (spark * 0.55)
    });
}

/// Plaster in the sun; the thickness of the wall, seen on one side of the opening, lies in the shade.
fn wall(canvas: &mut Canvas, mood: &Mood, arch: &Arch, side: f32, seed: u32) {
    let ([light, shade], pixel) = (mood.wall.map(hex), canvas.pixel());
    let depth = arch.half * 0.20;
    let back = Arch { x: arch.x - side * depth, ..*arch };
    canvas.paint_within(0.0, arch.floor, |under, x, y| {
        let rough = 0.035 * cloud(x * 9.0, y * 9.0, 3, seed) + 0.020 * surface(x * 130.0, y * 130.0, seed + 3);
        let bow = smooth(arch.spring - arch.half, arch.spring, y);
        let reveal = shade.toward(light, 0.10 + 0.30 * (1.0 - bow)) * (1.0 + rough);
        let opening = under.toward(reveal, smooth(pixel, -pixel, back.inside(x, y)));
        let sunny = light * (0.97 + rough * 1.6 - 0.05 * y + 0.03 * side * (x - arch.x));
        let edge = 1.0 + 0.05 * smooth(0.006, 0.0, (arch.inside(x, y) + 0.003).abs());
        opening.toward(sunny * edge, smooth(pixel, -pixel, arch.inside(x, y)))
    });
}

/// Tiles, with the light that falls through the arch.
fn floor(canvas: &mut Canvas, mood: &Mood, arch: &Arch, side: f32, seed: u32) {
    let (tile, shade) = (hex(mood.floor), hex(mood.wall[1]));
    canvas.paint_within(arch.floor, 1.0, |_, x, y| {
        let down = (y - arch.floor) + 0.06;
        let (across, along) = ((x - arch.x) / down * 0.32, 0.34 / down);
        let ((column, aside), (row, behind)) = (split(across * 4.0), split(along));
        let (grout, row_joint) = (aside.min(1.0 - aside), behind.min(1.0 - behind));
        let joint = smooth(0.05, 0.015, grout) + smooth(0.06, 0.02, row_joint);
        let stone =
            tile * (0.95 + 0.10 * surface(across * 9.0, along * 9.0, seed) + 0.08 * (at(column, row, seed + 1) - 0.5));
        let beam = (x - arch.x + side * (y - arch.floor) * 0.9).abs() - arch.half * (1.0 + 1.2 * (y - arch.floor));
        let lit = smooth(0.012, -0.012, beam);
        stone.toward(shade * 0.55, 0.30 * joint.min(1.0)) * (0.60 + 0.45 * lit)
    });
}

/// A branch of bougainvillea hanging in from a corner, with its shadow on the wall.
fn blossoms(canvas: &mut Canvas, mood: &Mood, arch: &Arch, side: f32, chance: &mut Chance) {
    let corner = (if side > 0.0 { canvas.aspect() + 0.02 } else { -0.02 }, -0.06);
    let bunches: Vec<(f32, f32)> = (0..95).map(|_| hanging(corner, side, canvas.aspect(), chance)).collect();
    let shade = hex(mood.wall[1]);
    for (x, y) in &bunches {
        let place = (x - side * 0.045, y + 0.06);
        if arch.inside(place.0, place.1) < 0.01 {
            shadow(canvas, place, 0.055, shade);
        }
    }
    for place in &bunches {
        for _ in 0..9 {
            let leaf = hex(0x3C_7A30) * chance.between(0.30, 0.95);
            petal(canvas, around(*place, 0.036, chance), chance.between(0.010, 0.016), chance.between(-2.0, 2.0), leaf);
        }
    }
    for place in &bunches {
        bunch(canvas, mood, *place, chance);
    }
}

/// Bracts in one bunch: dark ones deep inside and below, bright ones on top.
fn bunch(canvas: &mut Canvas, mood: &Mood, place: (f32, f32), chance: &mut Chance) {
    let bright = chance.between(0.75, 1.1);
    for number in 0..16u8 {
        let front = f32::from(number) / 15.0;
        let (x, y) = around((place.0, place.1 + 0.010 * (0.5 - front)), 0.027, chance);
        let colour = hex(mood.blossom[if front < 0.35 { 2 } else { chance.below(2) }]);
        petal(
            canvas,
            (x, y),
            chance.between(0.008, 0.0135),
            chance.between(-2.0, 2.0),
            colour * (bright * (0.5 + 0.6 * front)),
        );
    }
}

fn around((x, y): (f32, f32), reach: f32, chance: &mut Chance) -> (f32, f32) {
    (
        x + reach * chance.between(-1.0, 1.0) * chance.between(0.3, 1.0),
        y + reach * chance.between(-1.0, 1.0) * chance.between(0.3, 1.0),
    )
}

/// A place on the branch: dense in the corner, trailing along the top and down the side.
fn hanging(corner: (f32, f32), side: f32, aspect: f32, chance: &mut Chance) -> (f32, f32) {
    let (far, angle) = (chance.between(0.0, 1.0).powf(0.8), chance.between(0.0, 1.0));
    let reach = if angle < 0.5 { 0.66 * aspect } else { 0.46 };
    let bearing = std::f32::consts::FRAC_PI_2 * (angle + 0.10 * chance.between(-1.0, 1.0)).clamp(0.0, 1.0);
    let droop = 0.12 * far * chance.between(0.0, 1.0).powi(2);
    let narrow = 1.0 - 0.35 * (angle - 0.5).abs();
    (
        corner.0 - side * reach * far * bearing.cos() * narrow,
        corner.1 + 0.05 + reach * far * bearing.sin() * 0.8 + droop,
    )
}

fn shadow(canvas: &mut Canvas, place: (f32, f32), size: f32, shade: Light) {
    canvas.dab(place, size, |under, right, down| {
        let away = (right * right + down * down).sqrt() / size;
        under.toward(shade * 0.85, 0.16 * smooth(1.0, 0.2, away))
    });
}

/// A bract: an oval with a crease, lighter where it faces the sun.
fn petal(canvas: &mut Canvas, place: (f32, f32), size: f32, turn: f32, colour: Light) {
    let (cos, sin) = (turn.cos(), turn.sin());
    let soft = canvas.pixel() / size;
    canvas.dab(place, size * 1.1, |under, right, down| {
        let (along, across) = ((right * cos + down * sin) / size, (down * cos - right * sin) / size * 1.45);
        let away = (along * along + across * across).sqrt();
        let crease = 1.0 - 0.25 * smooth(0.12, 0.0, across.abs());
        let lit = 0.95 - 0.35 * down / size + 0.2 * across;
        under.toward(colour * (crease * lit), smooth(1.0 + soft, 1.0 - soft, away))
    });
}
