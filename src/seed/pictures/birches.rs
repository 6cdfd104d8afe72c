//! Birches in fog.

use super::Kind;
use super::canvas::{Canvas, Field, Layer};
use super::light::{Light, Ramp, hex, smooth};
use super::noise::{Chance, cloud, line, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "You could hear the leaves fall.",
        "Fog so thick the dog disappeared.",
        "Black and white, by nature.",
        "Went in for mushrooms, came out with this.",
        "Breathing out.",
        "The forest was still asleep.",
    ],
    alt_texts: &[
        "White birch trunks with golden leaves in autumn fog.",
        "White birch trunks in a green summer forest, light coming through the mist.",
        "White birch trunks in winter, snow on the ground and blue fog between them.",
    ],
};

/// The colours of a mood: fog from top to bottom, bark in light and shade, leaves, ground.
struct Mood {
    fog: [u32; 3],
    light: u32,
    shade: u32,
    leaves: [u32; 3],
    ground: [u32; 2],
    foliage: u16,
}

const MOODS: [Mood; 3] = [
    Mood {
        fog: [0xE9_D9B0, 0xF3_E6C8, 0xD8_BE8E],
        light: 0xFB_F4E6,
        shade: 0x8C_7D70,
        leaves: [0xE2_A22B, 0xF0_C04A, 0xC4_7A1C],
        ground: [0xB5_8136, 0x5E_3D1B],
        foliage: 1500,
    },
    Mood {
        fog: [0xB9_D6A0, 0xE6_F0CC, 0xA5_C08A],
        light: 0xF6_F7EC,
        shade: 0x74_8070,
        leaves: [0x6F_A83A, 0xA6_CF5C, 0x3F_7A2C],
        ground: [0x6E_9440, 0x24_401C],
        foliage: 1700,
    },
    Mood {
        fog: [0xB4_C6DA, 0xDD_E6EF, 0xC6_D3E2],
        light: 0xF8_FAFC,
        shade: 0x68_7690,
        leaves: [0x8C_9AAE, 0xB8_C4D4, 0x6C_7A90],
        ground: [0xF1_F5FA, 0xA9_BBD2],
        foliage: 120,
    },
];

/// Ranks of trees, the farthest first.
const RANKS: u16 = 6;

/// A trunk: where it stands, how it leans, how thick it is.
struct Trunk {
    x: f32,
    lean: f32,
    radius: f32,
    foot: f32,
    seed: u32,
}

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let fog = Ramp::even(&mood.fog);
    backdrop(canvas, &fog, chance.seed());
    let seed = chance.seed();
    let ranks = (0..RANKS).map(|rank| f32::from(rank) / f32::from(RANKS - 1));
    let mut floors: Vec<Layer> = ranks.clone().map(|near| floor(canvas, near, seed)).collect();
    Layer::hide(&mut floors);
    for (near, floor) in ranks.zip(&floors) {
        ground(canvas, mood, &fog, near, (floor, seed));
        stand(canvas, mood, &fog, near, chance);
        foliage(canvas, mood, &fog, near, chance);
    }
}

fn backdrop(canvas: &mut Canvas, fog: &Ramp, seed: u32) {
    let middle = canvas.aspect() * 0.5;
    let drift = Field::new(canvas, 120, |x, y| cloud(x * 2.0, y * 2.6, 3, seed));
    canvas.paint(|_, x, y| {
        let away = ((x - middle) * 1.3).powi(2) + (y - 0.42).powi(2);
        fog.at(y) * (0.86 + 0.22 * smooth(0.4, 0.0, away) + 0.10 * drift.at(x, y))
    });
}

/// Trees of one rank, at uneven distances.
fn stand(canvas: &mut Canvas, mood: &Mood, fog: &Ramp, near: f32, chance: &mut Chance) {
    let radius = 0.0035 + 0.029 * near.powf(1.9);
    let mut x = chance.between(-0.05, 0.08);
    while x < canvas.aspect() + 0.03 {
        let trunk = Trunk {
            x,
            lean: chance.between(-0.05, 0.05),
            radius: radius * chance.between(0.75, 1.25),
            foot: 0.66 + 0.32 * near.powf(1.5) + chance.between(0.0, 0.03),
            seed: chance.seed(),
        };
        bark(canvas, &trunk, mood, fog, near);
        x += chance.between(2.2, 13.0) * radius + 0.018 + 0.10 * near;
    }
}

