//! Turns an uploaded file into a photo: checked, upright, in four sizes, and with no trace of where it was taken.
//!
//! The story of a file is told by [`process`]: recognise it by its bytes, read its header and refuse what is too
//! large before any memory is spent on it, rebuild it from the parts a viewer needs, decode what was rebuilt,
//! and make each size from the one above.
//!
//! What must stay true:
//! * Metadata is rebuilt from an allow-list, never edited: what nobody thought of is dropped, not kept.
//! * The decoders see only the rebuilt file, so what is stored is exactly what was looked at.
//! * No file makes this panic, and none takes more memory than [`Limits::memory`] and a few megabytes.
//! * Everything here blocks and uses a core: call it from a blocking thread, behind a semaphore.

mod bytes;
mod decode;
mod encode;
pub mod filters;
mod guard;
mod header;
mod jpeg;
pub mod lut;
mod metadata;
mod orient;
mod palette;
mod pixels;
mod png;
mod rejection;
mod resize;
mod webp;

#[cfg(test)]
#[path = "../../../tests/it/kit/photos.rs"]
mod photos;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use header::{Format, Header, TYPES, sniff};
pub use rejection::Rejection;

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
}

impl Default for Limits {
    /// 32 MiB and 120 megapixels take the 108-megapixel JPEGs of phones; 256 MiB take a 48-megapixel PNG and let
    /// two workers live on a machine with 1 GB. 30,000 pixels take a panorama and stay well inside the 65,535 that
    /// the JPEG format and its decoder count to.
    fn default() -> Self {
        Limits { bytes: 32 << 20, pixels: 120_000_000, side: 30_000, memory: 256 << 20 }
    }
}

/// The sizes every photo is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// A square of 150 pixels, cut from the middle.
    Thumbnail,
    /// 320 pixels along the longer side.
    Low,
    /// 640 pixels along the longer side.
    Standard,
    /// 1080 pixels along the longer side.
    High,
}

impl Size {
    /// All of them, the smallest first.
    pub const ALL: [Size; 4] = [Size::Thumbnail, Size::Low, Size::Standard, Size::High];

    /// Its name in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Size::Thumbnail => "thumbnail",
            Size::Low => "low",
            Size::Standard => "standard",
            Size::High => "high",
        }
    }

    /// How large a photo of some width and height is at this size.
    #[must_use]
    pub fn of(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Size::Thumbnail => {
                let side = width.min(height).min(self.side());
                (side, side)
            }
            size => resize::within((width, height), size.side()),
        }
    }

    /// Pixels along the longer side. A smaller photo is not enlarged to it.
    #[must_use]
    pub fn side(self) -> u32 {
        match self {
            Size::Thumbnail => 150,
            Size::Low => 320,
            Size::Standard => 640,
            Size::High => 1080,
        }
    }
}

/// A photo at one size, ready to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which size it is.
    pub size: Size,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The picture as a JPEG file.
    pub jpeg: Vec<u8>,
}

/// What a file became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    /// What kind of file the original is.
    pub format: Format,
    /// Pixels across, upright.
    pub width: u32,
    /// Pixels down, upright.
    pub height: u32,
    /// The file as it came, its pixels untouched, without metadata: the only original that may be stored.
    pub original: Vec<u8>,
    /// The four sizes, in the order of [`Size::ALL`].
    pub renditions: [Rendition; 4],
    /// A placeholder to show while the photo loads, see <https://blurha.sh>.
    pub blurhash: String,
    /// The main colour, as `#rrggbb`.
    pub dominant_color: String,
}

impl Processed {
    /// The photo at one size.
    #[must_use]
    pub fn rendition(&self, size: Size) -> &Rendition {
        &self.renditions[size as usize]
    }
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

/// Turns a file into a photo. Takes tens of milliseconds of one core for a photo of 12 megapixels.
///
/// # Errors
/// Says why the file cannot become a photo. A file that is cut off or damaged is refused, not shown in part.
pub fn process(bytes: &[u8], declared: Option<Format>, limits: &Limits) -> Result<Processed, Rejection> {
    let header = inspect(bytes, declared, limits)?;
    let clean = match header.format {
        Format::Jpeg => jpeg::clean(bytes)?,
        Format::Png => png::clean(bytes)?,
        Format::WebP => webp::clean(bytes)?,
    };
    let decoded = decode::decode(&header, &clean)?;
    let pictures = resize::cascade(&decoded, (header.width, header.height), clean.orientation)?;
    drop(decoded);
    let renditions = encode::renditions(&pictures)?;
    let swatch = resize::swatch(&pictures[Size::Low as usize])?;
    let (width, height) = orient::upright((header.width, header.height), clean.orientation);
    Ok(Processed {
        format: header.format,
        width,
        height,
        original: clean.bytes,
        renditions,
        blurhash: palette::blurhash(&swatch)?,
        dominant_color: palette::dominant_color(&swatch),
    })
}
