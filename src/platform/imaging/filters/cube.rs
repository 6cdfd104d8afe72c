//! Reads the color tables of others: `.cube` files as editors of photos and films write them, and Hald PNGs.

use super::super::lut::LEVELS;
use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder, Limits};
use std::io::Cursor;

/// Bytes in a file: what a `.cube` of 128 levels takes, and a Hald PNG of 256.
pub const MOST_BYTES: u64 = 96 << 20;

/// Levels of a `.cube` (the format allows 256, which nobody uses and which takes half a gigabyte as text).
const MOST_LEVELS: usize = 128;

/// Entries of the curves of a `.cube`, as the format has it.
const MOST_ENTRIES: usize = 65_536;

/// What the sides of a Hald PNG can be, as their cube roots: 4 levels to 256.
const HALD: std::ops::RangeInclusive<u32> = 2..=16;

/// A color as it is stored, from 0 to 1 each.
type Color = [f32; 3];

/// A table of any size: curves, then a cube of colors, or one of both.
#[derive(Clone, Debug)]
pub struct Cube {
    /// What it calls itself.
    pub title: Option<String>,
    /// Where the input begins and ends.
    domain: [Color; 2],
    curves: Vec<Color>,
    levels: usize,
    colors: Vec<Color>,
}

impl Cube {
    /// The same table with 64 levels, in 8 bits.
    #[must_use]
    pub fn colours(&self) -> Vec<[u8; 3]> {
        let level = |at: usize| fraction(at, LEVELS);
        let at = |number: usize| [number, number / LEVELS, number / LEVELS / LEVELS].map(|part| level(part % LEVELS));
        (0..LEVELS * LEVELS * LEVELS).map(|number| self.look_up(at(number)).map(byte)).collect()
    }

    fn look_up(&self, color: Color) -> Color {
        let [low, high] = self.domain;
        let within: Color = std::array::from_fn(|i| ((color[i] - low[i]) / (high[i] - low[i])).clamp(0.0, 1.0));
        let curved = if self.curves.is_empty() {
            within
        } else {
            std::array::from_fn(|i| {
                let (cell, far) = cell(within[i], self.curves.len());
                mix(self.curves[cell][i], self.curves[cell + 1][i], far)
            })
        };
        if self.colors.is_empty() { curved } else { self.inside(curved.map(|value| value.clamp(0.0, 1.0))) }
    }

    /// Between the eight colors around it.
    fn inside(&self, color: Color) -> Color {
        let [(red, r), (green, g), (blue, b)] = color.map(|value| cell(value, self.levels));
        let at = |red, green, blue| self.colors[red + self.levels * (green + self.levels * blue)];
        let along = |green, blue| blend(at(red, green, blue), at(red + 1, green, blue), r);
        let across = |blue| blend(along(green, blue), along(green + 1, blue), g);
        blend(across(blue), across(blue + 1), b)
    }
}

/// The step of `count` a value from 0 to 1 falls into, and how far.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,534")]
#[expect(clippy::cast_precision_loss, reason = "65,535 at most")]
fn cell(value: f32, count: usize) -> (usize, f32) {
    let at = value * (count - 1) as f32;
    let cell = (at as usize).min(count - 2);
    (cell, at - cell as f32)
}

#[expect(clippy::cast_precision_loss, reason = "65,535 at most")]
fn fraction(at: usize, count: usize) -> f32 {
    at as f32 / (count - 1) as f32
}

fn mix(one: f32, other: f32, far: f32) -> f32 {
    one + (other - one) * far
}

