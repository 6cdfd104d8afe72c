//! Turns an uploaded file into a photo: checked, upright, in sRGB, in its sizes, and with no trace of where it was taken.
//!
//! The story of a file is told by [`process`]: recognise it by its bytes, read its header and refuse what is too
//! large before any memory is spent on it, rebuild it from the parts a viewer needs, decode what was rebuilt,
//! and make each size from the one above. What is not made at once is made from the stored original: [`open`] gives it
//! as a [`Picture`] at a size, whose pixels can be changed, and [`Picture::finish`] sharpens and writes it.
//!
//! What must stay true:
//! * Metadata is rebuilt from an allow-list, never edited: what nobody thought of is dropped, not kept.
//! * The decoders see only the rebuilt file, so what is stored is exactly what was looked at.
//! * No file makes this panic, and none takes more memory than [`Limits::memory`] and a few megabytes.
//! * Everything here blocks and uses a core: call it from a blocking thread, behind a semaphore.

mod bits;
mod bytes;
mod colours;
mod deadline;
mod decode;
mod encode;
pub mod filters;
mod frame;
mod framing;
mod guard;
mod header;
mod huffman;
mod icc;
mod idct;
mod jpeg;
pub mod lut;
mod metadata;
mod orient;
mod output;
mod palette;
mod pixels;
mod png;
mod quick;
mod rejection;
mod render;
mod resize;
mod segments;
mod sharpen;
mod shot;
mod size;
mod webp;

#[cfg(test)]
mod hostile;
#[cfg(test)]
#[path = "../../../tests/it/kit/photos.rs"]
mod photos;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use framing::{Crop, Framing};
pub use header::{Format, Header, TYPES, sniff};
pub use output::Output;
pub use rejection::Rejection;
pub use render::{Picture, jpeg_of, open, open_framed};
pub use shot::{Camera, Shot};
pub use size::{Focus, Size};

use deadline::Deadline;
use decode::Clean;
use image::metadata::Orientation;
use std::time::Duration;

/// How large a file may be. What passes a limit is refused before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Pixels of the picture, width times height.
    pub pixels: u64,
    /// Pixels along the longer side.
    pub side: u32,
    /// Bytes of memory that decoding one picture may take. It bounds what must be decoded whole (PNG, WebP,
    /// progressive JPEG); the JPEG of a camera is shrunk while it is decoded and needs a few megabytes.
    pub memory: u64,
    /// How long decoding one picture may take.
    pub time: Duration,
}

impl Default for Limits {
    /// 32 MiB and 120 megapixels take the 108-megapixel JPEGs of phones; 256 MiB take a 48-megapixel PNG and let
    /// two workers live on a machine with 1 GB. 30,000 pixels take a panorama and stay well inside the 65,535 that
    /// the JPEG format and its decoder count to. 30 seconds end what would hold a worker for ever.
    fn default() -> Self {
        let time = Duration::from_secs(30);
        Limits { bytes: 32 << 20, pixels: 120_000_000, side: 30_000, memory: 256 << 20, time }
    }
}

/// A photo at one size in one format, ready to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which size it is.
    pub size: Size,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The format of the file.
    pub output: Output,
    /// The picture as a file.
    pub bytes: Vec<u8>,
}

/// What a file became.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// What kind of file the original is.
    pub format: Format,
    /// Pixels across, upright.
    pub width: u32,
    /// Pixels down, upright.
    pub height: u32,
    /// The file as it came, its pixels untouched, without metadata: the only original that may be stored.
    pub original: Vec<u8>,
    /// The images that are made at once: [`Size::AT_ONCE`] in each of [`Output::AT_ONCE`].
    pub renditions: Vec<Rendition>,
    /// A placeholder to show while the photo loads, see <https://blurha.sh>.
    pub blurhash: String,
    /// The main colour, as `#rrggbb`.
    pub dominant_color: String,
    /// How it was taken, as the file said; nothing of it is in what is kept.
    pub shot: Shot,
}

/// Looks at the first bytes of a file: what it is and how large. Takes no memory, whatever the file claims.
///
/// # Errors
/// Says why the file cannot become a photo, as far as its header tells.
pub fn inspect(bytes: &[u8], declared: Option<Format>, limits: &Limits) -> Result<Header, Rejection> {
    if bytes.len() as u64 > limits.bytes {
        let limit = limits.bytes;
        return Err(Rejection::TooLarge { limit });
    }
    let found = sniff(bytes).ok_or(Rejection::UnsupportedMedia)?;
    if let Some(declared) = declared.filter(|declared| *declared != found) {
        return Err(Rejection::WrongType { declared, found });
    }
    let header = header::read(bytes, found)?;
    header.check(limits)?;
    Ok(header)
}

/// Turns a file into a photo, with its images in all formats that are made at once.
///
/// # Errors
/// Says why the file cannot become a photo. A file that is cut off or damaged is refused, not shown in part.
pub fn process(bytes: &[u8], declared: Option<Format>, limits: &Limits) -> Result<Processed, Rejection> {
    process_into(&Output::AT_ONCE, (bytes, declared), limits)
}

/// The same with its images in some formats.
///
/// # Errors
/// As for [`process`].
pub fn process_into(
    outputs: &[Output],
    (bytes, declared): (&[u8], Option<Format>),
    limits: &Limits,
) -> Result<Processed, Rejection> {
    let header = inspect(bytes, declared, limits)?;
    let clean = clean(&header, bytes)?;
    finish(outputs, (header, clean), limits)
}

/// Turns a JPEG that was made of another file into a photo. It was turned when it was made, whatever its metadata says.
///
/// # Errors
/// As for [`process`].
pub fn process_turned(bytes: &[u8], limits: &Limits) -> Result<Processed, Rejection> {
    let header = inspect(bytes, Some(Format::Jpeg), limits)?;
    let clean = jpeg::clean_as(bytes, Some(Orientation::NoTransforms))?;
    finish(&Output::AT_ONCE, (header, clean), limits)
}

fn finish(outputs: &[Output], (header, clean): (Header, Clean), limits: &Limits) -> Result<Processed, Rejection> {
    let source = render::source(&header, &clean, (Size::High.side(), Deadline::after(limits.time)))?;
    let mut pictures = source.cascade()?;
    let (width, height) = source.upright();
    drop(source);
    let swatch = resize::swatch(&pictures[Size::Low as usize])?;
    Ok(Processed {
        format: header.format,
        width,
        height,
        original: clean.bytes,
        renditions: render::all(outputs, &mut pictures, (width, height))?,
        blurhash: palette::blurhash(&swatch)?,
        dominant_color: palette::dominant_color(&swatch),
        shot: clean.shot,
    })
}

fn clean(header: &Header, bytes: &[u8]) -> Result<Clean, Rejection> {
    match header.format {
        Format::Jpeg => jpeg::clean(bytes),
        Format::Png => png::clean(bytes),
        Format::WebP => webp::clean(bytes),
    }
}
