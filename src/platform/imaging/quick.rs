//! Decodes the JPEGs of cameras, shrunk on the way: the frequencies that a smaller picture cannot show are never turned into
//! pixels.
//!
//! It reads what cameras and phones write: one scan, Huffman coding, grey or brightness with two colour differences at the
//! same or half the resolution (ITU-T T.81, annex F). All else is left to a decoder that knows everything.
//! A picture that ends too early, or before its end, is damaged.

use super::bits::Bits;
use super::deadline::Deadline;
use super::frame::{Colour as Stored, Component, Frame};
use super::huffman::Table;
use super::idct::{PLACES, Shrink};
use super::pixels::{Colour, Pixels};
use super::segments::{SCAN, Segment, Segments};
use super::{Rejection, bytes::be16};

/// Frequencies in a block.
const BLOCK: usize = 64;

/// What is told before the scan: tables, frame, how often it restarts.
#[derive(Default)]
struct Tables {
    steps: [Option<[f32; BLOCK]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart: usize,
}

/// One plane on its way: its tables, the last brightness, and a row of blocks as pixels.
struct Plane<'a> {
    steps: &'a [f32; BLOCK],
    dc: &'a Table,
    ac: &'a Table,
    across: usize,
    down: usize,
    last: i32,
    stride: usize,
    pixels: Vec<u8>,
}

/// Decodes a picture to at least some size; `None` when it is not of the common kind.
pub(super) fn decode(
    file: &[u8],
    stored: Stored,
    ((width, height), deadline): ((u16, u16), Deadline),
) -> Result<Option<Pixels>, Rejection> {
    let colour = match stored {
        Stored::Grey => Colour::Grey,
        Stored::YCbCr => Colour::YCbCr,
        Stored::Rgb | Stored::Cmyk | Stored::Ycck => return Ok(None),
    };
    let (mut segments, mut tables, mut frame) = (Segments::of(file), Tables::default(), None);
    while let Some(segment) = segments.read()? {
        tables.take(&segment)?;
        frame = frame.or(Frame::read(&segment)?);
        if segment.marker != SCAN {
            continue;
        }
        let Some(frame) = frame.filter(Frame::is_common) else { return Ok(None) };
        let Some(planes) = planes(&frame, &tables, segment.payload)? else { return Ok(None) };
        let shrink = Shrink::to((frame.width, frame.height), (width, height));
        let picture = Scan { frame: &frame, colour, shrink, restart: tables.restart, deadline };
        return picture.decode(planes, segment.coded).map(Some);
    }
    Err(Rejection::Damaged)
}

impl Tables {
    fn take(&mut self, segment: &Segment) -> Result<(), Rejection> {
        match segment.marker {
            0xDB => self.take_steps(segment.payload),
            0xC4 => self.take_codes(segment.payload),
            0xDD => {
                self.restart = be16(segment.payload, 0)?.into();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Tables of 64 steps, of one byte or two each, in the order of the coding (B.2.4.1).
    fn take_steps(&mut self, mut rest: &[u8]) -> Result<(), Rejection> {
        while let Some((head, after)) = rest.split_first() {
            let size = if head >> 4 == 0 { 1 } else { 2 };
            let (data, after) = after.split_at_checked(BLOCK * size).ok_or(Rejection::Damaged)?;
            let mut steps = [0.0; BLOCK];
            for (step, bytes) in steps.iter_mut().zip(data.chunks_exact(size)) {
                *step = f32::from(bytes.iter().fold(0, |sum: u16, byte| sum << 8 | u16::from(*byte)));
            }
            *self.steps.get_mut(usize::from(head & 15)).ok_or(Rejection::Damaged)? = Some(steps);
            rest = after;
        }
        Ok(())
    }

    /// Tables of codes: how many there are of each length, and what they stand for (B.2.4.2).
    fn take_codes(&mut self, mut rest: &[u8]) -> Result<(), Rejection> {
        while let Some((head, after)) = rest.split_first() {
            let (table, after) = Table::read(after)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(head & 15)).ok_or(Rejection::Damaged)? = Some(table);
            rest = after;
        }
        Ok(())
    }
}

impl Frame {
    /// Whether it is not progressive, and no plane but the first has more samples than one for a unit.
    fn is_common(&self) -> bool {
        let is_single = |it: &Component| it.across == 1 && it.down == 1;
        let is_small = |it: &Component| it.across <= 2 && it.down <= 2;
        match self.components.as_slice() {
            [grey] => !self.progressive && is_single(grey),
            [luma, blue, red] => !self.progressive && is_small(luma) && is_single(blue) && is_single(red),
            _ => false,
        }
    }
}

/// The planes of a scan (B.2.3); `None` when it does not bring all of them, in their order.
fn planes<'a>(frame: &Frame, tables: &'a Tables, scan: &[u8]) -> Result<Option<Vec<Plane<'a>>>, Rejection> {
    let count = frame.components.len();
    let Some((head, named)) = scan.split_first() else { return Err(Rejection::Damaged) };
    if usize::from(*head) != count || named.len() < 2 * count {
        return Ok(None);
    }
    let mut planes = Vec::new();
    for (component, names) in frame.components.iter().zip(named.as_chunks::<2>().0) {
        if component.id != names[0] {
            return Ok(None);
        }
        planes.push(Plane::new(component, tables, names[1]).ok_or(Rejection::Damaged)?);
    }
    Ok(Some(planes))
}

