//! Files on the local disk. A file gets its name when it is whole, and is on the disk when that is said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::fs::{self, DirEntry, File, ReadDir};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::durable::Temporary;
use super::{Kept, Opened, PAGE, Part};
use crate::base::error::{Error, Result};

/// Bytes read at once.
const PIECE: usize = 32 << 10;
/// Earlier versions wrote beside the file, under a name with this end. None writes for so long.
const UNFINISHED: (&str, Duration) = ("part", Duration::from_hours(24));

/// Files below one folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
}

/// The keys below a folder, as they are found. What is open of it is no more than how deep it is.
pub(super) struct Walk<'a> {
    disk: &'a Disk,
    open: Vec<ReadDir>,
}

impl Disk {
    pub(super) fn below(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) async fn keep(&self, file: Temporary, key: &str) -> Result<()> {
        Ok(file.rename(self.folder.join(key)).await?)
    }

    pub(super) async fn open(&self, key: &str, part: Option<Part>) -> Result<Option<Opened>> {
        let Some(mut file) = absent(File::open(self.folder.join(key)).await)? else { return Ok(None) };
        let whole = Part { from: 0, bytes: file.metadata().await?.len() };
        let part = part.unwrap_or(whole);
        file.seek(std::io::SeekFrom::Start(part.from)).await?;
        let body = ReaderStream::with_capacity(file.take(part.bytes), PIECE);
        Ok(Some(Opened { bytes: part.bytes, body: body.map(|piece: std::io::Result<Bytes>| piece).boxed() }))
    }

    pub(super) async fn look(&self, key: &str) -> Result<Option<Kept>> {
        let data = absent(fs::metadata(self.folder.join(key)).await)?;
        Ok(data.filter(std::fs::Metadata::is_file).map(|data| Kept { bytes: data.len(), sha256: None }))
    }

    pub(super) async fn walk(&self, folder: &str) -> Result<Walk<'_>> {
        let open = absent(fs::read_dir(self.folder.join(folder)).await)?;
        Ok(Walk { disk: self, open: open.into_iter().collect() })
    }

    pub(super) async fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let (mut open, mut names) = (absent(fs::read_dir(self.folder.join(folder)).await)?, Vec::new());
        while let Some(entry) = next(open.as_mut()).await? {
            if absent(entry.file_type().await)?.is_some_and(|kind| kind.is_dir()) {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }

    pub(super) async fn remove(&self, key: &str) -> Result<()> {
        absent(fs::remove_file(self.folder.join(key)).await).map(|_| ())
    }

    pub(super) async fn remove_folder(&self, folder: &str) -> Result<()> {
        absent(fs::remove_dir_all(self.folder.join(folder)).await).map(|_| ())
    }

    fn key(&self, path: &Path) -> Result<String> {
        let key = path.strip_prefix(&self.folder).map_err(Error::internal)?;
        Ok(key.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
    }
}

fn absent<T>(result: std::io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn next(open: Option<&mut ReadDir>) -> Result<Option<DirEntry>> {
    match open {
        Some(open) => Ok(absent(open.next_entry().await)?.flatten()),
        None => Ok(None),
    }
}

impl Walk<'_> {
    /// Some of the keys; none at the end.
    pub(super) async fn page(&mut self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        while let Some(folder) = self.open.last_mut() {
            match next(Some(folder)).await? {
                Some(entry) => keys.extend(self.enter(&entry).await?),
                None => drop(self.open.pop()),
            }
            if keys.len() == PAGE {
                break;
            }
        }
        Ok(keys)
    }

    /// The key of a file; a folder is looked into next. Either may be removed while it is looked at.
    async fn enter(&mut self, entry: &DirEntry) -> Result<Option<String>> {
        let path = entry.path();
        let Some(kind) = absent(entry.file_type().await)? else { return Ok(None) };
        if kind.is_dir() {
            self.open.extend(absent(fs::read_dir(&path).await)?);
            return Ok(None);
        }
        if path.extension().is_some_and(|end| end == UNFINISHED.0) {
            forget_if_abandoned(&path).await?;
            return Ok(None);
        }
        self.disk.key(&path).map(Some)
    }
}

async fn forget_if_abandoned(unfinished: &Path) -> Result<()> {
    let Some(data) = absent(fs::metadata(unfinished).await)? else { return Ok(()) };
    if data.modified()?.elapsed().unwrap_or_default() > UNFINISHED.1 {
        absent(fs::remove_file(unfinished).await)?;
    }
    Ok(())
}
