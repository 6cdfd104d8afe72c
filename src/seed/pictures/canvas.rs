//! What scenes are painted on: a sheet of light, developed into a picture with a little grain at the end.

use super::light::{Light, level, smooth};
use super::noise;

/// A sheet of light. Places are told in heights: `y` goes from 0 at the top to 1 at the bottom, `x` from 0 at the left
/// to [`Canvas::aspect`] at the right, whatever the pixels.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Light>,
}

/// One of several things in front of each other, such as hills.
pub(super) struct Layer {
    /// Where it begins, for each column.
    pub edge: Vec<f32>,
    /// Where its ground begins; trees rise above it.
    pub ground: Vec<f32>,
    /// Where something nearer hides it.
    pub foot: Vec<f32>,
}

impl Layer {
    /// A layer of which nothing is hidden yet.
    pub fn new(edge: Vec<f32>, ground: Vec<f32>) -> Layer {
        let foot = vec![2.0; edge.len()];
        Layer { edge, ground, foot }
    }

    /// Finds out what is hidden of layers in rising nearness, so that nobody paints it.
    pub fn hide(layers: &mut [Layer]) {
        let mut front: Option<Vec<f32>> = None;
        for layer in layers.iter_mut().rev() {
            if let Some(front) = &front {
                layer.foot.clone_from(front);
            }
            let higher = layer.foot.iter().zip(&layer.edge).map(|(foot, edge)| foot.min(*edge));
            front = Some(higher.collect());
        }
    }
}

/// Steps in the table from light to levels: fine enough that the darkest differ by less than a level.
const LEVELS: usize = 4096;

impl Canvas {
    /// An unlit sheet.
    pub fn new(width: u32, height: u32) -> Canvas {
        let (width, height) = (width as usize, height as usize);
        Canvas { width, height, pixels: vec![Light::BLACK; width * height] }
    }

    /// Width in heights.
    pub fn aspect(&self) -> f32 {
        count(self.width) * self.pixel()
    }

    /// One pixel in heights: what edges are softened over.
    pub fn pixel(&self) -> f32 {
        1.0 / count(self.height)
    }

    /// Paints all of the sheet: what is there, and where, gives what will be there.
    pub fn paint(&mut self, brush: impl Fn(Light, f32, f32) -> Light) {
        self.paint_within(0.0, 1.0, brush);
    }

