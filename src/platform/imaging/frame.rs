//! The frame of a JPEG: how large the picture is, and of which planes it is made (ITU-T T.81, B.2.2).

use super::segments::Segment;
use super::{Format, Header, Rejection};

/// How the samples of a picture stand for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

/// The frame header (T.81, B.2.2): what the picture is made of.
pub(super) struct Frame {
    pub progressive: bool,
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
}

/// One plane of samples: brightness, a colour difference, an ink.
pub(super) struct Component {
    pub id: u8,
    /// Samples across in one unit of the picture, 1 to 4.
    pub across: u32,
    /// Samples down in one unit of the picture, 1 to 4.
    pub down: u32,
    /// The number of its table of steps.
    pub table: u8,
}

impl Frame {
    /// Reads a frame header. Only what browsers show is accepted: baseline, extended and progressive, Huffman, 8 bits.
    pub fn read(segment: &Segment) -> Result<Option<Frame>, Rejection> {
        match segment.marker {
            0xC0..=0xC2 => Frame::parse(segment).map(Some),
            // Lossless, hierarchical and arithmetic coding.
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF => Err(Rejection::UnsupportedMedia),
            _ => Ok(None),
        }
    }

    fn parse(segment: &Segment) -> Result<Frame, Rejection> {
        let [precision, h0, h1, w0, w1, count, components @ ..] = segment.payload else {
            return Err(Rejection::Damaged);
        };
        let height = u16::from_be_bytes([*h0, *h1]);
        if components.len() != 3 * usize::from(*count) {
            return Err(Rejection::Damaged);
        }
        // Height 0 means that it follows the first scan, which nothing but scanners of old ever wrote.
        if *precision != 8 || height == 0 || !matches!(count, 1 | 3 | 4) {
            return Err(Rejection::UnsupportedMedia);
        }
        Ok(Frame {
            progressive: segment.marker == 0xC2,
            width: u16::from_be_bytes([*w0, *w1]),
            height,
            components: components.chunks_exact(3).map(Component::read).collect::<Result<_, _>>()?,
        })
    }

    pub fn header(&self) -> Header {
        Header {
            format: Format::Jpeg,
            width: self.width.into(),
            height: self.height.into(),
            weight: if self.progressive { self.progressive_weight() } else { 0 },
        }
    }

    /// Bytes for each pixel of a progressive picture: all coefficients, 2 bytes each, are kept until the last scan,
    /// and on their way to the screen they are copied once.
    fn progressive_weight(&self) -> u32 {
        let samples: u32 = self.components.iter().map(|it| it.across * it.down).sum();
        (4 * samples).div_ceil(self.most_across() * self.most_down())
    }

    pub fn most_across(&self) -> u32 {
        self.components.iter().map(|it| it.across).max().unwrap_or(1)
    }

    pub fn most_down(&self) -> u32 {
        self.components.iter().map(|it| it.down).max().unwrap_or(1)
    }

    pub fn colour(&self, jfif: bool, adobe: Option<u8>) -> Result<Colour, Rejection> {
        let names: Vec<u8> = self.components.iter().map(|it| it.id).collect();
        match (names.as_slice(), jfif, adobe) {
            ([_], ..) => Ok(Colour::Grey),
            ([_, _, _], false, Some(0)) | (b"RGB", false, None) => Ok(Colour::Rgb),
            ([_, _, _], ..) => Ok(Colour::YCbCr),
            ([_, _, _, _], _, Some(2)) => Ok(Colour::Ycck),
            ([_, _, _, _], ..) => Ok(Colour::Cmyk),
            _ => Err(Rejection::UnsupportedMedia),
        }
    }

    /// Whether the scans bring the whole picture, as far as can be told without decoding it.
    pub fn is_filled_by(&self, scans: &[&Segment]) -> bool {
        let coded: usize = scans.iter().map(|scan| scan.coded.len()).sum();
        // Each block of 8 × 8 takes a bit at the very least, in both ways of coding.
        let blocks = usize::from(self.width / 8) * usize::from(self.height / 8);
        coded * 8 >= blocks && (!self.progressive || self.is_completed_by(scans))
    }

    /// Whether each of the 64 coefficients of each component arrives at full precision.
    fn is_completed_by(&self, scans: &[&Segment]) -> bool {
        self.components.iter().all(|component| {
            let scans = scans.iter().map(|scan| scan.completes(component.id));
            scans.fold(0, |all, some| all | some) == u64::MAX
        })
    }
}

impl Component {
    fn read(bytes: &[u8]) -> Result<Component, Rejection> {
        let (across, down) = (u32::from(bytes[1] >> 4), u32::from(bytes[1] & 15));
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(Rejection::Damaged);
        }
        Ok(Component { id: bytes[0], across, down, table: bytes[2] })
    }
}

impl Segment<'_> {
    /// The coefficients of a component that this scan brings to full precision, one bit for each
    /// (T.81, B.2.3: components, first and last coefficient, precision).
    fn completes(&self, component: u8) -> u64 {
        let Some((count, rest)) = self.payload.split_first() else {
            return 0;
        };
        let Some((components, [first, last, precision])) = rest.split_at_checked(2 * usize::from(*count)) else {
            return 0;
        };
        let named = components.chunks_exact(2).any(|it| it[0] == component);
        if !named || precision & 15 != 0 || first > last || *last > 63 {
            return 0;
        }
        (u64::MAX >> (63 - last)) & (u64::MAX << first)
    }
}
