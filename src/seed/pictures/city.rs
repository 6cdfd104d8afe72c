//! A city at night, its windows lit, at the water.

use super::Kind;
use super::canvas::Canvas;
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, at, split, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Everyone is home.",
        "Every window is somebody's kitchen.",
        "Walked back along the water.",
        "City lights, cold hands.",
        "Blue hour, my favourite hour.",
        "One more loop before bed.",
    ],
    alt_texts: &[
        "A skyline at night, hundreds of lit windows mirrored in the water.",
        "A skyline in the blue hour, a last orange glow behind the towers.",
        "A skyline under a magenta evening sky, windows lighting up.",
    ],
};

/// The colours of a mood: sky from top to horizon, the air between the houses, the houses.
struct Mood {
    sky: [u32; 4],
    air: u32,
    wall: u32,
}

const MOODS: [Mood; 3] = [
    Mood { sky: [0x05_0920, 0x0E_1740, 0x27_2B63, 0x6A_4A7C], air: 0x4A_3F74, wall: 0x08_0A18 },
    Mood { sky: [0x0B_1F4A, 0x1F_4A86, 0x6B_82A8, 0xF4_A261], air: 0x6A_80AC, wall: 0x0A_1226 },
    Mood { sky: [0x1A_1348, 0x5B_2A77, 0xC2_4E86, 0xFF_9B73], air: 0xA8_4E82, wall: 0x10_0A24 },
];

/// The colours behind windows: lamps, screens, a kitchen.
const LAMPS: [u32; 6] = [0xFF_C777, 0xFF_B45C, 0xFF_DFA8, 0xFF_F0D0, 0xFF_A24A, 0xB8_DCFF];

/// Rows of houses behind each other.
const ROWS: u16 = 3;

/// A house: where it stands, how high it is, and what is its own.
struct House {
    left: f32,
    right: f32,
    top: f32,
    seed: u32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let water = chance.between(0.70, 0.78);
    sky(canvas, mood, water, chance);
    for row in 0..ROWS {
        let near = f32::from(row) / f32::from(ROWS - 1);
        let mut left = -0.1;
        while left < canvas.aspect() {
            let house = build(left, near, water, chance);
            left = house.right + chance.between(-0.012, 0.02);
            raise(canvas, &house, mood, near, water);
        }
        haze(canvas, mood, water, near);
    }
    canvas.bloom(0.55, 0.8);
    mirror(canvas, mood, water, chance.seed());
}

fn sky(canvas: &mut Canvas, mood: &Mood, water: f32, chance: &mut Chance) {
    let (ramp, seed) = (Ramp::even(&mood.sky), chance.seed());
    let place = (canvas.aspect() * chance.between(0.15, 0.85), chance.between(0.10, 0.22));
    let (size, edge, pale) = (0.028, canvas.pixel(), hex(0xFF_F3DC));
    canvas.paint_within(0.0, water, |_, x, y| {
        let away = ((x - place.0).powi(2) + (y - place.1).powi(2)).sqrt();
        let spots = 0.85 + 0.2 * surface(x * 60.0, y * 60.0, seed);
        let disc = smooth(size + edge, size - edge, away) * spots;
        let star = smooth(0.9985, 1.0, at(split(x * 420.0).0, split(y * 420.0).0, seed)) * smooth(0.4, 0.1, y);
        ramp.at((y / water * 1.12).powf(1.2)) + pale * (disc * 0.95 + 0.05 / (1.0 + (away * 14.0).powi(2)) + star * 0.5)
    });
}

fn build(left: f32, near: f32, water: f32, chance: &mut Chance) -> House {
    let width = chance.between(0.035, 0.095) * (0.75 + 0.45 * near);
    let tall = chance.between(0.0, 1.0).powi(2);
    let height = (0.16 + 0.34 * tall) * (1.12 - 0.45 * near);
    House { left, right: left + width, top: water - height, seed: chance.seed() }
}