fn blend(one: Color, other: Color, far: f32) -> Color {
    std::array::from_fn(|i| mix(one[i], other[i], far))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte just before")]
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// Reads a Hald PNG of any level.
///
/// # Errors
/// Says what is wrong with it.
pub fn read_hald(file: &[u8]) -> Result<Cube, String> {
    let wrong = |error: image::ImageError| format!("it is not a sound PNG: {error}");
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(file), limits).map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    let level = HALD.clone().find(|level| level.pow(3) == width && width == height);
    let Some(level) = level else {
        return Err(format!("{width} × {height} pixels are no Hald table: 512 × 512 are, and 64 × 64 to 4096 × 4096"));
    };
    let (bytes, wide) = match decoder.color_type() {
        ColorType::Rgb8 => (3, false),
        ColorType::Rgba8 => (4, false),
        ColorType::Rgb16 => (6, true),
        ColorType::Rgba16 => (8, true),
        other => return Err(format!("its colors are {other:?}; red, green and blue are needed")),
    };
    let mut data = vec![0; width as usize * height as usize * bytes];
    if data.len() as u64 != decoder.total_bytes() {
        return Err("it is not a sound PNG".into());
    }
    decoder.read_image(&mut data).map_err(wrong)?;
    let sample = |pixel: &[u8], i: usize| match wide {
        true => f32::from(u16::from_ne_bytes([pixel[2 * i], pixel[2 * i + 1]])) / 65_535.0,
        false => f32::from(pixel[i]) / 255.0,
    };
    let colors = data.chunks_exact(bytes).map(|pixel| [0, 1, 2].map(|i| sample(pixel, i))).collect();
    let domain = [[0.0; 3], [1.0; 3]];
    Ok(Cube { title: None, domain, curves: vec![], levels: (level * level) as usize, colors })
}

/// Reads a `.cube`: curves (1D), a cube (3D), or curves before a cube.
///
/// # Errors
/// Says what is wrong with it, and in which line.
pub fn read_cube(text: &str) -> Result<Cube, String> {
    let mut reading = Reading::default();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        reading.line(line.trim()).map_err(|wrong| format!("line {number}: {wrong}"))?;
    }
    reading.finish()
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    title: Option<String>,
    domain: [Option<Color>; 2],
    curves: Option<usize>,
    levels: Option<usize>,
    rows: Vec<Color>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "" => Ok(()),
            _ if word.starts_with('#') => Ok(()),
            "TITLE" => {
                self.title = Some(rest.trim().trim_matches('"').trim().to_owned()).filter(|title| !title.is_empty());
                Ok(())
            }
            "DOMAIN_MIN" => set(&mut self.domain[0], numbers(rest)?, word),
            "DOMAIN_MAX" => set(&mut self.domain[1], numbers(rest)?, word),
            "LUT_1D_SIZE" => set(&mut self.curves, size(rest, MOST_ENTRIES)?, word),
            "LUT_3D_SIZE" => set(&mut self.levels, size(rest, MOST_LEVELS)?, word),
            "LUT_1D_INPUT_RANGE" | "LUT_3D_INPUT_RANGE" => self.range(rest),
            _ if word.starts_with(|c: char| c.is_ascii_alphabetic()) => Err(format!("`{word}` is not known")),
            _ => self.row(line),
        }
    }

    /// The same ends for all three channels.
    fn range(&mut self, rest: &str) -> Result<(), String> {
        let [low, high] = numbers(rest)?;
        self.domain = [Some([low; 3]), Some([high; 3])];
        Ok(())
    }

    fn row(&mut self, line: &str) -> Result<(), String> {
        let most = self.wanted().ok_or("colors before `LUT_1D_SIZE` or `LUT_3D_SIZE`")?;
        if self.rows.len() == most {
            return Err(format!("more than {most} colors"));
        }
        self.rows.push(numbers(line)?);
        Ok(())
    }

    /// How many colors are to come; `None` before a size was read.
    fn wanted(&self) -> Option<usize> {
        let cube = self.levels.map(|levels| levels * levels * levels);
        (self.curves.is_some() || cube.is_some()).then(|| self.curves.unwrap_or(0) + cube.unwrap_or(0))
    }

    fn finish(mut self) -> Result<Cube, String> {
        let wanted = self.wanted().ok_or("neither `LUT_1D_SIZE` nor `LUT_3D_SIZE` is there")?;
        if self.rows.len() != wanted {
            return Err(format!("{} colors; {wanted} are announced", self.rows.len()));
        }
        let domain = [self.domain[0].unwrap_or([0.0; 3]), self.domain[1].unwrap_or([1.0; 3])];
        if domain[0].iter().zip(domain[1]).any(|(low, high)| *low >= high) {
            return Err("the domain ends before it begins".into());
        }
        let colors = self.rows.split_off(self.curves.unwrap_or(0));
        Ok(Cube { title: self.title, domain, curves: self.rows, levels: self.levels.unwrap_or(0), colors })
    }
}

