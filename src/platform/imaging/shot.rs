//! What EXIF says of how a photo was taken: when, with what, and where. It is told to the owner of an upload; nothing of it
//! is in any file that is kept. Serial numbers, names and the notes of makers are never read.

use serde::{Deserialize, Serialize};

use super::metadata::EXIF_PREFIX;

/// How a photo was taken, as far as its file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shot {
    /// When, in milliseconds since 1970; local time counts as UTC where the file does not say how far it is off.
    pub taken_at: Option<i64>,
    /// With what.
    pub camera: Camera,
    /// Where: degrees north and degrees east.
    pub coordinate: Option<(f64, f64)>,
}

/// What a photo was taken with. It is kept as JSON: a field that goes is still read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Camera {
    /// Maker and model.
    pub name: Option<String>,
    /// The lens.
    pub lens: Option<String>,
    /// The focal length in millimetres.
    pub focal_length: Option<f64>,
    /// The f-number.
    pub aperture: Option<f64>,
    /// The exposure in seconds.
    pub exposure_seconds: Option<f64>,
    /// The ISO sensitivity.
    pub iso: Option<u32>,
}

// Tags of CIPA DC-008 (EXIF 3.0), 4.6.
const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const EXPOSURE_TIME: u16 = 0x829A;
const F_NUMBER: u16 = 0x829D;
const SENSITIVITY: u16 = 0x8827;
const TAKEN: u16 = 0x9003;
const OFFSET: u16 = 0x9011;
const FOCAL_LENGTH: u16 = 0x920A;
const LENS: u16 = 0xA434;
const NORTH_OR_SOUTH: u16 = 1;
const LATITUDE: u16 = 2;
const EAST_OR_WEST: u16 = 3;
const LONGITUDE: u16 = 4;

/// Entries read of one directory: real ones have some dozens.
const MOST_ENTRIES: usize = 200;
/// Letters kept of a name.
const MOST_LETTERS: usize = 80;

/// Reads an EXIF block, with or without its prefix. What is not there or makes no sense is left out.
pub(super) fn shot(exif: &[u8]) -> Shot {
    read(exif.strip_prefix(EXIF_PREFIX).unwrap_or(exif)).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<Shot> {
    let tiff = Tiff { bytes, is_big: bytes.starts_with(b"MM\0\x2A") };
    if !tiff.is_big && !bytes.starts_with(b"II\x2A\0") {
        return None;
    }
    let main = tiff.directory(tiff.u32(4)?);
    let below = |tag| main.number(tag).map(|at| tiff.directory(at)).unwrap_or_default();
    let (exif, gps) = (below(EXIF), below(GPS));
    Some(Shot {
        taken_at: exif.text(TAKEN).and_then(|taken| moment(&taken, exif.text(OFFSET).as_deref())),
        coordinate: coordinate(&gps),
        camera: Camera {
            name: name(main.text(MAKE), main.text(MODEL)),
            lens: exif.text(LENS),
            focal_length: exif.measure(FOCAL_LENGTH),
            aperture: exif.measure(F_NUMBER),
            exposure_seconds: exif.measure(EXPOSURE_TIME),
            iso: exif.number(SENSITIVITY).filter(|iso| *iso > 0),
        },
    })
}

/// Many makers repeat their name in that of the model.
fn name(make: Option<String>, model: Option<String>) -> Option<String> {
    match (make, model) {
        (Some(make), Some(model)) if !model.to_lowercase().starts_with(&make.to_lowercase()) => {
            Some(format!("{make} {model}"))
        }
        (make, model) => model.or(make),
    }
}

/// `2026:11:22 18:30:00` and `+01:00`, as milliseconds since 1970.
fn moment(taken: &str, offset: Option<&str>) -> Option<i64> {
    let numbers: Vec<i64> = taken.split([':', ' ']).map(|it| it.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second] = numbers.as_slice() else { return None };
    // From the first photograph on.
    let is_real = (1826..=2199).contains(year)
        && (1..=12).contains(month)
        && (1..=31).contains(day)
        && (0..24).contains(hour)
        && (0..60).contains(minute)
        && (0..=60).contains(second);
    let minutes = (days(*year, *month, *day) * 24 + hour) * 60 + minute - offset.and_then(minutes).unwrap_or(0);
    is_real.then_some((minutes * 60 + second) * 1000)
}

/// Days since 1970 in the Gregorian calendar: years begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// `+01:30` is 90.
fn minutes(offset: &str) -> Option<i64> {
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

/// Some cameras write zeros while they do not know.
fn coordinate(gps: &Directory) -> Option<(f64, f64)> {
    let north = gps.degrees(LATITUDE)? * if gps.text(NORTH_OR_SOUTH)? == "S" { -1.0 } else { 1.0 };
    let east = gps.degrees(LONGITUDE)? * if gps.text(EAST_OR_WEST)? == "W" { -1.0 } else { 1.0 };
    let is_place = north.abs() <= 90.0 && east.abs() <= 180.0 && (north != 0.0 || east != 0.0);
    is_place.then_some((north, east))
}

/// The block: numbers in one of two orders.
#[derive(Clone, Copy)]
struct Tiff<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl<'a> Tiff<'a> {
    fn slice(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.slice(at, 2)?.try_into().ok()?;
        Some(if self.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.slice(at, 4)?.try_into().ok()?;
        Some(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The entries of a directory, as many as are there.
    fn directory(self, at: u32) -> Directory<'a> {
        let at = at as usize;
        let count = usize::from(self.u16(at).unwrap_or(0)).min(MOST_ENTRIES);
        Directory((0..count).filter_map(|number| self.entry(at + 2 + 12 * number)).collect())
    }

    /// Tag, type, count, and the value or where it is. One whose value cannot be read is passed over.
    fn entry(self, at: usize) -> Option<Entry<'a>> {
        let (tag, kind, count) = (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)? as usize);
        let unit = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8].get(usize::from(kind)).copied().unwrap_or(0);
        let length = count.saturating_mul(unit);
        let place = if length <= 4 { at + 8 } else { self.u32(at + 8)? as usize };
        let value = self.slice(place, length).filter(|value| !value.is_empty())?;
        Some(Entry { tag, kind, value: Tiff { bytes: value, ..self } })
    }
}

/// A directory of the block.
#[derive(Default)]
struct Directory<'a>(Vec<Entry<'a>>);

