//! The files: originals and images, by key, on the local disk or in S3. Written whole or not at all, never changed.
//!
//! Keys are ours, never a client's: parts of letters, digits and `-_.`, with slashes between. What both stores do alike
//! stands here: bytes that come through this server are counted and hashed on the local disk before they get a key.

mod check;
mod disk;
mod durable;
mod incoming;
mod s3;

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use crate::base::chance::Chance;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::base::volume;

use disk::Disk;
pub use incoming::{Arrived, Incoming, arrived};
use incoming::{Digest, Spool};
use s3::S3;

/// Keys in a page of a list: what S3 gives at once.
const PAGE: usize = 1000;

/// The store of files.
#[derive(Debug)]
pub struct Blobs {
    store: Store,
    spool: Spool,
    /// Bytes of the local disk that photos leave free.
    free_bytes: u64,
}

#[derive(Debug)]
enum Store {
    Disk(Disk),
    S3(Box<S3>),
}

/// The bytes of a file, or of a part of it, as they come.
pub struct Opened {
    /// How many come.
    pub bytes: u64,
    /// They.
    pub body: BoxStream<'static, std::io::Result<Bytes>>,
}

/// A part of a file: from a byte on, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte, counted from 0.
    pub from: u64,
    /// How many.
    pub bytes: u64,
}

/// What a store knows of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256, 64 lower-case hexadecimal digits, where the store keeps one.
    pub sha256: Option<String>,
}

/// What may be sent to a store, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The media type it is sent with.
    pub content_type: &'a str,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal, when it is known.
    pub sha256: Option<&'a str>,
}

/// Where a client sends a file to the store itself.
#[derive(Clone, Debug)]
pub struct SignedPut {
    /// The address to `PUT` it to.
    pub url: String,
    /// What to send with it.
    pub headers: Vec<(&'static str, String)>,
}

/// How a client reads a file from the store itself.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// For how long it may.
    pub life: Duration,
    /// The `Cache-Control` that the file comes with.
    pub cache: &'a str,
    /// Whether it is only looked at: `HEAD`.
    pub is_head: bool,
}

impl Blobs {
    /// The store that is configured. It need not answer yet.
    ///
    /// # Errors
    /// When the data folder cannot be written to, or the configuration names no region.
    pub async fn open(config: &Config, chance: &Chance) -> Result<Self> {
        let folder = config.server.data.join("blobs");
        let spool = Spool::below(&folder, chance)?;
        let store = match &config.s3.bucket {
            Some(bucket) => Store::S3(Box::new(S3::connect(&config.s3, bucket).await?)),
            None => Store::Disk(Disk::below(folder)),
        };
        Ok(Self { store, spool, free_bytes: config.uploads.free_bytes })
    }

    /// Whether so many bytes more can be kept. S3 has room for all.
    ///
    /// # Errors
    /// `OVERLOADED` when the disk would be fuller than it may be.
    pub fn check_room(&self, bytes: u64) -> Result<()> {
        let Store::Disk(disk) = &self.store else { return Ok(()) };
        let free = volume::free_bytes(disk.folder())?;
        if free < bytes.saturating_add(self.free_bytes) {
            let folder = disk.folder().display();
            return Err(Error::full(format!("{free} bytes are free for {folder}, {bytes} more are to come in")));
        }
        Ok(())
    }

    /// Takes bytes in, at most `most`. `None` when there are more.
    ///
    /// # Errors
    /// When the disk or the sender fails.
    pub async fn receive<S>(&self, most: u64, bytes: S) -> Result<Option<Incoming>>
    where
        S: futures_util::Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
    {
        self.spool.receive(most, bytes).await
    }

