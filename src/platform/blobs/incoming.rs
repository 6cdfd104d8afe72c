//! Bytes that come through this server: written to a folder of the local disk, counted and hashed, until they get a key.
//!
//! The folder is on the volume of the files themselves, and nothing in it is ever listed as one of them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use ring::digest::{Context, SHA256};

use super::durable::{Temporary, Writer};
use super::hex;
use crate::base::chance::Chance;
use crate::base::error::Result;

/// No upload takes so long between two pieces.
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
    pub(super) file: Temporary,
    /// What arrived.
    pub arrived: Arrived,
}

/// Where bytes lie while they come.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    chance: Chance,
}

impl Spool {
    /// A place below a folder, which is made.
    pub(super) fn below(folder: &Path, chance: &Chance) -> Result<Self> {
        let folder = folder.join("incoming");
        std::fs::create_dir_all(&folder)?;
        let spool = Self { folder, chance: chance.clone() };
        spool.forget_abandoned();
        Ok(spool)
    }

    pub(super) async fn receive<S>(&self, most: u64, mut bytes: S) -> Result<Option<Incoming>>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
    {
        let (mut writer, mut digest) = (self.writer().await?, Digest::new());
        while let Some(piece) = bytes.next().await {
            let piece = piece?;
            digest.update(&piece);
            if digest.bytes > most {
                return Ok(None);
            }
            writer.write(&piece).await?;
        }
        Ok(Some(Incoming { file: writer.finish().await?, arrived: digest.finish() }))
    }

    /// Bytes that are all here, on the disk.
    pub(super) async fn write(&self, bytes: &[u8]) -> Result<Temporary> {
        let mut writer = self.writer().await?;
        writer.write(bytes).await?;
        Ok(writer.finish().await?)
    }

    /// Other processes may share the folder: the name is random.
    async fn writer(&self) -> Result<Writer> {
        Ok(Writer::create(&self.folder, &self.chance.token()).await?)
    }

    /// Removes what a process that was killed had begun to receive. What is younger may still be coming, to another process.
    pub(super) fn forget_abandoned(&self) {
        let Ok(files) = std::fs::read_dir(&self.folder) else { return };
        for file in files.flatten() {
            if let Err(error) = forget_if_abandoned(&file.path()) {
                tracing::warn!(%error, "an abandoned file of an upload was not removed");
            }
        }
    }
}

/// Another process may rename or remove the file at any moment.
fn forget_if_abandoned(file: &Path) -> std::io::Result<()> {
    let forgotten = std::fs::symlink_metadata(file).and_then(|data| data.modified()).and_then(|modified| {
        let is_old = modified.elapsed().unwrap_or_default() > ABANDONED;
        if is_old { std::fs::remove_file(file) } else { Ok(()) }
    });
    match forgotten {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use super::*;

    #[test]
    fn what_is_old_goes_and_what_another_process_takes_meanwhile_harms_nobody() {
        let place = std::env::temp_dir().join(format!("photograph-spool-{}", std::process::id()));
        let spool = Spool::below(&place, &Chance::default()).unwrap();
        let (old, young) = (spool.folder.join("old"), spool.folder.join("young"));
        for (file, age) in [(&old, ABANDONED + Duration::from_mins(1)), (&young, Duration::ZERO)] {
            let file = File::create(file).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_times(FileTimes::new().set_modified(now - age)).unwrap();
        }
        forget_if_abandoned(&spool.folder.join("renamed by another process")).unwrap();
        // As at the start.
        Spool::below(&place, &Chance::default()).unwrap();
        assert_eq!((old.exists(), young.exists()), (false, true));
        std::fs::remove_dir_all(place).unwrap();
        spool.forget_abandoned();
    }
}
