//! Photos in the containers of HEIF (HEIC of iPhones, AVIF), made into JPEGs by a program beside this one. Decoders of these
//! are large and written in C, so they run where a crash harms nobody.
//!
//! The program sees one file in a folder of its own, and an empty environment, from within a [`sandbox`]. Its memory, its
//! time and what it may write are bounded; what it writes is looked at like anything that somebody sent. Everything here
//! blocks: call it from a blocking thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::sandbox;
use crate::base::config::Uploads;
use crate::base::error::{Error, Result};
use crate::base::volume;

/// The media types of what the program decodes.
pub const TYPES: [&str; 3] = ["image/heic", "image/heif", "image/avif"];

/// What a file of these says of itself after `ftyp` (ISO/IEC 23008-12, annex B; AVIF 1.1, section 6).
const BRANDS: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"mif1", b"avif", b"heis"];

/// No file takes so long.
const ABANDONED: Duration = Duration::from_hours(1);
/// With fewer bytes free, a picture that is not whole is no fault of the photo.
const SPARE: u64 = 1 << 20;
/// The quality of the JPEG: it is the original that stays.
const QUALITY: &str = "95";
/// Seconds until what follows is ended. Outside of the sandbox, where nothing can be ended.
const TIMED: &str = r#"exec timeout -k 1 "$0" "$@""#;
/// Bounds for the shell and what it becomes: memory in KiB, and blocks of 512 bytes.
const BOUNDED: &str = r#"ulimit -v "$1" && ulimit -f "$2" && exec "$0" -q "$3" photo.heif photo.jpg"#;
/// What `timeout` says of what it ended.
const TOO_SLOW: Option<i32> = Some(124);
/// What it says when it cannot begin the program, or the shell when there is no `timeout`.
const NOT_BEGUN: [Option<i32>; 2] = [Some(126), Some(127)];

/// The program, where there is one that may run.
#[derive(Clone, Debug)]
pub struct Heif {
    /// The program: `heif-convert` of libheif, or one that is called like it.
    pub program: PathBuf,
    /// What starts it in a sandbox. None where there is no sandbox and the configuration does without.
    pub launcher: Option<PathBuf>,
}

impl Heif {
    /// That of a configuration; `None` when there is none.
    ///
    /// # Errors
    /// Why it must not run: without a sandbox what strangers send could reach everything that this program can.
    #[must_use]
    pub fn open(uploads: &Uploads) -> Option<std::result::Result<Self, String>> {
        let program = uploads.heif_decoder.clone()?;
        let launcher = uploads.launcher.clone().unwrap_or_else(sandbox::own_program);
        Some(match sandbox::check(&launcher) {
            Ok(()) => Ok(Self { program, launcher: Some(launcher) }),
            Err(_) if uploads.heif_unsandboxed => Ok(Self { program, launcher: None }),
            Err(why) => Err(format!(
                "HEIC and AVIF are off, because there is no sandbox for the decoder: {why}. Use a kernel with Landlock (Linux 5.13) and let the container use it, or set uploads.heif_unsandboxed."
            )),
        })
    }

    /// The program with a place to work in.
    #[must_use]
    pub fn decoder<'a>(&'a self, place: &'a Path) -> Decoder<'a> {
        Decoder { program: &self.program, launcher: self.launcher.as_deref(), place, bounds: Bounds::default() }
    }
}

/// The program, and where it works.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    /// The program: `heif-convert` of libheif, or one that is called like it.
    pub program: &'a Path,
    /// What starts it in a sandbox; none when it runs without.
    pub launcher: Option<&'a Path>,
    /// Where each file has a folder of its own, for as long as it is worked on.
    pub place: &'a Path,
    /// What it may take.
    pub bounds: Bounds,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The file is something else.
    Other,
    /// It takes longer than this many seconds.
    TooSlow(u64),
    /// The program could not make a picture of it within its bounds.
    Damaged,
}

/// What the program may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long.
    pub time: Duration,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes that it writes.
    pub written: u64,
}