    /// Gives received bytes their key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(&self, incoming: Incoming, key: &str) -> Result<()> {
        match &self.store {
            Store::Disk(disk) => disk.keep(incoming.file, sound(key)?).await,
            Store::S3(s3) => s3.keep(&incoming, sound(key)?).await,
        }
    }

    /// Writes a file. Writing the same key again replaces it by the whole new one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        match &self.store {
            Store::Disk(disk) => disk.keep(self.spool.write(bytes).await?, sound(key)?).await,
            Store::S3(s3) => s3.write(sound(key)?, bytes).await,
        }
    }

    /// The whole of a file; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let Some(mut file) = self.open_part(key, None).await? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(usize::try_from(file.bytes).unwrap_or(0));
        while let Some(piece) = file.body.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| self.broken_off(error))?);
        }
        Ok(Some(bytes))
    }

    /// A file to read from, or a part of it; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_part(&self, key: &str, part: Option<Part>) -> Result<Option<Opened>> {
        match &self.store {
            Store::Disk(disk) => disk.open(sound(key)?, part).await,
            Store::S3(s3) => s3.open(sound(key)?, part).await,
        }
    }

    /// What the store knows of a file without reading it; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look(&self, key: &str) -> Result<Option<Kept>> {
        match &self.store {
            Store::Disk(disk) => disk.look(sound(key)?).await,
            Store::S3(s3) => s3.look(sound(key)?).await,
        }
    }

    /// Reads a file to its end, to know its checksum; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn digest(&self, key: &str) -> Result<Option<Arrived>> {
        let Some(mut file) = self.open_part(key, None).await? else { return Ok(None) };
        let mut digest = Digest::new();
        while let Some(piece) = file.body.next().await {
            digest.update(&piece.map_err(|error| self.broken_off(error))?);
        }
        Ok(Some(digest.finish()))
    }

    /// The keys of the files in a folder, and in those below it. For folders of a handful; others have [`Self::pages`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>> {
        self.pages(folder).await?.try_concat().await
    }

    /// The same, some keys at a time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pages(&self, folder: &str) -> Result<BoxStream<'_, Result<Vec<String>>>> {
        let walk = match &self.store {
            Store::Disk(disk) => disk.walk(sound(folder)?).await?,
            Store::S3(s3) => return Ok(s3.pages(sound(folder)?)),
        };
        let pages = stream::try_unfold(walk, |mut walk| async move {
            let page = walk.page().await?;
            Ok::<_, Error>(Some((page, walk)).filter(|(page, _)| !page.is_empty()))
        });
        Ok(pages.boxed())
    }

    /// The names of the folders in a folder that can be those of keys.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = match &self.store {
            Store::Disk(disk) => disk.folders(sound(folder)?).await?,
            Store::S3(s3) => s3.folders(sound(folder)?).await?,
        };
        names.retain(|name| sound(name).is_ok());
        Ok(names)
    }

    /// Removes what processes that were killed had begun to write.
    pub fn forget_abandoned(&self) {
        self.spool.forget_abandoned();
    }

    /// Removes a file. Harmless when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, key: &str) -> Result<()> {
        match &self.store {
            Store::Disk(disk) => disk.remove(sound(key)?).await,
            Store::S3(s3) => s3.remove(sound(key)?).await,
        }
    }

    /// Removes a folder of files. Harmless when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_folder(&self, folder: &str) -> Result<()> {
        match &self.store {
            Store::Disk(disk) => disk.remove_folder(sound(folder)?).await,
            Store::S3(s3) => s3.remove_folder(sound(folder)?).await,
        }
    }

    /// Where a client sends a file to the store itself; `None` when only this server can write to it. Asks nobody.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    pub async fn sign_put(&self, key: &str, expected: Expected<'_>, life: Duration) -> Result<Option<SignedPut>> {
        match &self.store {
            Store::Disk(_) => Ok(None),
            Store::S3(s3) => s3.sign_put(sound(key)?, expected, life).await.map(Some),
        }
    }

    /// Where a client reads a file from the store itself; `None` when only this server can read from it. Asks nobody.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    pub async fn sign_get(&self, key: &str, reading: Reading<'_>) -> Result<Option<String>> {
        match &self.store {
            Store::Disk(_) => Ok(None),
            Store::S3(s3) => s3.sign_get(sound(key)?, reading).await.map(Some),
        }
    }

    /// The address by which clients reach the store itself, without a path; `None` when only this server can.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        match &self.store {
            Store::Disk(_) => None,
            Store::S3(s3) => Some(s3.origin()),
        }
    }

    /// A file that ended in the middle: with S3 that is the network, which may be better soon.
    fn broken_off(&self, error: std::io::Error) -> Error {
        match &self.store {
            Store::Disk(_) => error.into(),
            Store::S3(_) => s3::away(error),
        }
    }
}

