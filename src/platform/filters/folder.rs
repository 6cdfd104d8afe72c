//! The operator's own filters: each `.cube` and `.png` in a folder is one. The file's name is its key.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ring::digest::{SHA256, digest};

use super::{Filter, Filters, Known, Source};
use crate::platform::imaging::filters::{Cube, MOST_BYTES, encode, read_cube, read_hald};

/// Letters in a key.
const KEY_LENGTH: usize = 40;

/// Files that count. What else lies in the folder is left alone.
const ENDINGS: [&str; 2] = ["cube", "png"];

impl Filters {
    pub(super) fn add_folder(&mut self, folder: &Path) {
        let files = match files(folder) {
            Ok(files) => files,
            Err(error) => return self.wrong.push(format!("The folder of filters {}: {error}.", folder.display())),
        };
        for file in files {
            match self.read(&file) {
                Ok(known) => self.known.push(known),
                Err(wrong) => self.wrong.push(format!("The filter {}: {wrong}.", file.display())),
            }
        }
    }

    fn read(&self, file: &Path) -> Result<Known, String> {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        let key = key(stem)?;
        if self.find(&key).is_some() {
            return Err(format!("there is another filter with the key `{key}`; rename the file"));
        }
        let cube = parse(file)?;
        let name = cube.title.clone().unwrap_or_else(|| stem.to_owned());
        let name: String = name.chars().filter(|c| !c.is_control()).take(KEY_LENGTH).collect();
        let colours = cube.colours();
        let digest = digest(&SHA256, &encode(&colours));
        let sha256 = hex(digest.as_ref());
        let filter = Filter { key, name, version: version(digest.as_ref()), sha256, vignette: 0.0, grain: 0.0 };
        Ok(Known { filter, source: Source::Operator(colours), table: OnceLock::new() })
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The files of a folder, by name.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.is_file() && ending(&file).is_some() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn ending(file: &Path) -> Option<&'static str> {
    let ending = file.extension()?.to_str()?;
    ENDINGS.into_iter().find(|known| ending.eq_ignore_ascii_case(known))
}

/// A key is written into inputs and links: `Kodak 2383.cube` becomes `kodak-2383`.
fn key(stem: &str) -> Result<String, String> {
    let key = stem.trim().to_ascii_lowercase().replace([' ', '_', '.'], "-");
    let good = (1..=KEY_LENGTH).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match good {
        true => Ok(key),
        false => {
            Err(format!("its name must have 1 to {KEY_LENGTH} of the letters a to z, digits, `-`, `_` and spaces"))
        }
    }
}

fn parse(file: &Path) -> Result<Cube, String> {
    let bytes = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if bytes > MOST_BYTES {
        return Err(format!("{bytes} bytes; at most {MOST_BYTES} are read"));
    }
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    match ending(file) {
        Some("png") => read_hald(&bytes),
        _ => read_cube(std::str::from_utf8(&bytes).map_err(|_| "it is not text in UTF-8")?),
    }
}

/// Other contents are another version: 31 bits of their SHA-256, because GraphQL's whole numbers have no more.
fn version(digest: &[u8]) -> i32 {
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    (i32::from_be_bytes(bytes) & i32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config;
    use crate::platform::imaging::filters::SET;

    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &[u8])]) -> Self {
            let folder = std::env::temp_dir().join(format!("photograph-filters-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            for (name, bytes) in files {
                fs::write(folder.join(name), bytes).unwrap();
            }
            Self(folder)
        }

        fn opened(&self) -> Filters {
            Filters::open(&config::Filters { folder: Some(self.0.clone()) })
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const HALF: &[u8] = b"TITLE \"Half\"\nLUT_1D_SIZE 2\n0 0 0\n0.5 0.5 0.5\n";

    #[test]
    fn files_become_filters_and_bad_ones_are_told() {
        let ash = encode(&SET[0].colours());
        let files: [(&str, &[u8]); 7] = [
            ("Half Light.cube", HALF),
            ("copy.png", &ash),
            ("broken.cube", b"LUT_3D_SIZE 2\n0 0\n"),
            ("broken.png", b"\x89PNG\r\n\x1A\nnothing"),
            ("müsli.cube", HALF),
            ("ash.cube", HALF),
            ("notes.txt", b"left alone"),
        ];
        let folder = Folder::with("files", &files);
        let filters = folder.opened();
        let half = filters.find("half-light").unwrap();
        assert_eq!((half.name.as_str(), half.vignette, half.grain), ("Half", 0.0, 0.0));
        assert!(filters.is_of_operator(&half.sha256) && half.version > 0);
        assert_eq!(filters.find("copy").unwrap().sha256, SET[0].sha256, "a table of ours read back is the same");
        assert_eq!(filters.all().count(), SET.len() + 2);
        assert_eq!(filters.wrong.len(), 4, "{:#?}", filters.wrong);
        for expected in ["line 2", "PNG", "its name must", "another filter with the key `ash`"] {
            assert!(filters.wrong.iter().any(|wrong| wrong.contains(expected)), "{expected}: {:#?}", filters.wrong);
        }
    }

    #[test]
    fn other_contents_are_another_version() {
        let version = |name: &str, cube: &[u8]| {
            let folder = Folder::with(name, &[("mine.cube", cube)]);
            let filters = folder.opened();
            filters.find("mine").unwrap().version
        };
        let other = b"LUT_1D_SIZE 2\n0 0 0\n0.6 0.5 0.5\n";
        assert_eq!(version("one", HALF), version("two", HALF));
        assert_ne!(version("one", HALF), version("two", other));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let filters = Filters::open(&config::Filters { folder: Some("/nowhere/at/all".into()) });
        assert_eq!((filters.all().count(), filters.wrong.len()), (SET.len(), 1));
    }
}
