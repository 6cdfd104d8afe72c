//! Dunes, one side in the sun and one in the shade.

use super::Kind;
use super::canvas::{Canvas, Layer};
use super::light::{Ramp, hex, smooth};
use super::noise::{Chance, line, surface};

pub(super) const KIND: Kind = Kind {
    paint,
    captions: &[
        "Sand in places sand should not be.",
        "The wind draws, I only watch.",
        "Follow the ridge, they said.",
        "Two litres of water later.",
        "Nothing for miles. Everything for miles.",
        "Light and shade, that is all.",
    ],
    alt_texts: &[
        "Orange dunes with sharp crests, half in sun and half in violet shade.",
        "Pale dunes under a soft pink sky.",
        "Golden dunes under a deep blue sky, wind ripples in the sand.",
    ],
};

/// The colours of a mood: sky from top to horizon, sand in light, sand in shade, the air.
struct Mood {
    sky: [u32; 3],
    light: [u32; 2],
    shade: [u32; 2],
    air: u32,
}

const MOODS: [Mood; 3] = [
    Mood {
        sky: [0x4E_7EA8, 0xB9_B8B4, 0xFB_CF9D],
        light: [0xF0_A35A, 0xDE_7F38],
        shade: [0x8E_4A45, 0x4A_2238],
        air: 0xF2_BF94,
    },
    Mood {
        sky: [0x9F_A8CF, 0xE3_BBCB, 0xFF_DCC7],
        light: [0xF6_D3B4, 0xE9_B695],
        shade: [0xB0_8793, 0x75_5A78],
        air: 0xFA_D5C4,
    },
    Mood {
        sky: [0x13_4A8E, 0x3F_80BE, 0xA8_CBDD],
        light: [0xF5_CB78, 0xE3_A443],
        shade: [0x97_6636, 0x54_3420],
        air: 0xD5_D6C4,
    },
];

/// Dunes behind each other.
const LAYERS: u16 = 6;

fn paint(canvas: &mut Canvas, chance: &mut Chance, mood: usize) {
    let mood = &MOODS[mood];
    let horizon = chance.between(0.26, 0.38);
    let ramp = Ramp::even(&mood.sky);
    canvas.paint_within(0.0, horizon + 0.1, |_, _, y| ramp.at(y / (horizon + 0.02)));
    let side = if chance.coin() { 1.0 } else { -1.0 };
    let dunes: Vec<Dune> = (0..LAYERS).map(|layer| Dune::new(layer, horizon, side, chance)).collect();
    let mut layers: Vec<Layer> = dunes.iter().map(|dune| dune.layer(canvas)).collect();
    Layer::hide(&mut layers);
    for (dune, layer) in dunes.iter().zip(&layers) {
        dune.paint(canvas, layer, mood);
    }
}

/// One dune: how near it is, where it lies, how it swings, and from which side the sun comes.
struct Dune {
    near: f32,
    base: f32,
    height: f32,
    stretch: f32,
    shift: f32,
    side: f32,
    seed: u32,
}

impl Dune {
    fn new(layer: u16, horizon: f32, side: f32, chance: &mut Chance) -> Dune {
        let near = f32::from(layer) / f32::from(LAYERS - 1);
        Dune {
            near,
            base: horizon + 0.01 + (0.80 - horizon) * near.powf(1.35),
            height: 0.03 + 0.11 * near,
            stretch: 2.9 - 1.7 * near,
            shift: chance.between(0.0, 90.0),
            side,
            seed: chance.seed(),
        }
    }

    fn layer(&self, canvas: &Canvas) -> Layer {
        let crest = canvas.outline(|x| {
            let place = x * self.stretch + self.shift;
            let wave = line(place, self.seed) + 0.35 * line(place * 2.1, self.seed + 1);
            self.base - self.height * wave
        });
        Layer::new(crest.clone(), crest)
    }

    fn paint(&self, canvas: &mut Canvas, layer: &Layer, mood: &Mood) {
        let (lit, dim) = (Ramp::even(&mood.light), Ramp::even(&mood.shade));
        let (air, scale) = (hex(mood.air), 0.30 + 0.55 * self.near);
        canvas.paint_layer(layer, |_, x, y, below| {
            let deep = below / scale;
            let shaded = self.shaded(x, deep);
            let fold = 0.5 + 0.5 * surface(x * 2.0 + self.shift, deep * 3.0, self.seed + 4);
            let ripple = ripples(x, y, self.near, self.seed);
            let sun = lit.at(0.75 * deep + 0.35 * fold - 0.1) * (1.0 + 0.16 * ripple);
            let shadow = dim.at(1.0 - 1.3 * deep.min(0.6) + 0.2 * fold) * (1.0 + 0.10 * ripple);
            let edge = 0.30 * smooth(0.02, 0.0, below) * (1.0 - shaded);
            let sand = sun.toward(shadow, shaded) * (1.0 + edge);
            sand.toward(air, 0.82 * (1.0 - self.near).powf(1.6))
        });
    }

    /// Whether a place lies in the shade. The crest runs down the dune in a bow: light on one side of it, shade on the
    /// other.
    fn shaded(&self, x: f32, deep: f32) -> f32 {
        let place = x * self.stretch + self.shift;
        let bow =
            0.55 * surface(place * 0.8, deep * 1.2, self.seed + 2) + 0.16 * surface(x * 5.0, deep * 4.0, self.seed + 3);
        let face = self.side * line(place + 0.35 + deep * 0.8 * self.side + bow, self.seed) + 0.25 * bow + 0.12;
        smooth(-0.015, 0.03 + 0.15 * deep, face)
    }
}

/// Ripples the wind leaves, seen near by: crests that wander, fork and end.
fn ripples(x: f32, y: f32, near: f32, seed: u32) -> f32 {
    let height = smooth(0.25, 0.9, near);
    if height <= 0.0 {
        return 0.0;
    }
    let wander = surface(x * 3.0, y * 6.0, seed + 5) * 2.2 + surface(x * 11.0, y * 18.0, seed + 6) * 0.5;
    let phase = y * (260.0 - 130.0 * near) + x * 24.0 + wander * 3.0;
    phase.sin() * height
}