/// A key that can be one. A bad one is a bug.
fn sound(key: &str) -> Result<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = key.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain));
    if good { Ok(key) } else { Err(Error::internal(format!("{key:?} is not a key"))) }
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_where_it_belongs() {
        for key in ["raw/upl_kkwS9MnQaz", "images/3mJr7AoUXx2Wqd/low.jpg", "check"] {
            assert!(sound(key).is_ok(), "{key}");
        }
        for key in ["", "/", "a//b", "../a", "a/..", "a/.b", "a b", "a\\b", "a\0", "ä", "/a", "a/"] {
            assert!(sound(key).is_err(), "{key}");
        }
    }

    async fn opened(name: &str) -> (Blobs, std::path::PathBuf) {
        let folder = std::env::temp_dir().join(format!("photograph-blobs-{name}-{}", std::process::id()));
        let mut config = Config::default();
        config.server.data.clone_from(&folder);
        (Blobs::open(&config, &Chance::default()).await.unwrap(), folder)
    }

    #[tokio::test]
    async fn files_that_differ_in_format_only_are_written_at_once() {
        let (blobs, folder) = opened("formats").await;
        let key = |format: &str| format!("images/a/full.{format}");
        let formats = ["jpg", "webp", "avif", "jpg", "avif"];
        for _ in 0..10 {
            let files = formats.map(|format| (key(format), format.repeat(30_000)));
            let writes = files.iter().map(|(key, bytes)| blobs.write(key, bytes.as_bytes()));
            futures_util::future::try_join_all(writes).await.unwrap();
            for (key, bytes) in &files {
                assert!(blobs.read(key).await.unwrap().unwrap() == bytes.as_bytes(), "{key}");
            }
        }
        assert_eq!(blobs.list("images").await.unwrap().len(), 3);
        assert_eq!(blobs.list("incoming").await.unwrap(), Vec::<String>::new());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_large_folder_is_listed_in_pages_and_what_is_not_whole_not_at_all() {
        let (blobs, folder) = opened("pages").await;
        for day in ["1", "2", "no key"] {
            let day = folder.join("blobs/erased").join(day);
            std::fs::create_dir_all(day.join("empty")).unwrap();
            for file in 0..PAGE {
                std::fs::write(day.join(file.to_string()), "").unwrap();
            }
            std::fs::write(day.join("full.part"), "half").unwrap();
        }
        let killed = std::fs::File::create(folder.join("blobs/erased/2/killed.part")).unwrap();
        killed.set_modified(std::time::UNIX_EPOCH).unwrap();
        let pages: Vec<Vec<String>> = blobs.pages("erased").await.unwrap().try_collect().await.unwrap();
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [PAGE; 3]);
        let mut keys = pages.concat();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), keys[0].as_str()), (3 * PAGE, "erased/1/0"));
        let left = ["full.part", "killed.part"].map(|name| folder.join("blobs/erased/2").join(name).exists());
        assert_eq!(left, [true, false], "what a killed process had begun is removed");
        let mut days = blobs.folders("erased").await.unwrap();
        days.sort_unstable();
        assert_eq!(days, ["1", "2"]);
        assert_eq!(blobs.folders("nowhere").await.unwrap(), Vec::<String>::new());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn digits_are_bytes_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)).as_deref(), Some(&bytes[..]));
        assert_eq!((unhex("abc"), unhex("xy"), unhex("")), (None, None, Some(vec![])));
    }
}