fn raise(canvas: &mut Canvas, house: &House, mood: &Mood, near: f32, water: f32) {
    let wall = hex(mood.air).toward(hex(mood.wall), 0.45 + 0.5 * near);
    let (width, pixel) = (house.right - house.left, canvas.pixel());
    canvas.block([house.left, house.right, house.top, water], |_, x, y| {
        let side = smooth(0.0, 1.0, (x - house.left) / width);
        wall * (1.15 - 0.35 * side) + window(house, x, y, near, pixel)
    });
    let middle = house.left + width * 0.5;
    match house.seed % 5 {
        // A smaller storey on top, a mast with a red lamp, or nothing.
        0 | 1 => {
            canvas.block([middle - width * 0.28, middle + width * 0.28, house.top - 0.022, house.top], |_, _, _| wall);
        }
        2 => mast(canvas, middle, house.top, wall),
        _ => {}
    }
}

fn mast(canvas: &mut Canvas, x: f32, top: f32, wall: Light) {
    let (thick, tall) = (canvas.pixel() * 1.2, 0.05);
    canvas.block([x - thick, x + thick, top - tall, top], |_, _, _| wall);
    canvas.dab((x, top - tall), 0.02, |under, right, down| {
        let away = (right * right + down * down).sqrt();
        under + hex(0xFF_3B30) * (smooth(0.02, 0.0, away).powi(5) * 1.6)
    });
}

/// The light of the window at a place on a house, if there is one and somebody is in.
fn window(house: &House, x: f32, y: f32, near: f32, pixel: f32) -> Light {
    let (wide, high) = (0.0052 + 0.0042 * near, 0.0078 + 0.0062 * near);
    let margin = wide * 0.6;
    let (inside_x, inside_y) = (x - house.left - margin, y - house.top - margin);
    if inside_x < 0.0 || inside_y < 0.0 || x > house.right - margin {
        return Light::BLACK;
    }
    let ((column, across), (storey, down)) = (split(inside_x / wide), split(inside_y / high));
    let soft = pixel / wide;
    let pane = smooth(0.18 - soft, 0.18 + soft, across) * smooth(0.86 + soft, 0.86 - soft, across);
    let pane = pane * smooth(0.22 - soft, 0.22 + soft, down) * smooth(0.80 + soft, 0.80 - soft, down);
    // Offices are dark or lit a floor at a time; flats one by one.
    let floor = at(storey, -1, house.seed);
    let lit =
        at(column, storey, house.seed) + 0.35 * (floor - 0.5) - f32::from(u8::from(house.seed.is_multiple_of(7))) * 0.3;
    if lit < 0.66 - 0.12 * near {
        return hex(0x2A_3350) * (pane * 0.10);
    }
    let lamp = at(storey, column, house.seed ^ 0x5EED);
    let (which, _) = split(lamp * 5.99);
    let colour = hex(LAMPS[usize::try_from(which).unwrap_or_default()]);
    colour * (pane * (0.25 + 1.1 * (lamp * 7.3).fract().powi(2)) * (0.8 + 0.4 * (1.0 - down)))
}

/// The glow of streets between the rows of houses.
fn haze(canvas: &mut Canvas, mood: &Mood, water: f32, near: f32) {
    let (air, lamps) = (hex(mood.air), hex(0xFF_B065));
    canvas.paint_within(water - 0.3, water, |under, _, y| {
        let low = smooth(0.26, 0.0, water - y);
        under.toward(air, low * 0.28 * (1.0 - near)) + lamps * (low * low * 0.05 * (1.2 - near))
    });
}

/// Water draws lights out into long shivering stripes.
fn mirror(canvas: &mut Canvas, mood: &Mood, water: f32, seed: u32) {
    let tint = hex(mood.sky[1]);
    canvas.reflect(water, |look, x, y| {
        let down = y - water;
        let far = 1.0 / (down + 0.05);
        let ripple = surface(x * far * 0.8, far * 9.0, seed) + 0.5 * surface(x * far * 2.5, far * 23.0, seed + 1);
        let shift = ripple * (0.002 + 0.035 * down);
        let (start, length) = (water - 0.004 - down * 1.1 - ripple * 0.04 * (0.2 + down), 0.01 + 0.12 * down);
        let sum =
            (0..5u8).fold(Light::BLACK, |sum, step| sum + look(x + shift, start - length * f32::from(step) * 0.25));
        let bright = 0.62 - 0.5 * down + 0.16 * ripple;
        sum * (0.2 * bright) + tint * 0.05
    });
    canvas.block([0.0, canvas.aspect(), water - 0.004, water + 0.001], |under, _, _| under * 0.35);
}
