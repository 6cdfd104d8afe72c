//! Makes colours mean the same everywhere: whatever a file says its numbers stand for, images are in sRGB.
//!
//! A profile that cannot be read counts as none, and a picture without one is taken to be sRGB, as browsers do.

use super::Rejection;
use super::pixels::{Colour, Pixels};
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// How the colours of a picture become sRGB.
pub(super) enum Colours {
    /// They are.
    Srgb,
    /// Each grey becomes another.
    Greys(Box<[u8; 256]>),
    /// Red, green and blue stand for other colours.
    Mixed(Arc<Transform8BitExecutor>),
    /// Inks as a press lays them down.
    Inks(Arc<Transform8BitExecutor>),
}

impl Colours {
    /// What the numbers of a picture stand for, by its profile.
    pub fn of(colour: Colour, profile: Option<&ColorProfile>) -> Colours {
        let Some(profile) = profile else { return Colours::Srgb };
        let found = match (colour, profile.color_space) {
            (Colour::Grey, DataColorSpace::Gray) => greys(profile, Layout::Gray),
            (Colour::Grey, DataColorSpace::Rgb) => greys(profile, Layout::Rgb),
            (Colour::Rgb | Colour::YCbCr, DataColorSpace::Rgb) => mixed(profile),
            (Colour::Cmyk, DataColorSpace::Cmyk) => executor(profile, Layout::Rgba).map(Colours::Inks),
            _ => None,
        };
        found.unwrap_or(Colours::Srgb)
    }

    /// The picture in sRGB.
    pub fn to_srgb(&self, picture: Pixels) -> Result<Pixels, Rejection> {
        match (self, picture.colour) {
            (Colours::Greys(table), Colour::Grey) => {
                let data = picture.data.iter().map(|grey| table[usize::from(*grey)]).collect();
                Ok(Pixels { data, ..picture })
            }
            (Colours::Mixed(executor), Colour::Rgb | Colour::YCbCr) => {
                let picture = picture.into_rgb();
                transformed(executor.as_ref(), &picture)
            }
            (Colours::Inks(executor), Colour::Cmyk) => transformed(executor.as_ref(), &picture),
            (_, Colour::Cmyk) => Ok(picture.into_rgb()),
            _ => Ok(picture),
        }
    }
}

fn executor(profile: &ColorProfile, layout: Layout) -> Option<Arc<Transform8BitExecutor>> {
    let srgb = ColorProfile::new_srgb();
    profile.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default()).ok()
}

fn transformed(executor: &Transform8BitExecutor, picture: &Pixels) -> Result<Pixels, Rejection> {
    let mut data = vec![0; picture.data.len() / picture.colour.bytes() * 3];
    executor.transform(&picture.data, &mut data).map_err(|_| Rejection::Damaged)?;
    Pixels::new(picture.width, picture.height, Colour::Rgb, data)
}

/// Every grey through the profile.
fn greys(profile: &ColorProfile, layout: Layout) -> Option<Colours> {
    let channels = if layout == Layout::Gray { 1 } else { 3 };
    let all: Vec<u8> = (0..=255).flat_map(|grey| std::iter::repeat_n(grey, channels)).collect();
    let mut rgb = [[0; 3]; 256];
    executor(profile, layout)?.transform(&all, rgb.as_flattened_mut()).ok()?;
    Some(Colours::Greys(Box::new(rgb.map(|[_, green, _]| green))))
}

/// Most profiles that come are sRGB under another name: then nothing needs to be done, which is quicker by half.
fn mixed(profile: &ColorProfile) -> Option<Colours> {
    let executor = executor(profile, Layout::Rgb)?;
    let levels = || (0..=255).step_by(51);
    let some: Vec<u8> =
        levels().flat_map(|r| levels().flat_map(move |g| levels().flat_map(move |b| [r, g, b]))).collect();
    let mut meant = vec![0; some.len()];
    executor.transform(&some, &mut meant).ok()?;
    let is_same = some.iter().zip(&meant).all(|(one, other)| one.abs_diff(*other) <= 2);
    Some(if is_same { Colours::Srgb } else { Colours::Mixed(executor) })
}
