//! The formats a photo is shown in.

/// A format in which images are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// What everything shows.
    Jpeg,
    /// Smaller than JPEG, shown by every browser of today.
    WebP,
    /// Smaller still, and slow to make.
    Avif,
}

impl Output {
    /// All of them, the one with the largest files first.
    pub const ALL: [Output; 3] = [Output::Jpeg, Output::WebP, Output::Avif];

    /// Those that are made at once; the other is made when it is first asked for.
    pub const AT_ONCE: [Output; 2] = [Output::Jpeg, Output::WebP];

    /// The end of file names.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Output::Jpeg => "jpg",
            Output::WebP => "webp",
            Output::Avif => "avif",
        }
    }

    /// The media type to serve it as.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Output::Jpeg => "image/jpeg",
            Output::WebP => "image/webp",
            Output::Avif => "image/avif",
        }
    }

    /// The format with this file name extension.
    #[must_use]
    pub fn with_extension(extension: &str) -> Option<Output> {
        Output::ALL.into_iter().find(|output| output.extension() == extension)
    }
}
