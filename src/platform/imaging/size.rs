//! The sizes a photo is shown in, and which part of it a square keeps.

use super::resize::within;

/// The sizes every photo is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// A square of 150 pixels, cut around the focal point.
    Thumbnail,
    /// 320 pixels along the longer side.
    Low,
    /// 640 pixels along the longer side.
    Standard,
    /// 1080 pixels along the longer side.
    High,
    /// 2048 pixels along the longer side.
    Full,
}

impl Size {
    /// All of them, the smallest first.
    pub const ALL: [Size; 5] = [Size::Thumbnail, Size::Low, Size::Standard, Size::High, Size::Full];

    /// Those that are made at once. The full size is made when it is first asked for: it costs more than all others
    /// together, and most photos are never looked at so closely.
    pub const AT_ONCE: [Size; 4] = [Size::Thumbnail, Size::Low, Size::Standard, Size::High];

    /// Its name in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Size::Thumbnail => "thumbnail",
            Size::Low => "low",
            Size::Standard => "standard",
            Size::High => "high",
            Size::Full => "full",
        }
    }

    /// The size with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Size> {
        Size::ALL.into_iter().find(|size| size.name() == name)
    }

    /// How large a photo of some width and height is at this size.
    #[must_use]
    pub fn of(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Size::Thumbnail => {
                let side = width.min(height).min(self.side());
                (side, side)
            }
            size => within((width, height), size.side()),
        }
    }

    /// The size whose file is shown: a photo that is no larger than 1080 pixels has no full size of its own.
    #[must_use]
    pub fn shown(self, width: u32, height: u32) -> Size {
        let is_same = self == Size::Full && Size::High.of(width, height) == (width, height);
        if is_same { Size::High } else { self }
    }

    /// Pixels along the longer side. A smaller photo is not enlarged to it.
    #[must_use]
    pub fn side(self) -> u32 {
        match self {
            Size::Thumbnail => 150,
            Size::Low => 320,
            Size::Standard => 640,
            Size::High => 1080,
            Size::Full => 2048,
        }
    }
}

/// What must stay in sight when an upright photo is cropped: 0 is left and above, 1 is right and below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focus {
    /// From left to right.
    pub x: f64,
    /// From top to bottom.
    pub y: f64,
}

impl Default for Focus {
    /// The middle.
    fn default() -> Self {
        Focus { x: 0.5, y: 0.5 }
    }
}
