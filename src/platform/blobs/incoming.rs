//! Bytes that come through this server: written to a folder of the local disk, counted and hashed, until they get a key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use ring::digest::{Context, SHA256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::hex;
use crate::base::error::Result;

/// No upload takes so long.
const ABANDONED: Duration = Duration::from_hours(24);

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
    pub(super) file: PathBuf,
    /// What arrived.
    pub arrived: Arrived,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the disk kept it, the file has moved away and there is nothing to remove.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Where bytes lie while they come.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// A place below a folder, which is made.
    pub(super) fn below(folder: &Path) -> Result<Self> {
        let folder = folder.join("incoming");
        std::fs::create_dir_all(&folder)?;
        forget_abandoned(&folder)?;
        Ok(Self { folder })
    }

    pub(super) async fn receive<S>(&self, name: &str, most: u64, mut bytes: S) -> Result<Option<Incoming>>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
    {
        let path = self.folder.join(name);
        let mut file = File::create(&path).await?;
        let mut incoming = Incoming { file: path, arrived: Digest::new().finish() };
        let mut digest = Digest::new();
        while let Some(piece) = bytes.next().await {
            let piece = piece?;
            digest.update(&piece);
            if digest.bytes > most {
                return Ok(None);
            }
            file.write_all(&piece).await?;
        }
        file.sync_all().await?;
        incoming.arrived = digest.finish();
        Ok(Some(incoming))
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

/// Counts and hashes bytes as they pass.
pub(super) struct Digest {
    bytes: u64,
    sha256: Context,
}

impl Digest {
    pub(super) fn new() -> Self {
        Self { bytes: 0, sha256: Context::new(&SHA256) }
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.sha256.update(piece);
    }

    pub(super) fn finish(self) -> Arrived {
        Arrived { bytes: self.bytes, sha256: hex(self.sha256.finish().as_ref()) }
    }
}

/// What some bytes that are all here would have arrived as.
#[must_use]
pub fn arrived(bytes: &[u8]) -> Arrived {
    let mut digest = Digest::new();
    digest.update(bytes);
    digest.finish()
}
