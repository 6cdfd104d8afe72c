//! Light and colour: added as light adds, blended as eyes blend.

use std::ops::{Add, Mul};

/// An amount of red, green and blue light; 1 is the white of the screen, more is glare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Light {
    pub red: f32,
    pub green: f32,
    pub blue: f32,
}

impl Light {
    pub const BLACK: Light = Light { red: 0.0, green: 0.0, blue: 0.0 };

    /// This light with a part of another: 0 is this, 1 is the other.
    #[inline]
    pub fn toward(self, other: Light, part: f32) -> Light {
        self * (1.0 - part) + other * part
    }
}

impl Light {
    /// How bright it looks (the weights of BT.709).
    pub fn brightness(self) -> f32 {
        0.2126 * self.red + 0.7152 * self.green + 0.0722 * self.blue
    }
}

impl Add for Light {
    type Output = Light;

    #[inline]
    fn add(self, other: Light) -> Light {
        Light { red: self.red + other.red, green: self.green + other.green, blue: self.blue + other.blue }
    }
}

impl Mul<f32> for Light {
    type Output = Light;

    #[inline]
    fn mul(self, factor: f32) -> Light {
        Light { red: self.red * factor, green: self.green * factor, blue: self.blue * factor }
    }
}

impl Mul for Light {
    type Output = Light;

    /// What a surface of the other colour gives back.
    #[inline]
    fn mul(self, other: Light) -> Light {
        Light { red: self.red * other.red, green: self.green * other.green, blue: self.blue * other.blue }
    }
}

/// The light of a colour written as on the web, `0xRRGGBB`.
pub(super) fn hex(colour: u32) -> Light {
    let [_, red, green, blue] = colour.to_be_bytes().map(|level| linear(f32::from(level) / 255.0));
    Light { red, green, blue }
}

/// From the levels of a screen to amounts of light (IEC 61966-2-1, sRGB).
fn linear(level: f32) -> f32 {
    if level <= 0.040_45 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
}

/// From amounts of light to the levels of a screen, 0 to 1.
pub(super) fn level(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// From 0 to 1 while `value` goes from `from` to `to`, soft at both ends. `from` may be the larger.
#[inline]
pub(super) fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let part = ((value - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

/// A row of colours that flow into each other.
#[derive(Debug, Clone)]
pub(super) struct Ramp(Vec<Light>);

/// Steps a ramp is computed in. Between them it is straight.
const STEPS: u16 = 256;

impl Ramp {
    /// Colours at places from 0 to 1, in rising order; blended in Oklab (Ottosson, 2020), where the middle of two
    /// colours looks like their middle, so that no grey appears between orange and blue.
    pub fn new(stops: &[(f32, u32)]) -> Ramp {
        let stops: Vec<(f32, [f32; 3])> =
            stops.iter().map(|(place, colour)| (*place, to_oklab(hex(*colour)))).collect();
        let places = (0..=STEPS).map(|step| between(&stops, f32::from(step) / f32::from(STEPS)));
        Ramp(places.map(from_oklab).collect())
    }

    /// Colours at even distances.
    pub fn even(colours: &[u32]) -> Ramp {
        let last = u16::try_from(colours.len().max(2) - 1).unwrap_or(u16::MAX);
        let places = (0..=last).map(|place| f32::from(place) / f32::from(last));
        Ramp::new(&places.zip(colours.iter().copied()).collect::<Vec<_>>())
    }

    /// The colour at a place from 0 to 1.
    #[inline]
    pub fn at(&self, place: f32) -> Light {
        let (step, over) = super::noise::split(place.clamp(0.0, 1.0) * f32::from(STEPS));
        let step = usize::try_from(step).unwrap_or_default();
        let next = (step + 1).min(usize::from(STEPS));
        self.0[step].toward(self.0[next], over)
    }
}

fn between(stops: &[(f32, [f32; 3])], place: f32) -> [f32; 3] {
    let right = stops.iter().position(|stop| stop.0 >= place).unwrap_or(stops.len() - 1);
    let ((from, left), (to, right)) = (stops[right.saturating_sub(1)], stops[right]);
    let part = if to > from { ((place - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
    std::array::from_fn(|i| left[i] + (right[i] - left[i]) * part)
}

/// The matrices are those of the definition of Oklab.
fn to_oklab(light: Light) -> [f32; 3] {
    let Light { red, green, blue } = light;
    let long = (0.412_221_46 * red + 0.536_332_55 * green + 0.051_445_995 * blue).cbrt();
    let medium = (0.211_903_5 * red + 0.680_699_5 * green + 0.107_396_96 * blue).cbrt();
    let short = (0.088_302_46 * red + 0.281_718_85 * green + 0.629_978_7 * blue).cbrt();
    [
        0.210_454_26 * long + 0.793_617_8 * medium - 0.004_072_047 * short,
        1.977_998_5 * long - 2.428_592_2 * medium + 0.450_593_7 * short,
        0.025_904_037 * long + 0.782_771_77 * medium - 0.808_675_77 * short,
    ]
}

fn from_oklab([lightness, a, b]: [f32; 3]) -> Light {
    let long = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let medium = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    Light {
        red: (4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_94 * short).max(0.0),
        green: (-1.268_438 * long + 2.609_757_4 * medium - 0.341_319_38 * short).max(0.0),
        blue: (-0.004_196_086_3 * long - 0.703_418_6 * medium + 1.707_614_7 * short).max(0.0),
    }
}