fn set<T>(place: &mut Option<T>, value: T, word: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{word}` a second time")),
    }
}

fn size(text: &str, most: usize) -> Result<usize, String> {
    let size: Option<usize> = text.trim().parse().ok();
    let size = size.filter(|size| (2..=most).contains(size));
    size.ok_or_else(|| format!("`{}` is not a size from 2 to {most}", shortened(text)))
}

fn numbers<const N: usize>(text: &str) -> Result<[f32; N], String> {
    let mut words = text.split_whitespace();
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        let parsed = words.next().and_then(|word| word.parse::<f32>().ok()).filter(|number| number.is_finite());
        *number = parsed.ok_or_else(|| format!("`{}` is not {N} numbers", shortened(text)))?;
    }
    match words.next() {
        None => Ok(numbers),
        Some(_) => Err(format!("`{}` is more than {N} numbers", shortened(text))),
    }
}

/// No more of a line than fits into a message.
fn shortened(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn identity(levels: usize) -> String {
        let mut text = format!("TITLE \"Nothing\"\n# a comment\n\nLUT_3D_SIZE {levels}\n");
        for at in 0..levels * levels * levels {
            let part = |number: usize| fraction(number % levels, levels);
            let (r, g, b) = (part(at), part(at / levels), part(at / levels / levels));
            let _ = writeln!(text, "{r} {g} {b}");
        }
        text
    }

    fn nothing() -> Vec<[u8; 3]> {
        super::super::recipe::table(&[])
    }

    fn colours(text: &str) -> Vec<[u8; 3]> {
        read_cube(text).unwrap_or_else(|wrong| panic!("{wrong}: {}", &text[..text.len().min(200)])).colours()
    }

    #[test]
    fn a_table_of_any_size_that_changes_nothing_changes_nothing() {
        for levels in [2, 3, 17, 33, 64, 65] {
            let text = identity(levels);
            assert_eq!(read_cube(&text).unwrap().title.as_deref(), Some("Nothing"));
            assert!(colours(&text) == nothing(), "{levels} levels");
            assert!(
                colours(&text.replace('\n', "\r\n")) == nothing(),
                "{levels} levels, with the ends of another system"
            );
        }
    }

    #[test]
    fn curves_and_domains_count() {
        let half = "LUT_1D_SIZE 2\n0 0 0\n1 0.5 0\n";
        assert_eq!(colours(half)[64 * 64 * 64 - 1], [255, 128, 0]);
        let wide = "LUT_1D_SIZE 2\nDOMAIN_MIN -1 0 0\nDOMAIN_MAX 1 2 1\n0 0 0\n1 1 1\n";
        assert_eq!((colours(wide)[0], colours(wide)[64 * 64 * 64 - 1]), ([128, 0, 0], [255, 128, 255]));
        let range = "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0.0 2.0\n0 0 0\n1 1 1\n";
        assert_eq!(colours(range)[64 * 64 * 64 - 1], [128; 3]);
        let cube = identity(2).replace("LUT_3D_SIZE 2\n", "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n1 1 1\n0 0 0\n");
        assert_eq!((colours(&cube)[0], colours(&cube)[63]), ([255; 3], [0, 255, 255]), "curves come before the cube");
        assert_eq!(
            colours("LUT_1D_SIZE 2\n-3 0 0\n9 1 1e0\n")[64 * 64 * 64 - 1],
            [255; 3],
            "what is too much is cut off"
        );
    }

    #[test]
    fn a_bad_table_says_what_is_wrong_and_where() {
        let cases = [
            ("", "neither"),
            ("# only words", "neither"),
            ("LUT_3D_SIZE 1\n", "line 1: `1` is not a size"),
            ("LUT_3D_SIZE 400\n", "line 1: `400` is not a size"),
            ("LUT_3D_SIZE two\n", "line 1: `two` is not a size"),
            ("\n\n0 0 0\n", "line 3: colors before"),
            ("LUT_1D_SIZE 2\n0 0\n", "line 2: `0 0` is not 3 numbers"),
            ("LUT_1D_SIZE 2\n0 0 zero\n", "line 2: `0 0 zero` is not 3 numbers"),
            ("LUT_1D_SIZE 2\n0 0 NaN\n", "line 2: `0 0 NaN` is not"),
            ("LUT_1D_SIZE 2\n0 0 0 0\n", "line 2: `0 0 0 0` is more than 3"),
            ("LUT_1D_SIZE 2\n0 0 0\n", "1 colors; 2 are announced"),
            ("LUT_1D_SIZE 2\n0 0 0\n0 0 0\n0 0 0\n", "line 4: more than 2"),
            ("LUT_1D_SIZE 2\nLUT_1D_SIZE 2\n", "line 2: `LUT_1D_SIZE` a second time"),
            ("LUT_1D_SIZE 2\nLUT_4D 2\n", "line 2: `LUT_4D` is not known"),
            ("LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 1 1\n0 0 0\n1 1 1\n", "the domain ends"),
        ];
        for (text, expected) in cases {
            let wrong = read_cube(text).unwrap_err();
            assert!(wrong.contains(expected), "{text:?}: {wrong}");
        }
    }

    fn png(side: u32, color: image::ExtendedColorType, pixel: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
        use image::ImageEncoder;
        let mut file = Vec::new();
        let data: Vec<u8> = (0..side * side).flat_map(pixel).collect();
        image::codecs::png::PngEncoder::new(&mut file).write_image(&data, side, side, color).unwrap();
        file
    }

    #[test]
    fn a_hald_table_of_any_level_is_read() {
        for (level, side) in [(2, 8), (4, 64), (8, 512), (9, 729)] {
            let levels: u32 = level * level;
            let part = |number: u32| number % levels * 65_535 / (levels - 1);
            let parts = |at: u32| [part(at), part(at / levels), part(at / levels / levels)];
            let wide = png(side, image::ExtendedColorType::Rgb16, |at| {
                parts(at).iter().flat_map(|part| u16::try_from(*part).unwrap().to_ne_bytes()).collect()
            });
            assert!(read_hald(&wide).unwrap().colours() == nothing(), "level {level}, 16 bits");
        }
    }

    #[test]
    fn a_bad_hald_table_is_told() {
        let grey = png(64, image::ExtendedColorType::L8, |_| vec![0]);
        let odd = png(65, image::ExtendedColorType::Rgb8, |_| vec![0; 3]);
        for (file, expected) in
            [(&grey[..], "L8"), (&odd, "65 × 65"), (b"GIF89a", "not a sound PNG"), (&odd[..99], "65")]
        {
            let wrong = read_hald(file).unwrap_err();
            assert!(wrong.contains(expected), "{wrong}");
        }
        let whole = png(64, image::ExtendedColorType::Rgb8, |at| vec![u8::try_from(at % 251).unwrap(); 3]);
        for cut in (0..whole.len()).step_by(97) {
            assert!(read_hald(&whole[..cut]).is_err(), "{cut}");
        }
    }
}