impl<'a> Plane<'a> {
    fn new(component: &Component, tables: &'a Tables, names: u8) -> Option<Self> {
        Some(Plane {
            steps: tables.steps.get(usize::from(component.table))?.as_ref()?,
            dc: tables.dc.get(usize::from(names >> 4))?.as_ref()?,
            ac: tables.ac.get(usize::from(names & 15))?.as_ref()?,
            across: component.across as usize,
            down: component.down as usize,
            last: 0,
            stride: 0,
            pixels: Vec::new(),
        })
    }

    /// Reads one block as coefficients (F.2.2). Those that are not shown land behind the others.
    #[inline]
    fn read(&mut self, bits: &mut Bits, places: &[u8; BLOCK], block: &mut [f32; BLOCK + 8]) -> Result<(), Rejection> {
        bits.fill();
        let length = self.dc.decode(bits)?;
        self.last = self.last.wrapping_add(bits.signed(length.min(15).into()));
        block[0] = self.steps[0] * to_float(self.last);
        let mut at = 1;
        while at < BLOCK {
            bits.fill();
            let (run, value) = match self.ac.short(bits) {
                Some(short) => short,
                None => match self.ac.decode(bits)? {
                    0 => return Ok(()),
                    0xF0 => {
                        at += 16;
                        continue;
                    }
                    symbol => (usize::from(symbol >> 4), bits.signed(u32::from(symbol & 15))),
                },
            };
            at += run;
            let (Some(place), Some(step)) = (places.get(at), self.steps.get(at)) else {
                return Err(Rejection::Damaged);
            };
            block[usize::from(*place)] = step * to_float(value);
            at += 1;
        }
        Ok(())
    }
}

/// Coefficients have at most 16 bits.
fn to_float(value: i32) -> f32 {
    f32::from(i16::try_from(value).unwrap_or(i16::MAX))
}

/// A scan that brings the whole picture.
struct Scan<'a> {
    frame: &'a Frame,
    colour: Colour,
    shrink: Shrink,
    restart: usize,
    deadline: Deadline,
}

impl Scan<'_> {
    fn decode(&self, mut planes: Vec<Plane>, coded: &[u8]) -> Result<Pixels, Rejection> {
        let (across, down) = (planes[0].across, planes[0].down);
        let units = |length: u16, samples: usize| usize::from(length).div_ceil(8 * samples);
        let (columns, rows) = (units(self.frame.width, across), units(self.frame.height, down));
        let side = self.shrink.side();
        for plane in &mut planes {
            plane.stride = columns * plane.across * side;
            plane.pixels = vec![0; plane.stride * plane.down * side];
        }
        let (width, height) = self.shrink.size((self.frame.width, self.frame.height));
        let mut data = Vec::with_capacity(width * height * self.colour.bytes());
        let mut bits = Bits::of(coded);
        for row in 0..rows {
            if self.deadline.is_over() {
                return Err(Rejection::Damaged);
            }
            self.row(&mut planes, &mut bits, (row * columns, columns))?;
            let left = height - (row * down * side).min(height);
            for y in 0..left.min(down * side) {
                put(&mut data, &planes, (y, width));
            }
        }
        bits.finish()?;
        let side = |length: usize| u32::try_from(length).map_err(|_| Rejection::Damaged);
        Pixels::new(side(width)?, side(height)?, self.colour, data)
    }

    /// A row of units, each of some blocks of every plane.
    fn row(&self, planes: &mut [Plane], bits: &mut Bits, (first, columns): (usize, usize)) -> Result<(), Rejection> {
        let places = &PLACES[self.shrink.number()];
        for column in 0..columns {
            let unit = first + column;
            if self.restart != 0 && unit != 0 && unit % self.restart == 0 {
                bits.restart()?;
                for plane in planes.iter_mut() {
                    plane.last = 0;
                }
            }
            for plane in planes.iter_mut() {
                for number in 0..plane.across * plane.down {
                    let mut block = [0.0; BLOCK + 8];
                    plane.read(bits, places, &mut block)?;
                    let (x, y) = (column * plane.across + number % plane.across, number / plane.across);
                    let at = (y * plane.stride + x) * self.shrink.side();
                    self.shrink.put(&block, &mut plane.pixels[at..], plane.stride);
                }
            }
        }
        Ok(())
    }
}

