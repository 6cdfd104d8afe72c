//! What it costs to turn a photo of 12 megapixels into its images: photos for each second of a core, memory, bytes, and how
//! much of the picture is lost.
//!
//! Each kind of work is done by a process of its own, one thread, again and again: its CPU time and its peak of memory are
//! what the kernel has counted. The photos are drawn by the program, or one is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use photograph_pictures as pictures;

use super::costs::Costs;
use crate::base::error::{Error, Result};
use crate::platform::imaging::{self, Focus, Limits, Output, Size};

/// Pixels of a drawn photo, as those of phones.
const SIZE: (u16, u16) = (4000, 3000);

/// What is done with a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Everything from checks to the four JPEGs.
    Jpeg,
    /// The same with WebP instead.
    Webp,
    /// The same with both, as it is done with an upload.
    Both,
    /// One JPEG of 2048 pixels, as it is done when it is asked for.
    Full,
    /// One AVIF of 1080 pixels, as it is done when it is asked for.
    Avif,
}

impl Work {
    /// All of it.
    pub const ALL: [Work; 5] = [Work::Jpeg, Work::Webp, Work::Both, Work::Full, Work::Avif];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Work::Jpeg => "jpeg",
            Work::Webp => "webp",
            Work::Both => "both",
            Work::Full => "full",
            Work::Avif => "avif",
        }
    }

    /// Does it once. Returns the bytes of all images.
    fn once(self, photo: &[u8]) -> Result<usize> {
        let limits = Limits::default();
        let all = |outputs: &[Output]| {
            let made = imaging::process_into(outputs, (photo, None), &limits)?;
            Ok(made.renditions.iter().map(|image| image.bytes.len()).sum())
        };
        let one = |size, output| {
            let picture = imaging::open(photo, (size, Focus::default()), &limits)?;
            picture.finish(output).map(|image| image.bytes.len())
        };
        let bytes: std::result::Result<usize, imaging::Rejection> = match self {
            Work::Jpeg => all(&[Output::Jpeg]),
            Work::Webp => all(&[Output::WebP]),
            Work::Both => all(&Output::AT_ONCE),
            Work::Full => one(Size::Full, Output::Jpeg),
            Work::Avif => one(Size::High, Output::Avif),
        };
        bytes.map_err(Error::internal)
    }
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// A photo; drawn ones when there is none.
    pub photo: Option<PathBuf>,
    /// How many are drawn.
    pub scenes: u64,
    /// How often each is worked on.
    pub rounds: u32,
}

/// What a process spent.
struct Spent {
    milliseconds: f64,
    kilobytes: f64,
    bytes: f64,
}

/// Measures, and tells line by line.
///
/// # Errors
/// When a photo cannot be read or a process cannot be started.
pub fn photos(plan: &Plan, tell: impl Fn(&str)) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("photograph-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = plan.photos(&folder).and_then(|photos| measure(&photos, plan.rounds, tell));
    fs::remove_dir_all(&folder)?;
    measured
}

impl Plan {
    fn photos(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        if let Some(photo) = &self.photo {
            return Ok(vec![photo.clone()]);
        }
        let drawn = (0..self.scenes.max(1)).map(|scene| {
            let file = folder.join(format!("{scene}.jpg"));
            fs::write(&file, pictures::jpeg(scene, SIZE.0, SIZE.1))?;
            Ok(file)
        });
        drawn.collect()
    }
}

fn measure(photos: &[PathBuf], rounds: u32, tell: impl Fn(&str)) -> Result<()> {
    tell("work   photos/core-second   CPU ms   peak MB   KB of images");
    for work in Work::ALL {
        let mut spent = Vec::new();
        for photo in photos {
            spent.push(in_a_process(work, photo, rounds)?);
        }
        let count = f64::from(u32::try_from(spent.len()).unwrap_or(1));
        let mean = |of: fn(&Spent) -> f64| spent.iter().map(of).sum::<f64>() / count;
        let (cpu, bytes) = (mean(|it| it.milliseconds), mean(|it| it.bytes) / 1000.0);
        let peak = spent.iter().map(|it| it.kilobytes).fold(0.0, f64::max) / 1024.0;
        tell(&format!("{:<6} {:>19.1} {cpu:>8.0} {peak:>9.0} {bytes:>14.0}", work.name(), 1000.0 / cpu));
    }
    for output in Output::AT_ONCE {
        let lost: Vec<f64> = photos.iter().map(|photo| fidelity(photo, output)).collect::<Result<_>>()?;
        let mean = lost.iter().sum::<f64>() / f64::from(u32::try_from(lost.len()).unwrap_or(1));
        tell(&format!("The {} of 1080 pixels keeps {mean:.1} dB (PSNR) of its picture.", output.extension()));
    }
    Ok(())
}

fn in_a_process(work: Work, photo: &Path, rounds: u32) -> Result<Spent> {
    let mut process = Command::new(std::env::current_exe()?);
    process.args(["bench", "photo", "--work", work.name(), "--rounds", &rounds.to_string(), "--photo"]).arg(photo);
    let told = process.output()?;
    let numbers = String::from_utf8_lossy(&told.stdout).into_owned();
    let numbers: Vec<f64> = numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [milliseconds, kilobytes, bytes] = numbers[..] else {
        return Err(Error::internal(String::from_utf8_lossy(&told.stderr).into_owned()));
    };
    Ok(Spent { milliseconds, kilobytes, bytes })
}

/// Works on one photo in this process. Returns milliseconds of CPU for each round, kilobytes at the peak, and bytes made.
///
/// # Errors
/// When the photo cannot be read or is none.
pub fn photo(work: Work, photo: &Path, rounds: u32) -> Result<String> {
    let photo = fs::read(photo)?;
    let mut bytes = work.once(&photo)?;
    let before = Costs::so_far(std::process::id());
    for _ in 0..rounds {
        bytes = work.once(&photo)?;
    }
    let spent = Costs::so_far(std::process::id()).since(before).server;
    let milliseconds = spent.as_secs_f64() * 1000.0 / f64::from(rounds.max(1));
    Ok(format!("{milliseconds:.2} {} {bytes}", peak_kilobytes()))
}

/// The most memory that this process has had.
fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// How near the file of 1080 pixels is to the picture that was written, in decibels: PSNR over red, green and blue.
fn fidelity(photo: &Path, output: Output) -> Result<f64> {
    let (photo, limits, high) = (fs::read(photo)?, Limits::default(), (Size::High, Focus::default()));
    let mut meant = imaging::open(&photo, high, &limits).map_err(Error::internal)?;
    meant.sharpen();
    let written = meant.clone().finish(output).map_err(Error::internal)?;
    let mut seen = imaging::open(&written.bytes, high, &limits).map_err(Error::internal)?;
    let pairs = meant.rgb_mut().as_flattened().iter().zip(seen.rgb_mut().as_flattened());
    let (mut sum, mut count) = (0.0, 0.0);
    for (one, other) in pairs {
        sum += f64::from(one.abs_diff(*other)).powi(2);
        count += 1.0;
    }
    Ok(10.0 * (255.0_f64.powi(2) * count / f64::max(sum, 1.0)).log10())
}
