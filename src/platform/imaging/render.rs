//! From a decoded photo to images: those that are made at once, and those made when they are first asked for.

use super::colours::Colours;
use super::deadline::Deadline;
use super::decode::{Clean, decode};
use super::encode::encode;
use super::pixels::{Colour, Pixels};
use super::resize::Source;
use super::sharpen::sharpen;
use super::{
    Focus, Framing, Header, Limits, Output, Rejection, Rendition, Size, clean, inspect, orient, palette, resize,
};

/// A photo at one size, in memory: upright, in sRGB, not yet sharpened.
#[derive(Debug, Clone)]
pub struct Picture {
    size: Size,
    pixels: Pixels,
    is_shrunk: bool,
}

/// Decodes a stored original for one size; a square is cut around the focus.
///
/// # Errors
/// When the original is not one that [`super::process`] gave back.
pub fn open(original: &[u8], (size, focus): (Size, Focus), limits: &Limits) -> Result<Picture, Rejection> {
    open_framed(original, (size, Framing { focus, crop: None }), limits)
}

/// Decodes a part of a stored original for one size; a square is cut around the focus in that part.
///
/// # Errors
/// When the original is not one that [`super::process`] gave back.
pub fn open_framed(original: &[u8], (size, framing): (Size, Framing), limits: &Limits) -> Result<Picture, Rejection> {
    let header = inspect(original, None, limits)?;
    let clean = clean(&header, original)?;
    let stored = orient::upright((header.width, header.height), clean.orientation);
    let bounds = (framing.side_to_decode(size, stored), Deadline::after(limits.time));
    let source = source(&header, &clean, bounds)?;
    let pixels = match framing.crop {
        None => source.at(size, framing.focus)?,
        Some(crop) => source.part_at(size, (crop, framing.focus))?,
    };
    let is_shrunk = is_shrunk(&pixels, framing.shown(source.upright()));
    Ok(Picture { size, pixels, is_shrunk })
}

impl Picture {
    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.pixels.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.pixels.height
    }

    /// Red, green and blue of each pixel, row after row from the top, to be changed.
    pub fn rgb_mut(&mut self) -> &mut [[u8; 3]] {
        if self.pixels.colour != Colour::Rgb {
            self.pixels = self.pixels.clone().into_rgb();
        }
        self.pixels.data.as_chunks_mut().0
    }

    /// Sharpens it, once, if it was shrunk.
    pub fn sharpen(&mut self) {
        if std::mem::take(&mut self.is_shrunk) {
            sharpen(&mut self.pixels);
        }
    }

    /// A placeholder to show while it loads, and its main colour as `#rrggbb`.
    ///
    /// # Errors
    /// When it cannot be written, which no picture causes that was opened.
    pub fn placeholder(&self) -> Result<(String, String), Rejection> {
        let swatch = resize::swatch(&self.pixels)?;
        Ok((palette::blurhash(&swatch)?, palette::dominant_color(&swatch)))
    }

    /// Sharpens it and writes it.
    ///
    /// # Errors
    /// When it cannot be written, which no picture causes that was opened.
    pub fn finish(mut self, output: Output) -> Result<Rendition, Rejection> {
        self.sharpen();
        let (width, height) = self.pixels.size();
        Ok(Rendition { size: self.size, width, height, output, bytes: encode(output, &self.pixels)? })
    }
}

/// Decodes what was taken apart, no larger than what so many pixels along the longer side need.
pub(super) fn source(header: &Header, clean: &Clean, bounds: (u32, Deadline)) -> Result<Source, Rejection> {
    let decoded = decode(header, clean, bounds)?;
    let colours = Colours::of(decoded.colour, clean.profile.as_ref());
    Ok(Source { decoded, stored: (header.width, header.height), orientation: clean.orientation, colours })
}

/// A square of all of a picture counts as shrunk only when it has fewer pixels.
fn is_shrunk(pixels: &Pixels, (width, height): (u32, u32)) -> bool {
    pixels.width.min(pixels.height) < width.min(height)
}

/// A JPEG of red, green and blue pixels, row after row from the top.
///
/// # Errors
/// When there are more or fewer pixels than the size says.
pub fn jpeg_of(rgb: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Rejection> {
    encode(Output::Jpeg, &Pixels::new(width, height, Colour::Rgb, rgb.to_vec())?)
}

/// Sharpens the pictures of [`Size::AT_ONCE`], and writes them in some formats. Sizes that are the same picture, because the
/// photo is small, are written once.
pub(super) fn all(
    outputs: &[Output],
    pictures: &mut [Pixels; 4],
    upright: (u32, u32),
) -> Result<Vec<Rendition>, Rejection> {
    for picture in pictures.iter_mut().filter(|picture| is_shrunk(picture, upright)) {
        sharpen(picture);
    }
    let mut renditions: Vec<Rendition> = Vec::new();
    for output in outputs.iter().copied() {
        for (size, picture) in Size::AT_ONCE.into_iter().zip(pictures.iter()) {
            let (width, height) = picture.size();
            let same = renditions.iter().find(|it| it.output == output && (it.width, it.height) == (width, height));
            let bytes = match same {
                Some(same) => same.bytes.clone(),
                None => encode(output, picture)?,
            };
            renditions.push(Rendition { size, width, height, output, bytes });
        }
    }
    Ok(renditions)
}
