//! What a filter of ours is made of: a few steps of a darkroom, from which its table is calculated.
//!
//! Only sums, products, quotients and square roots are used, which every processor rounds alike; so the same recipe is
//! the same table everywhere. Colours are as they are stored, from 0 to 1 each.

use super::super::lut::LEVELS;

/// Red, green and blue.
type Colour = [f32; 3];

/// How bright each channel looks (ITU-R BT.709).
const LIGHT: Colour = [0.2126, 0.7152, 0.0722];

/// One step of a recipe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// New channels, each a mix of the old ones.
    Mix([Colour; 3]),
    /// Grey, a mix of the channels: a colored filter before a black-and-white film.
    Grey(Colour),
    /// More color or less: 1 leaves it, 0 is grey.
    Saturate(f32),
    /// More color where there is little: 0 leaves it.
    Enliven(f32),
    /// A curve for all channels, smooth through these points.
    Curve(&'static [(f32, f32)]),
    /// A curve for each channel.
    Curves([&'static [(f32, f32)]; 3]),
    /// Color added to the shadows and to the lights.
    Tone { shadows: Colour, lights: Colour },
    /// One range of hues, moved and made more or less colorful. Hues go from 0 (red) over 1 (yellow) to 6.
    Hue { at: f32, reach: f32, turn: f32, saturate: f32 },
}

/// The table of a recipe.
pub(super) fn table(steps: &[Step]) -> Vec<[u8; 3]> {
    let curves: Vec<Vec<Curve>> = steps.iter().map(curves).collect();
    let mut colours = Vec::with_capacity(LEVELS * LEVELS * LEVELS);
    for blue in 0..LEVELS {
        for green in 0..LEVELS {
            for red in 0..LEVELS {
                let colour = [red, green, blue].map(level);
                let done = steps.iter().zip(&curves).fold(colour, |colour, (step, curves)| step.apply(colour, curves));
                colours.push(done.map(byte));
            }
        }
    }
    colours
}

#[expect(clippy::cast_precision_loss, reason = "63 at most")]
fn level(level: usize) -> f32 {
    level as f32 / (LEVELS - 1) as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte just before")]
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

fn curves(step: &Step) -> Vec<Curve> {
    match step {
        Step::Curve(points) => vec![Curve::through(points)],
        Step::Curves(channels) => channels.iter().map(|points| Curve::through(points)).collect(),
        _ => vec![],
    }
}

impl Step {
    fn apply(&self, colour: Colour, curves: &[Curve]) -> Colour {
        match self {
            Step::Mix(channels) => channels.map(|channel| dot(channel, colour)),
            Step::Grey(mix) => [dot(*mix, colour); 3],
            Step::Saturate(by) => from_grey(colour, *by),
            Step::Enliven(by) => from_grey(colour, 1.0 + by * (1.0 - spread(colour))),
            Step::Curve(_) => colour.map(|value| curves[0].at(value)),
            Step::Curves(_) => std::array::from_fn(|i| curves[i].at(colour[i])),
            Step::Tone { shadows, lights } => toned(colour, *shadows, *lights),
            Step::Hue { at, reach, turn, saturate } => {
                let weight = (1.0 - apart(hue(colour), *at) / reach).max(0.0);
                let weight = weight * weight * (3.0 - 2.0 * weight) * (spread(colour) * 3.0).min(1.0);
                turned(from_grey(colour, 1.0 + (saturate - 1.0) * weight), turn * weight)
            }
        }
    }
}

fn dot(a: Colour, b: Colour) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn largest(colour: Colour) -> f32 {
    colour[0].max(colour[1]).max(colour[2])
}

fn spread(colour: Colour) -> f32 {
    (largest(colour) - colour[0].min(colour[1]).min(colour[2])).clamp(0.0, 1.0)
}

fn from_grey(colour: Colour, by: f32) -> Colour {
    let grey = dot(LIGHT, colour);
    colour.map(|value| grey + (value - grey) * by)
}

fn toned(colour: Colour, shadows: Colour, lights: Colour) -> Colour {
    let light = dot(LIGHT, colour).clamp(0.0, 1.0);
    let dark = 1.0 - light;
    std::array::from_fn(|i| colour[i] + shadows[i] * dark * dark + lights[i] * light * light)
}

/// Where on the wheel of six a color is.
fn hue(colour: Colour) -> f32 {
    let ([red, green, blue], spread, most) = (colour, spread(colour), largest(colour));
    if spread <= 0.0 {
        return 0.0;
    }
    let place = if most <= red {
        (green - blue) / spread
    } else if most <= green {
        2.0 + (blue - red) / spread
    } else {
        4.0 + (red - green) / spread
    };
    if place < 0.0 { place + 6.0 } else { place }
}

/// How far apart two hues are on the wheel of six.
fn apart(one: f32, other: f32) -> f32 {
    let around = (one - other).abs();
    around.min(6.0 - around)
}

/// The colour at another place of the wheel, equally bright.
fn turned(colour: Colour, by: f32) -> Colour {
    let spread = spread(colour);
    if spread <= 0.0 || by == 0.0 {
        return colour;
    }
    let place = hue(colour) + by + 6.0;
    let channel = |offset: f32| {
        let along = (place + offset) % 6.0;
        ((along - 3.0).abs() - 1.0).clamp(0.0, 1.0) * spread
    };
    let pure = [channel(0.0), channel(4.0), channel(2.0)];
    let more = dot(LIGHT, colour) - dot(LIGHT, pure);
    pure.map(|value| value + more)
}

/// A smooth curve that rises with its points and never overshoots (Fritsch and Carlson's monotone cubic).
struct Curve {
    points: &'static [(f32, f32)],
    slopes: Vec<f32>,
}

impl Curve {
    fn through(points: &'static [(f32, f32)]) -> Curve {
        let rise = |pair: &[(f32, f32)]| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0);
        let rises: Vec<f32> = points.windows(2).map(rise).collect();
        let (first, last) = (rises.first().copied().unwrap_or(1.0), rises.last().copied().unwrap_or(1.0));
        let inner = rises
            .windows(2)
            .map(|pair| if pair[0] * pair[1] <= 0.0 { 0.0 } else { 2.0 * pair[0] * pair[1] / (pair[0] + pair[1]) });
        Curve { points, slopes: std::iter::once(first).chain(inner).chain([last]).collect() }
    }

    fn at(&self, x: f32) -> f32 {
        let (first, last) = (self.points[0], self.points[self.points.len() - 1]);
        if x <= first.0 || x >= last.0 {
            return if x <= first.0 { first.1 } else { last.1 };
        }
        let next = self.points.iter().position(|point| x < point.0).unwrap_or(self.points.len() - 1);
        let ((x0, y0), (x1, y1)) = (self.points[next - 1], self.points[next]);
        let (width, t) = (x1 - x0, (x - x0) / (x1 - x0));
        let (square, cube) = (t * t, t * t * t);
        y0 * (2.0 * cube - 3.0 * square + 1.0)
            + width * self.slopes[next - 1] * (cube - 2.0 * square + t)
            + y1 * (3.0 * square - 2.0 * cube)
            + width * self.slopes[next] * (cube - square)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_steps_change_nothing() {
        let colours = table(&[]);
        assert_eq!((colours[0], colours[63], colours[64 * 64 * 64 - 1]), ([0; 3], [255, 0, 0], [255; 3]));
        assert_eq!(colours[1 + 2 * 64 + 3 * 4096], [4, 8, 12]);
    }

    #[test]
    fn a_curve_goes_through_its_points_and_rises() {
        let points: &[(f32, f32)] = &[(0.0, 0.1), (0.2, 0.12), (0.5, 0.6), (0.9, 0.95), (1.0, 0.95)];
        let curve = Curve::through(points);
        for (x, y) in points {
            assert!((curve.at(*x) - y).abs() < 1e-5, "{x}");
        }
        let steps: Vec<f32> = (0..=1000_u16).map(|x| curve.at(f32::from(x) / 1000.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[1] >= pair[0] - 1e-6));
    }

    #[test]
    fn a_hue_is_turned_and_keeps_its_light() {
        for (colour, by, expected) in [
            ([0.8, 0.2, 0.2], 2.0, 2.0),
            ([0.2, 0.8, 0.2], 2.0, 4.0),
            ([0.2, 0.2, 0.8], -1.0, 3.0),
            ([0.7, 0.5, 0.3], 0.4, 0.9),
            ([0.8, 0.2, 0.2], -0.5, 5.5),
        ] {
            let after = turned(colour, by);
            assert!(apart(hue(after), expected) < 1e-3, "{colour:?} became {after:?} at {}", hue(after));
            assert!((dot(LIGHT, after) - dot(LIGHT, colour)).abs() < 1e-5);
            assert!((spread(after) - spread(colour)).abs() < 1e-5);
        }
        assert!(spread(turned([0.5; 3], 1.0)) < 1e-6, "grey has no hue");
    }
}