struct Entry<'a> {
    tag: u16,
    kind: u16,
    value: Tiff<'a>,
}

impl Directory<'_> {
    fn find(&self, tag: u16, kinds: &[u16]) -> Option<&Entry<'_>> {
        self.0.iter().find(|entry| entry.tag == tag && kinds.contains(&entry.kind))
    }

    fn text(&self, tag: u16) -> Option<String> {
        let text = self.find(tag, &[2])?.value.bytes.split(|byte| *byte == 0).next()?;
        let text: String = String::from_utf8_lossy(text).chars().filter(|letter| !letter.is_control()).collect();
        let text: String = text.trim().chars().take(MOST_LETTERS).collect();
        (!text.is_empty()).then_some(text)
    }

    fn number(&self, tag: u16) -> Option<u32> {
        let entry = self.find(tag, &[3, 4])?;
        if entry.kind == 3 { entry.value.u16(0).map(u32::from) } else { entry.value.u32(0) }
    }

    /// A fraction that is more than zero.
    fn measure(&self, tag: u16) -> Option<f64> {
        let value = self.find(tag, &[5])?.value;
        fraction(value, 0).filter(|measure| *measure > 0.0)
    }

    /// Degrees, minutes and seconds.
    fn degrees(&self, tag: u16) -> Option<f64> {
        let value = self.find(tag, &[5])?.value;
        let [degrees, minutes, seconds] = [fraction(value, 0)?, fraction(value, 8)?, fraction(value, 16)?];
        Some(degrees + minutes / 60.0 + seconds / 3600.0)
    }
}

fn fraction(value: Tiff<'_>, at: usize) -> Option<f64> {
    let (over, under) = (value.u32(at)?, value.u32(at + 4)?);
    (under != 0).then(|| f64::from(over) / f64::from(under))
}

#[cfg(test)]
mod tests {
    use super::super::photos;
    use super::*;

    #[test]
    fn a_camera_its_time_and_its_place_are_read() {
        let shot = shot(&photos::exif(1));
        assert_eq!(shot.camera.name.as_deref(), Some("Camera Model 1"));
        let (north, east) = shot.coordinate.unwrap();
        assert!((north - 37.82).abs() < 1e-9 && (east + 122.478_333_333).abs() < 1e-6, "{north}, {east}");
    }

    #[test]
    fn all_of_it_in_the_other_order_of_bytes() {
        let shot = shot(&photos::exif_of_a_camera());
        let camera = shot.camera;
        assert_eq!(camera.name.as_deref(), Some("Zeta Z9"));
        assert_eq!(camera.lens.as_deref(), Some("35mm F2"));
        assert_eq!((camera.aperture, camera.exposure_seconds), (Some(2.8), Some(1.0 / 250.0)));
        assert_eq!((camera.focal_length, camera.iso), (Some(35.0), Some(400)));
        // 2026-11-22T17:30:00Z.
        assert_eq!(shot.taken_at, Some(1_795_368_600_000));
    }

    #[test]
    fn moments() {
        let cases = [
            ("1970:01:01 00:00:00", None, Some(0)),
            ("2000:02:29 12:00:00", None, Some(951_825_600_000)),
            ("2026:11:22 18:30:00", Some("+01:00"), Some(1_795_368_600_000)),
            ("2026:11:22 12:30:00", Some("-05:00"), Some(1_795_368_600_000)),
            ("1969:12:31 23:59:59", None, Some(-1000)),
            ("0000:00:00 00:00:00", None, None),
            ("2026:13:01 00:00:00", None, None),
            ("    :  :     :  :  ", None, None),
            ("yesterday", None, None),
        ];
        for (taken, offset, expected) in cases {
            assert_eq!(moment(taken, offset), expected, "{taken}");
        }
    }

    #[test]
    fn nonsense_says_nothing() {
        let whole = photos::exif(1);
        for cut in 0..whole.len() {
            let _ = shot(&whole[..cut]);
        }
        let endless = b"MM\0\x2A\0\0\0\x08\xFF\xFF\x87\x69\0\x04\0\0\0\x01\0\0\0\x08";
        for exif in [&b""[..], b"Exif\0\0", b"II\x2A\0\xFF\xFF\xFF\xFF", endless] {
            assert_eq!(shot(exif), Shot::default());
        }
    }
}
