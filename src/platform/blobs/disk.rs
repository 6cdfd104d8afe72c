//! Files on the local disk. A file gets its name when it is whole, and is on the disk when that is said.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use super::{Incoming, Kept, Opened, Part};
use crate::base::error::{Error, Result};

/// Bytes read at once.
const PIECE: usize = 32 << 10;

/// Files below one folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    pub(super) fn below(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) async fn keep(&self, incoming: &Incoming, key: &str) -> Result<()> {
        let path = self.folder.join(key);
        make_parent(&path).await?;
        fs::rename(&incoming.file, &path).await?;
        sync_parent(&path).await
    }

    pub(super) async fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(key);
        make_parent(&path).await?;
        let unfinished = path.with_extension("part");
        let mut file = File::create(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, &path).await?;
        sync_parent(&path).await
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

    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>> {
        let (mut folders, mut keys) = (vec![self.folder.join(folder)], Vec::new());
        while let Some(folder) = folders.pop() {
            let Some(mut entries) = absent(fs::read_dir(&folder).await)? else { continue };
            while let Some(entry) = entries.next_entry().await? {
                let path = entry.path();
                // It may be removed while it is looked at.
                match absent(entry.file_type().await)? {
                    Some(kind) if kind.is_dir() => folders.push(path),
                    Some(_) if path.extension().is_none_or(|end| end != "part") => keys.push(self.key(&path)?),
                    _ => {}
                }
            }
        }
        Ok(keys)
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

async fn make_parent(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).await?;
    }
    Ok(())
}

/// A rename is on the disk only when its folder is.
async fn sync_parent(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent() {
        File::open(parent).await?.sync_all().await?;
    }
    Ok(())
}
