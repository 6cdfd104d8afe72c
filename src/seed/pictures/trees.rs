//! Firs: one by one near by, as a jagged line far away.

use super::canvas::Canvas;
use super::light::{Light, smooth};
use super::noise::{at, line, split};

/// How far a wood rises above its ground: `spacing` is the distance of its trees, all in heights of the picture.
pub(super) fn wood(x: f32, spacing: f32, tall: f32, seed: u32) -> f32 {
    let (tree, across) = split(x / spacing);
    let lean = 0.35 + 0.3 * at(tree, 2, seed);
    let side = if across < lean { across / lean } else { (1.0 - across) / (1.0 - lean) };
    let (_, branch) = split(side * 5.0);
    tall * (0.35 + 0.65 * at(tree, 0, seed)) * (side * 0.86 + 0.12 * branch)
}

/// One fir, its boughs drooping, with `snow` on them where they face up.
pub(super) fn fir(canvas: &mut Canvas, (x, foot): (f32, f32), tall: f32, [dark, snow]: [Light; 2], seed: u32) {
    let (wide, pixel) = (tall * 0.21, canvas.pixel());
    canvas.block([x - wide * 1.3, x + wide * 1.3, foot - tall, foot], |under, at_x, y| {
        let (right, up) = ((at_x - x) / wide, ((foot - y) / tall).min(1.0));
        // A bough hangs: its outer end belongs to a lower storey than its root.
        let storey = (1.0 - up) * 13.0 - right.abs() * 1.6 + 0.5 * line(right * 3.0 + up * 9.0, seed);
        let (number, along) = split(storey);
        let uneven = 0.80 + 0.35 * at(number, i32::from(right > 0.0), seed);
        let reach = (1.0 - up).powf(0.85) * (0.35 + 0.65 * along) * uneven;
        let needles = 0.07 * line(right * 40.0, seed + 1) + 0.05 * line(up * 150.0, seed + 2);
        let needles = needles * smooth(1.0, 0.95, up);
        let trunk = 0.05 * (1.0 - up);
        let inside = (reach + needles - right.abs()).max(trunk - right.abs()) * wide / pixel;
        let dusted = smooth(0.55, 0.1, along) * smooth(0.02, 0.2, reach - right.abs());
        under.toward(dark.toward(snow, 0.5 * dusted), smooth(-0.6, 0.6, inside))
    });
}
