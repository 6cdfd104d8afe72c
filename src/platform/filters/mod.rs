//! The filters of this server: those of the house, and those that its operator adds as `.cube` or `.png` files.
//!
//! Nothing is calculated before it is needed: what a filter is called and the SHA-256 of its table are known, the table is
//! drawn when somebody first asks for it or puts it on a photo. A file that is not right is told and left out.

mod folder;

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::base::config;
use crate::platform::imaging::filters::{self as tables, Preset, SET, read_hald};
use crate::platform::imaging::lut::Lut;

/// A filter, as photos remember it: whatever becomes of the operator's files, they can be shown as they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its version; the same key and version is the same table for ever.
    pub version: i32,
    /// The SHA-256 of its table.
    pub sha256: String,
    /// How much the corners are darkened, 0 to 1.
    pub vignette: f32,
    /// How much grain is added, 0 to 1.
    pub grain: f32,
}

/// A table, ready to be put on photos and to be sent.
pub struct Table {
    /// For photos.
    pub lut: Lut,
    /// For clients: a PNG.
    pub png: Vec<u8>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table")
    }
}

impl Table {
    /// The table in a PNG that this server wrote; `None` when it is something else.
    #[must_use]
    pub fn read(png: Vec<u8>) -> Option<Self> {
        Some(Self { lut: Lut::new(&read_hald(&png).ok()?.colours())?, png })
    }

    fn of(colours: &[[u8; 3]]) -> Option<Self> {
        Some(Self { lut: Lut::new(colours)?, png: tables::encode(colours) })
    }
}

/// The filters of this server.
#[derive(Debug)]
pub struct Filters {
    known: Vec<Known>,
    /// What is wrong with files of the folder, in sentences for the operator.
    pub wrong: Vec<String>,
}

#[derive(Debug)]
struct Known {
    filter: Filter,
    source: Source,
    table: OnceLock<Option<Arc<Table>>>,
}

#[derive(Debug)]
enum Source {
    House(&'static Preset),
    Operator(Vec<[u8; 3]>),
}

impl Filters {
    /// Those of the house, and those in the operator's folder. Reads the whole folder.
    #[must_use]
    pub fn open(config: &config::Filters) -> Self {
        let mut filters = Self { known: SET.iter().map(Known::of_the_house).collect(), wrong: Vec::new() };
        if let Some(folder) = &config.folder {
            filters.add_folder(folder);
        }
        filters
    }

    /// All of them, in the order they are shown.
    pub fn all(&self) -> impl Iterator<Item = &Filter> {
        self.known.iter().map(|known| &known.filter)
    }

    /// The one with a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Filter> {
        self.all().find(|filter| filter.key == key)
    }

    /// The one with a table.
    #[must_use]
    pub fn with_table(&self, sha256: &str) -> Option<&Filter> {
        self.all().find(|filter| filter.sha256 == sha256)
    }

    /// The table with this SHA-256, drawn when it is first asked for: that takes tens of milliseconds.
    #[must_use]
    pub fn table(&self, sha256: &str) -> Option<Arc<Table>> {
        let known = self.known.iter().find(|known| known.filter.sha256 == sha256)?;
        known.table.get_or_init(|| known.draw().map(Arc::new)).clone()
    }

    /// Whether a table is one of the operator's, which may not be here tomorrow.
    #[must_use]
    pub fn is_of_operator(&self, sha256: &str) -> bool {
        let known = self.known.iter().find(|known| known.filter.sha256 == sha256);
        known.is_some_and(|known| matches!(known.source, Source::Operator(_)))
    }
}

impl Known {
    fn of_the_house(preset: &'static Preset) -> Self {
        let filter = Filter {
            key: preset.key.to_owned(),
            name: preset.name.to_owned(),
            version: preset.version,
            sha256: preset.sha256.to_owned(),
            vignette: preset.vignette,
            grain: preset.grain,
        };
        Self { filter, source: Source::House(preset), table: OnceLock::new() }
    }

    fn draw(&self) -> Option<Table> {
        match &self.source {
            Source::House(preset) => Table::of(&preset.colours()),
            Source::Operator(colours) => Table::of(colours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::digest::{SHA256, digest};

    /// The same key and version is the same table for ever. A recipe that should be another one needs the next version.
    #[test]
    fn the_tables_of_the_house_are_what_they_were() {
        let filters = Filters::open(&config::Filters::default());
        assert!(filters.all().count() >= 16 && filters.wrong.is_empty());
        for filter in filters.all() {
            let table = filters.table(&filter.sha256).unwrap();
            let digest = digest(&SHA256, &table.png);
            assert_eq!(folder::hex(digest.as_ref()), filter.sha256, "{} {}", filter.key, filter.version);
            assert!(Table::read(table.png.clone()).unwrap().lut == table.lut, "{}", filter.key);
        }
    }
}