impl Default for Bounds {
    /// 48 megapixels with 10 bits for each color take most of a gigabyte, and are 30 million bytes as a JPEG.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), memory: 2 << 30, written: 128 << 20 }
    }
}

/// Whether bytes begin as a file of these containers does.
#[must_use]
pub fn is_heif(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12).is_some_and(|brand| BRANDS.contains(&brand))
}

/// A small picture of each kind, for trying a program.
const SAMPLES: [(&str, &[u8]); 2] =
    [("HEIC", include_bytes!("heif/sample.heic")), ("AVIF", include_bytes!("heif/sample.avif"))];

impl Decoder<'_> {
    /// Tries the program with a small picture of each kind: what works, or what is wrong.
    #[must_use]
    pub fn check(&self, name: &str) -> Vec<std::result::Result<String, String>> {
        let (program, mut found) = (self.program.display(), Vec::new());
        for (kind, sample) in SAMPLES {
            match self.decode(name, sample) {
                Ok(Ok(_)) => found.push(Ok(format!("{kind} works with {program}, {}.", self.confined()))),
                Ok(Err(_)) => found.push(Err(format!(
                    "{program} makes no picture of {kind}. It may lack what decodes it: libheif-plugin-libde265 for HEIC, libheif-plugin-dav1d for AVIF."
                ))),
                Err(_) => return vec![Err(format!("{program} cannot be run. Check uploads.heif_decoder."))],
            }
        }
        found
    }

    fn confined(&self) -> &'static str {
        match self.launcher {
            Some(_) => "in a sandbox",
            None => "without a sandbox, as uploads.heif_unsandboxed allows",
        }
    }

    /// The picture in a file as a JPEG, upright, with what its metadata says. The name is one that nothing else uses.
    ///
    /// # Errors
    /// When the program cannot be run at all.
    pub fn decode(&self, name: &str, file: &[u8]) -> Result<std::result::Result<Vec<u8>, Failed>> {
        if !is_heif(file) {
            return Ok(Err(Failed::Other));
        }
        let work = Folder(self.place.join(name));
        fs::create_dir_all(&work.0)?;
        forget_abandoned(self.place)?;
        fs::write(work.0.join("photo.heif"), file)?;
        let ended = self.command(&work.0).status()?;
        if NOT_BEGUN.contains(&ended.code()) {
            return Err(Error::internal(format!("{} cannot be run", self.program.display())));
        }
        if volume::free_bytes(&work.0)? < SPARE {
            return Err(Error::full("what a decoder writes may not be whole"));
        }
        Ok(match made(&work.0) {
            Some(bytes) if ended.success() => Ok(bytes),
            _ if ended.code() == TOO_SLOW => Err(Failed::TooSlow(self.bounds.time.as_secs())),
            _ => Err(Failed::Damaged),
        })
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        let Bounds { time, memory, written } = self.bounds;
        command.args(["-c", TIMED]).arg(time.as_secs().to_string());
        if let Some(launcher) = self.launcher {
            command.arg(launcher).arg(sandbox::SUBCOMMAND).arg(self.program);
        }
        let bounds = [memory >> 10, written / 512].map(|bound| bound.to_string());
        command.args(["/bin/sh", "-c", BOUNDED]).arg(self.program).args(bounds).arg(QUALITY);
        command.env_clear().current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Removes what a process that was killed had begun: it may tell where a photo was taken.
fn forget_abandoned(place: &Path) -> Result<()> {
    for folder in fs::read_dir(place)? {
        let folder = folder?;
        // Another process may be done with it at this moment.
        let changed = folder.metadata().and_then(|data| data.modified());
        if changed.is_ok_and(|changed| changed.elapsed().unwrap_or_default() > ABANDONED) {
            drop(Folder(folder.path()));
        }
    }
    Ok(())
}

/// What the program wrote. Where a file has several pictures it counts them, and the first is the one that is shown.
fn made(folder: &Path) -> Option<Vec<u8>> {
    for name in ["photo.jpg", "photo-1.jpg"] {
        if let Ok(bytes) = fs::read(folder.join(name)) {
            return Some(bytes);
        }
    }
    None
}

/// A folder that goes with whatever is in it, however the work ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FILE: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";

    /// What becomes of a file with a program that does this.
    fn with(name: &str, script: &str, seconds: u64) -> (Result<std::result::Result<Vec<u8>, Failed>>, bool) {
        let place = std::env::temp_dir().join(format!("photograph-heif-{name}-{}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        let (program, works) = (place.join("program"), place.join("works"));
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let bounds = Bounds { time: Duration::from_secs(seconds), memory: 64 << 20, written: 1 << 20 };
        let decoder = Decoder { program: &program, launcher: None, place: &works, bounds };
        let made = decoder.decode("one", FILE);
        let is_left = fs::read_dir(works).unwrap().next().is_some();
        fs::remove_dir_all(place).unwrap();
        (made, is_left)
    }

    #[test]
    fn what_the_program_writes_comes_back_and_nothing_is_left() {
        let (made, is_left) = with("writes", "cat \"$3\" > \"$4\"", 60);
        assert_eq!((made.unwrap(), is_left), (Ok(FILE.to_vec()), false));
        let (made, _) = with("counts", "echo one > photo-1.jpg; echo two > photo-2.jpg", 60);
        assert_eq!(made.unwrap(), Ok(b"one\n".to_vec()));
    }

    #[test]
    fn a_program_that_fails_hangs_or_takes_too_much_harms_nobody() {
        for (name, script) in [
            ("fails", "echo half > \"$4\"; exit 1"),
            ("says-nothing", "exit 0"),
            ("dies", "kill -SEGV $$"),
            ("takes-memory", "exec tail -n 1 /dev/zero > \"$4\""),
            ("writes-on", "exec cat /dev/zero > \"$4\""),
        ] {
            let (made, is_left) = with(name, script, 60);
            assert_eq!((made.unwrap(), is_left), (Err(Failed::Damaged), false), "{name}");
        }
        let (made, is_left) = with("hangs", "exec tail -f /dev/null", 1);
        assert_eq!((made.unwrap(), is_left), (Err(Failed::TooSlow(1)), false));
    }

    #[test]
    fn the_program_knows_nothing_of_this_one() {
        let (made, _) = with("environment", "env | grep -v '^PWD=\\|^_=\\|^OLDPWD=\\|^SHLVL=' > \"$4\"; exit 0", 60);
        assert_eq!(made.unwrap(), Ok(vec![]));
    }

    #[test]
    fn without_a_sandbox_nothing_is_decoded_unless_the_configuration_allows_it() {
        let launcher = Some(PathBuf::from("/bin/false"));
        let uploads = Uploads { heif_decoder: Some("/usr/bin/heif-convert".into()), launcher, ..Uploads::default() };
        let refused = Heif::open(&uploads).unwrap().unwrap_err();
        assert!(refused.contains("uploads.heif_unsandboxed"), "{refused}");
        let allowed = Heif::open(&Uploads { heif_unsandboxed: true, ..uploads.clone() }).unwrap().unwrap();
        assert_eq!(allowed.launcher, None);
        assert!(Heif::open(&Uploads { heif_decoder: None, ..uploads }).is_none());
    }

    #[test]
    fn a_program_that_is_not_there_is_no_fault_of_the_photo() {
        let place = std::env::temp_dir().join(format!("photograph-heif-none-{}", std::process::id()));
        let program = Path::new("/no/such/program");
        let decoder = Decoder { program, launcher: None, place: &place, bounds: Bounds::default() };
        assert!(decoder.decode("one", FILE).is_err());
        let jpeg = decoder.decode("two", b"\xFF\xD8\xFF\xE0 a JPEG");
        assert_eq!(jpeg.unwrap(), Err(Failed::Other));
        fs::remove_dir_all(place).unwrap();
    }
}
