//! Files that are whole or not there: written under a temporary name, on the disk before they get the one they are read by.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

/// A file under a temporary name. Dropped before it got another one, it is removed.
#[derive(Debug)]
pub(super) struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the file its name, in place of whatever has it. From then on it is there after a power failure, too.
    pub(super) async fn rename(self, path: PathBuf) -> io::Result<()> {
        blocking(move || {
            let folder = path.parent().unwrap_or(Path::new("/"));
            make_folder(folder)?;
            let renamed = match std::fs::rename(&self.0, &path) {
                // The folder was removed in between, with the last file in it.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    make_folder(folder)?;
                    std::fs::rename(&self.0, &path)
                }
                renamed => renamed,
            };
            renamed.and_then(|()| sync(folder))
        })
        .await
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    temporary: Temporary,
}

impl Writer {
    /// An empty file in a folder, under a name that nothing else has.
    pub(super) async fn create(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        // When nobody waits for it any more, what was made is dropped and with it the file.
        let made = blocking(move || std::fs::File::create_new(&path).map(|file| (file, Temporary(path))));
        let (file, temporary) = made.await?;
        Ok(Self { file: File::from_std(file), temporary })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Waits until all of it is on the disk. That a write failed is told by the next one, and of the last one by `flush`:
    /// `sync_all` alone succeeds after it.
    pub(super) async fn finish(mut self) -> io::Result<Temporary> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(self.temporary)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Makes a folder and those above it. The names of new ones are on the disk, too.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new("/"));
    make_folder(parent)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync(parent),
    }
}

/// A new name is on the disk only when its folder is. One that was removed since needs nothing.
fn sync(folder: &Path) -> io::Result<()> {
    match std::fs::File::open(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        opened => opened?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("photograph-durable-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[tokio::test]
    async fn a_file_has_its_name_when_it_is_whole_and_never_two() {
        let folder = folder("whole");
        let mut writer = Writer::create(&folder, "a").await.unwrap();
        assert_eq!(Writer::create(&folder, "a").await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        writer.write(b"one").await.unwrap();
        writer.write(b" two").await.unwrap();
        let place = folder.join("b/c/d");
        writer.finish().await.unwrap().rename(place.clone()).await.unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"one two");
        assert_eq!(files(&folder), [folder.join("b")]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn what_is_not_finished_leaves_nothing() {
        let folder = folder("nothing");
        let mut writer = Writer::create(&folder, "a").await.unwrap();
        writer.write(b"half").await.unwrap();
        drop(writer);
        // Nobody waits for the file to be made: it is made all the same, and removed.
        let waiting = Writer::create(&folder, "b");
        drop(tokio::time::timeout(std::time::Duration::ZERO, waiting).await);
        let finished = Writer::create(&folder, "c").await.unwrap().finish().await.unwrap();
        // A file stands where the folder should be.
        std::fs::write(folder.join("file"), "").unwrap();
        assert!(finished.rename(folder.join("file/d")).await.is_err());
        while files(&folder) != [folder.join("file")] {
            tokio::task::yield_now().await;
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
