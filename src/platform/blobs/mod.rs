//! The files: originals and images, by key, on the local disk. Written whole or not at all, never changed.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use ring::digest::{Context, SHA256};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use crate::base::error::{Error, Result};

/// No upload takes so long.
const ABANDONED: Duration = Duration::from_hours(24);

/// The store of files below one folder.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

/// What arrived of a stream of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Bytes that arrived and have no key yet. Dropped, they are thrown away.
#[derive(Debug)]
pub struct Incoming {
    file: PathBuf,
    /// What arrived.
    pub arrived: Arrived,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After `keep` the file has moved away and there is nothing to remove.
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Blobs {
    /// The store below a folder, which is made.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn at(folder: &Path) -> Result<Self> {
        let incoming = folder.join("incoming");
        std::fs::create_dir_all(&incoming)?;
        forget_abandoned(&incoming)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Takes bytes in, at most `most`, under a name that nothing else uses at the moment. `None` when there are more.
    ///
    /// # Errors
    /// When the disk or the sender fails.
    pub async fn receive<S>(&self, name: &str, most: u64, mut bytes: S) -> Result<Option<Incoming>>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
    {
        let path = self.folder.join("incoming").join(name);
        let mut file = File::create(&path).await?;
        let mut incoming = Incoming { file: path, arrived: Arrived { bytes: 0, sha256: String::new() } };
        let mut digest = Context::new(&SHA256);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            incoming.arrived.bytes += chunk.len() as u64;
            if incoming.arrived.bytes > most {
                return Ok(None);
            }
            digest.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.sync_all().await?;
        incoming.arrived.sha256 = hex(digest.finish().as_ref());
        Ok(Some(incoming))
    }

    /// Gives received bytes their key.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn keep(&self, incoming: Incoming, key: &str) -> Result<()> {
        let path = self.path(key)?;
        make_parent(&path).await?;
        fs::rename(&incoming.file, &path).await?;
        sync_parent(&path).await
    }

    /// Writes a file. Writing the same key again replaces it by the whole new one.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(key)?;
        make_parent(&path).await?;
        let unfinished = path.with_extension("part");
        let mut file = File::create(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, &path).await?;
        sync_parent(&path).await
    }

    /// The whole of a file; `None` when there is none.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn read(&self, key: &str) -> Result<Option<Vec<u8>>> {
        absent(fs::read(self.path(key)?).await)
    }

    /// A file to read from, with its length in bytes; `None` when there is none.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn open(&self, key: &str) -> Result<Option<(u64, File)>> {
        let Some(file) = absent(File::open(self.path(key)?).await)? else { return Ok(None) };
        let length = file.metadata().await?.len();
        Ok(Some((length, file)))
    }

    /// Removes a file, or a folder of files with the same start of their keys. Harmless when there is none.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn remove(&self, key: &str) -> Result<()> {
        let path = self.path(key)?;
        let removed = if path.is_dir() { fs::remove_dir_all(&path).await } else { fs::remove_file(&path).await };
        absent(removed).map(|_| ())
    }

    /// Where a key lies. Keys are ours, never a client's; a bad one is a bug.
    fn path(&self, key: &str) -> Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let good = key.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain));
        if good { Ok(self.folder.join(key)) } else { Err(Error::internal(format!("{key:?} is not a key"))) }
    }
}

/// Removes what a process that was killed had begun to receive. What is younger may still be coming, to another process.
fn forget_abandoned(incoming: &Path) -> Result<()> {
    for file in std::fs::read_dir(incoming)? {
        let file = file?;
        let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > ABANDONED {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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