    /// Paints the rows from `top` to `bottom`.
    pub fn paint_within(&mut self, top: f32, bottom: f32, brush: impl Fn(Light, f32, f32) -> Light) {
        let (unit, rows) = (self.pixel(), self.rows(top, bottom));
        for row in rows {
            let y = (count(row) + 0.5) * unit;
            let line = &mut self.pixels[row * self.width..(row + 1) * self.width];
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = brush(*pixel, (count(column) + 0.5) * unit, y);
            }
        }
    }

    /// Paints a small part around a place, as far as `reach`; the brush is told how far it is from the place.
    pub fn dab(&mut self, (x, y): (f32, f32), reach: f32, brush: impl Fn(Light, f32, f32) -> Light) {
        let (unit, rows) = (self.pixel(), self.rows(y - reach, y + reach));
        let columns = steps((x - reach) / unit, self.width)..steps((x + reach) / unit + 1.0, self.width);
        for row in rows {
            let down = (count(row) + 0.5) * unit - y;
            for column in columns.clone() {
                let right = (count(column) + 0.5) * unit - x;
                let pixel = &mut self.pixels[row * self.width + column];
                *pixel = brush(*pixel, right, down);
            }
        }
    }

    /// Paints the rectangle from `left` to `right` and `top` to `bottom`, as far as it lies on the sheet.
    pub fn block(&mut self, [left, right, top, bottom]: [f32; 4], brush: impl Fn(Light, f32, f32) -> Light) {
        let (unit, rows) = (self.pixel(), self.rows(top, bottom));
        let columns = steps(left / unit, self.width)..steps(right / unit + 1.0, self.width);
        for row in rows {
            let y = (count(row) + 0.5) * unit;
            for column in columns.clone() {
                let pixel = &mut self.pixels[row * self.width + column];
                *pixel = brush(*pixel, (count(column) + 0.5) * unit, y);
            }
        }
    }

    /// Paints what lies below a waterline. The brush may look at what stands above it.
    pub fn reflect(&mut self, waterline: f32, brush: impl Fn(&dyn Fn(f32, f32) -> Light, f32, f32) -> Light) {
        let (unit, width, first) = (self.pixel(), self.width, steps(waterline / self.pixel(), self.height).max(1));
        let (above, below) = self.pixels.split_at_mut(first * width);
        let look = |x: f32, y: f32| {
            let row = steps(y / unit, first - 1);
            above[row * width + steps(x / unit, width - 1)]
        };
        for (row, line) in below.chunks_exact_mut(width).enumerate() {
            let y = (count(first + row) + 0.5) * unit;
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = brush(&look, (count(column) + 0.5) * unit, y);
            }
        }
    }

    /// Lets what is brighter than `from` shine over its neighbourhood, as it does in a lens.
    pub fn bloom(&mut self, from: f32, strength: f32) {
        const CELL: usize = 8;
        let columns = self.width.div_ceil(CELL) + 1;
        let mut glare = vec![Light::BLACK; columns * (self.height.div_ceil(CELL) + 1)];
        for (row, line) in self.pixels.chunks_exact(self.width).enumerate() {
            for (column, pixel) in line.iter().enumerate() {
                let over = (pixel.brightness() - from).max(0.0);
                let cell = &mut glare[row / CELL * columns + column / CELL];
                *cell = *cell + *pixel * (over / count(CELL * CELL));
            }
        }
        let glare = [1, columns, 1, columns, 1, columns].iter().fold(glare, |glare, step| spread(&glare, *step));
        let cell = self.pixel() * count(CELL);
        let part = |which: fn(&Light) -> f32| Field::of(1.0 / cell, columns, glare.iter().map(which).collect());
        let (red, green, blue) = (part(|it| it.red), part(|it| it.green), part(|it| it.blue));
        self.paint(|under, x, y| {
            let (x, y) = (x - cell / 2.0, y - cell / 2.0);
            under + Light { red: red.at(x, y), green: green.at(x, y), blue: blue.at(x, y) } * strength
        });
    }

    /// A height for each column, such as the outline of a hill.
    pub fn outline(&self, height: impl Fn(f32) -> f32) -> Vec<f32> {
        let unit = self.pixel();
        (0..self.width).map(|column| height((count(column) + 0.5) * unit)).collect()
    }

    /// Paints what lies below an outline. The brush is told where, and how far below the outline.
    pub fn paint_below(&mut self, outline: &[f32], brush: impl Fn(Light, f32, f32, f32) -> Light) {
        let layer = Layer::new(outline.to_vec(), outline.to_vec());
        self.paint_layer(&layer, brush);
    }

    /// Paints what is seen of a layer. The brush is told where, and how far below the ground it is: less than nothing
    /// in the trees.
    pub fn paint_layer(&mut self, layer: &Layer, brush: impl Fn(Light, f32, f32, f32) -> Light) {
        let unit = self.pixel();
        let top = layer.edge.iter().copied().fold(1.0, f32::min);
        let bottom = layer.foot.iter().copied().fold(0.0, f32::max);
        for row in self.rows(top - unit, bottom + unit) {
            let y = (count(row) + 0.5) * unit;
            let line = &mut self.pixels[row * self.width..(row + 1) * self.width];
            for (column, pixel) in line.iter_mut().enumerate() {
                let cover = ((y - layer.edge[column]) / unit + 0.5).min(1.0);
                if cover > 0.0 && y < layer.foot[column] + unit {
                    let x = (count(column) + 0.5) * unit;
                    *pixel = pixel.toward(brush(*pixel, x, y, y - layer.ground[column]), cover);
                }
            }
        }
    }

    fn rows(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        let rows = count(self.height);
        steps(top * rows, self.height)..steps(bottom * rows + 1.0, self.height)
    }

    /// Develops the sheet: glare rolls off instead of clipping, corners darken, and grain hides the steps between
    /// levels. Gives red, green and blue, row after row from the top.
    pub fn develop(&self, grain: f32, seed: u32) -> Vec<u8> {
        let table: Vec<f32> = (0..=LEVELS).map(|step| 255.0 * level(count(step) / count(LEVELS)) + 0.5).collect();
        let (unit, middle) = (self.pixel(), self.aspect() / 2.0);
        let reach = 1.0 / (middle * middle + 0.25);
        let mut picture = vec![0; self.pixels.len() * 3];
        let rows = self.pixels.chunks_exact(self.width).zip(picture.chunks_exact_mut(3 * self.width));
        for (row, (line, levels)) in rows.enumerate() {
            let down = (count(row) * unit - 0.5).powi(2);
            for (column, (pixel, levels)) in line.iter().zip(levels.as_chunks_mut::<3>().0).enumerate() {
                let away = (count(column) * unit - middle).powi(2) + down;
                let light = *pixel * (1.0 - 0.3 * smooth(0.3, 1.2, away * reach));
                let grain = grain * speck(row, column, seed);
                let shown = |light: f32| to_byte(table[steps(rolled_off(light) * count(LEVELS), LEVELS)] + grain);
                *levels = [shown(light.red), shown(light.green), shown(light.blue)];
            }
        }
        picture
    }
}