fn bark(canvas: &mut Canvas, trunk: &Trunk, mood: &Mood, fog: &Ramp, near: f32) {
    let (light, shade, pixel) = (hex(mood.light), hex(mood.shade), canvas.pixel());
    let reach = trunk.radius * 1.6 + trunk.lean.abs() * 0.6 + 0.012;
    let veil = 0.93 * (1.0 - near).powf(0.75);
    canvas.block([trunk.x - reach, trunk.x + reach, 0.0, trunk.foot], |under, x, y| {
        let lean = trunk.lean * (y - 0.5);
        if (x - trunk.x - lean).abs() > trunk.radius * 1.45 + 0.007 {
            return under;
        }
        let bend = lean + 0.006 * line(y * 3.0, trunk.seed);
        let root = 1.0 + 0.22 * smooth(0.05, 0.0, trunk.foot - y);
        let radius = trunk.radius * (0.82 + 0.3 * y) * root;
        let across = (x - trunk.x - bend) / radius;
        let cover = smooth(1.0 + pixel / radius, 1.0 - pixel / radius, across.abs());
        if cover <= 0.0 {
            return under;
        }
        let round = light.toward(shade, smooth(-0.35, 1.05, across) * 0.85);
        let marked = round.toward(hex(0x1C_1816), marks(across, y / trunk.radius, trunk.seed));
        let mist = (veil + 0.25 * smooth(0.25, 0.0, trunk.foot - y) * (1.0 - near)).min(0.97);
        let foot = trunk.foot - 0.010 + 0.007 * line(x * 60.0, trunk.seed);
        under.toward(marked.toward(fog.at(y), mist), cover * smooth(foot + 0.007, foot - 0.007, y))
    });
}

/// The dark marks of birch bark: thin lines all over, scars here and there, rough bark at the foot.
fn marks(across: f32, along: f32, seed: u32) -> f32 {
    let lines = smooth(0.34, 0.52, surface(across * 0.55, along * 2.6, seed));
    let scars = smooth(0.30, 0.46, surface(across * 0.45 + 9.0, along * 0.42, seed + 1));
    let fine = 0.20 * smooth(0.1, 0.6, surface(across * 2.0, along * 9.0, seed + 2));
    (lines * 0.75).max(scars * 0.9).max(fine) * smooth(1.15, 0.75, across.abs())
}

/// Where the floor of the forest begins in front of a rank.
fn top(near: f32) -> f32 {
    0.66 + 0.30 * near.powf(1.5)
}

fn floor(canvas: &Canvas, near: f32, seed: u32) -> Layer {
    let edge = canvas.outline(|x| {
        let place = x + 9.0 * near;
        top(near) + 0.014 * line(place * 3.0, seed) + 0.004 * line(place * 40.0, seed + 1) * near
    });
    Layer::new(edge.clone(), edge)
}

/// The floor of the forest in front of a rank: litter, moss or snow, paler where the fog is thicker.
fn ground(canvas: &mut Canvas, mood: &Mood, fog: &Ramp, near: f32, (floor, seed): (&Layer, u32)) {
    let top = top(near);
    let (light, dark) = (hex(mood.ground[0]), hex(mood.ground[1]));
    let fine = 50.0 - 25.0 * near;
    let litter = Field::new(canvas, 500, |x, y| {
        if y < top - 0.03 { 0.0 } else { cloud(x * fine + near * 50.0, y * fine * 2.2, 3, seed + 2) }
    });
    canvas.paint_layer(floor, |_, x, y, below| {
        let tone = dark.toward(light, (0.55 + 1.1 * litter.at(x, y)).clamp(0.0, 1.0));
        let mist = 0.92 * (1.0 - near).powf(0.8) + 0.05;
        tone.toward(fog.at(y) * 0.96, mist * smooth(0.30, 0.0, below)) * (1.0 - 0.35 * near * smooth(0.9, 1.0, y))
    });
}

/// Leaves of one rank: most hang high, some at the edges, each a soft spot.
fn foliage(canvas: &mut Canvas, mood: &Mood, fog: &Ramp, near: f32, chance: &mut Chance) {
    let leaves = mood.foliage / RANKS;
    for _ in 0..leaves {
        let high = chance.between(0.0, 1.0).powf(1.4);
        let place = (chance.between(-0.02, 1.02) * canvas.aspect(), high * (0.62 - 0.22 * near));
        let size = (0.003 + 0.009 * near) * chance.between(0.6, 1.5);
        let colour = hex(mood.leaves[chance.below(3)]).toward(fog.at(place.1), 0.85 * (1.0 - near).powf(0.7));
        let leaf = Leaf { size, turn: chance.between(-1.0, 1.0), colour, strength: 0.35 + 0.5 * near };
        leaf.hang(canvas, place);
    }
}

/// A leaf: how large, how turned, and how much of what is behind it shows through.
struct Leaf {
    size: f32,
    turn: f32,
    colour: Light,
    strength: f32,
}

impl Leaf {
    fn hang(&self, canvas: &mut Canvas, place: (f32, f32)) {
        canvas.dab(place, self.size * 1.3, |under, right, down| {
            let (along, across) = (right + down * self.turn, (down - right * self.turn) * 1.7);
            let away = (along * along + across * across).sqrt() / self.size;
            let lit = self.colour * (1.1 - 0.2 * down / self.size);
            under.toward(lit, self.strength * smooth(1.1, 0.55, away))
        });
    }
}