/// Writes a row of pixels. Colour differences at half the resolution stand for two pixels each.
fn put(data: &mut Vec<u8>, planes: &[Plane], (y, width): (usize, usize)) {
    let row = |plane: &Plane| {
        let y = y * plane.down / planes[0].down;
        y * plane.stride..(y + 1) * plane.stride
    };
    let luma = &planes[0].pixels[row(&planes[0])][..width];
    let [_, blue, red] = planes else { return data.extend(luma) };
    let (blue, red) = (&blue.pixels[row(blue)], &red.pixels[row(red)]);
    let start = data.len();
    data.resize(start + 3 * width, 0);
    let target = &mut data[start..];
    if planes[0].across == 1 {
        for (((pixel, y), cb), cr) in target.as_chunks_mut::<3>().0.iter_mut().zip(luma).zip(blue).zip(red) {
            *pixel = [*y, *cb, *cr];
        }
        return;
    }
    let (pairs, last) = target.as_chunks_mut::<6>();
    for (((pair, [left, right]), cb), cr) in pairs.iter_mut().zip(luma.as_chunks::<2>().0).zip(blue).zip(red) {
        *pair = [*left, *cb, *cr, *right, *cb, *cr];
    }
    if let ([pixel], Some(y)) = (last.as_chunks_mut::<3>().0, luma.last()) {
        *pixel = [*y, blue[width / 2], red[width / 2]];
    }
}

#[cfg(test)]
mod tests {
    use super::super::photos;
    use super::*;
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    use std::time::Duration;

    fn picture(size: (u16, u16), set: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        let (mut file, pixels) = (Vec::new(), photos::drawing(size.0, size.1, 3));
        let mut encoder = Encoder::new(&mut file, 88);
        set(&mut encoder);
        encoder.encode(&pixels, size.0, size.1, ColorType::Rgb).unwrap();
        file
    }

    fn quick(file: &[u8], needed: (u16, u16)) -> Result<Option<Pixels>, Rejection> {
        decode(file, Stored::YCbCr, (needed, Deadline::after(Duration::from_mins(5))))
    }

    fn slow(file: &[u8]) -> Vec<u8> {
        let mut decoder = jpeg_decoder::Decoder::new(file);
        decoder.set_color_transform(jpeg_decoder::ColorTransform::RGB);
        decoder.decode().unwrap()
    }

    #[test]
    fn it_sees_what_the_other_decoder_sees() {
        let factors = [
            (SamplingFactor::R_4_4_4, 3),
            (SamplingFactor::R_4_2_2, 1),
            (SamplingFactor::R_4_4_0, 1),
            (SamplingFactor::R_4_2_0, 1),
        ];
        for (factor, channels) in factors {
            for (size, restart) in [((64, 48), 0), ((67, 45), 0), ((1, 1), 0), ((200, 31), 2)] {
                let file = picture(size, |it| {
                    it.set_sampling_factor(factor);
                    it.set_restart_interval(restart);
                });
                let found = quick(&file, size).unwrap().unwrap();
                let expected = slow(&file);
                assert_eq!(found.data.len(), expected.len());
                // Where colours are stored at half the resolution, the other decoder makes up what is between.
                for (found, expected) in found.data.chunks(3).zip(expected.chunks(3)) {
                    let differ = found.iter().zip(expected).take(channels).any(|(a, b)| a.abs_diff(*b) > 1);
                    assert!(!differ, "{factor:?}, {size:?}: {found:?} instead of {expected:?}");
                }
            }
        }
    }

    #[test]
    fn a_smaller_picture_is_the_mean_of_the_large_one() {
        let file = picture((256, 192), |it| it.set_sampling_factor(SamplingFactor::R_4_2_0));
        let whole = quick(&file, (256, 192)).unwrap().unwrap();
        let float = |number: usize| f64::from(u32::try_from(number).unwrap());
        for (needed, by) in [((128, 96), 2), ((64, 48), 4), ((32, 24), 8)] {
            let small = quick(&file, needed).unwrap().unwrap();
            assert_eq!(small.size(), (needed.0.into(), needed.1.into()));
            let mut off = 0.0;
            for (at, pixel) in small.data.chunks(3).enumerate() {
                let (left, top) = (at % usize::from(needed.0) * by, at / usize::from(needed.0) * by);
                let within = (0..by * by).map(|it| (left + it % by, top + it / by));
                let sum: u32 = within.map(|(x, y)| u32::from(whole.data[(y * 256 + x) * 3])).sum();
                off += (f64::from(pixel[0]) - f64::from(sum) / float(by * by)).abs();
            }
            let off = off / float(small.data.chunks(3).len());
            assert!(off < 3.0, "{needed:?}: off by {off}");
        }
    }

    #[test]
    fn what_is_rare_is_left_to_others_and_what_is_broken_is_refused() {
        let rare = [
            picture((64, 48), |it| it.set_progressive(true)),
            picture((64, 48), |it| it.set_sampling_factor(SamplingFactor::R_4_1_1)),
            picture((64, 48), |it| it.set_optimized_huffman_tables(true)),
        ];
        for file in rare {
            assert!(matches!(quick(&file, (64, 48)), Ok(None)));
        }
        let file = picture((64, 48), |it| it.set_sampling_factor(SamplingFactor::R_4_2_0));
        for missing in [3, 4, 10, 100] {
            let closed = [&file[..file.len() - missing], &[0xFF, 0xD9]].concat();
            assert!(matches!(quick(&closed, (64, 48)), Err(Rejection::Damaged)), "{missing}");
        }
    }
}