/// Each value mixed with its neighbours on both sides, `step` places away.
fn spread(values: &[Light], step: usize) -> Vec<Light> {
    let near = |at: usize| values.get(at).copied().unwrap_or(Light::BLACK);
    let mixed = |at: usize| near(at) * 0.4 + (near(at.wrapping_sub(step)) + near(at + step)) * 0.3;
    (0..values.len()).map(mixed).collect()
}

/// Soft values for all of a sheet, computed at some places and blended between them: for what costs much and changes
/// little from pixel to pixel, such as clouds.
pub(super) struct Field {
    /// Places of the grid for each height.
    scale: f32,
    width: usize,
    values: Vec<f32>,
    /// The last place, as far as there are neighbours.
    end: (f32, f32),
}

impl Field {
    /// Computes a value at each corner of a grid with `rows` rows over the height.
    pub fn new(canvas: &Canvas, rows: u16, value: impl Fn(f32, f32) -> f32) -> Field {
        let scale = f32::from(rows);
        let width = steps(canvas.aspect() * scale, usize::from(u16::MAX)) + 2;
        let rows = 0..usize::from(rows) + 2;
        let places = rows.flat_map(|row| (0..width).map(move |column| (count(column) / scale, count(row) / scale)));
        Field::of(scale, width, places.map(|(x, y)| value(x, y)).collect())
    }

    fn of(scale: f32, width: usize, values: Vec<f32>) -> Field {
        let last = |places: usize| count(places - 1) - 0.001;
        let end = (last(width), last(values.len() / width));
        Field { scale, width, values, end }
    }

    /// The value at a place on the sheet; outside, that of the nearest edge.
    #[inline]
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (column, right) = noise::split((x * self.scale).clamp(0.0, self.end.0));
        let (row, down) = noise::split((y * self.scale).clamp(0.0, self.end.1));
        let corner = index(row) * self.width + index(column);
        let (above, below) =
            (&self.values[corner..corner + 2], &self.values[corner + self.width..corner + self.width + 2]);
        let above = above[0] + (above[1] - above[0]) * right;
        let below = below[0] + (below[1] - below[0]) * right;
        above + (below - above) * down
    }
}

#[inline]
fn index(place: i32) -> usize {
    usize::try_from(place).unwrap_or_default()
}

/// Light up to 0.7 as it is; what is brighter comes ever closer to 1.
#[inline]
fn rolled_off(light: f32) -> f32 {
    const KNEE: f32 = 0.7;
    let over = light - KNEE;
    if over <= 0.0 { light } else { KNEE + (1.0 - KNEE) * over / (over + 1.0 - KNEE) }
}

/// Grain from -1 to 1, mostly small: the difference of two chances.
#[inline]
fn speck(row: usize, column: usize, seed: u32) -> f32 {
    let place = |number: usize| i32::try_from(number).unwrap_or_default();
    let bits = noise::mix(place(column), place(row), seed);
    let [.., upper, lower] = bits.to_be_bytes();
    (f32::from(upper) - f32::from(lower)) / 255.0
}

/// A number of pixels as a length.
#[expect(clippy::cast_precision_loss, reason = "pictures have fewer than 2^24 rows or columns")]
#[inline]
fn count(pixels: usize) -> f32 {
    pixels as f32
}

/// A length as a number of whole pixels, at most `most`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
#[inline]
fn steps(length: f32, most: usize) -> usize {
    (length.clamp(0.0, count(most)) as usize).min(most)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
#[inline]
fn to_byte(level: f32) -> u8 {
    level.clamp(0.0, 255.0) as u8
}
