//! The files of a photo's images: their names, and those that are made of the original when somebody first asks for them.
//!
//! An image is made once, however many ask for it at the same time, and no more are made at once than photos are processed.
//! When the photo goes, its original goes first: what is written after that is removed again by who wrote it.

use std::sync::Arc;

use super::{keys, limits};
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::platform::imaging::{self, Focus, Output, Rendition, Size};

/// An image of a photo, by what its file is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// The key in the photo's links.
    pub key: String,
    /// How large.
    pub size: Size,
    /// In which format.
    pub output: Output,
}

impl ImageFile {
    /// The file that a link names, if it is one that this server makes.
    #[must_use]
    pub fn named(key: &str, file: &str) -> Option<Self> {
        let (size, extension) = file.split_once('.')?;
        let (size, output) = (Size::named(size)?, Output::with_extension(extension)?);
        Some(Self { key: key.to_owned(), size, output })
    }

    /// Its name in the store.
    #[must_use]
    pub fn blob(&self) -> String {
        format!("{}/{}", keys::images(&self.key), file_name(self.size, self.output))
    }
}

/// What an image is called in its photo's folder and in links.
#[must_use]
pub fn file_name(size: Size, output: Output) -> String {
    format!("{}.{}", size.name(), output.extension())
}

/// Makes an image that is not in the store. False when there is no such photo.
///
/// # Errors
/// `OVERLOADED` when too many wait for images or it takes too long, and those of the store. What was begun goes on.
pub async fn make(app: &Arc<App>, file: &ImageFile) -> Result<bool> {
    let waits = app.rendering.try_acquire(&file.blob()).ok_or_else(|| overloaded("too many images are waited for"))?;
    let (maker, file) = (app.clone(), file.clone());
    let work = tokio::spawn(async move {
        let _alone = waits.turn().await;
        let is_there = maker.blobs.look(&file.blob()).await?.is_some();
        if is_there { Ok(true) } else { make_alone(&maker, &file).await }
    });
    match tokio::time::timeout(app.config.timeout(), work).await {
        Ok(made) => made.map_err(Error::internal)?,
        Err(_) => Err(overloaded("an image was not made in time")),
    }
}

fn overloaded(why: &'static str) -> Error {
    Error::unavailable("This image is not ready yet. Ask again in a moment.", why)
}

async fn make_alone(app: &App, file: &ImageFile) -> Result<bool> {
    let original = keys::original(&file.key);
    let Some(made) = render(app, file).await? else { return Ok(false) };
    app.blobs.write(&file.blob(), &made.bytes).await?;
    if app.blobs.look(&original).await?.is_some() {
        return Ok(true);
    }
    app.blobs.remove(&file.blob()).await?;
    Ok(false)
}

/// Waits for its turn before it reads anything: what waits takes no memory.
async fn render(app: &App, file: &ImageFile) -> Result<Option<Rendition>> {
    let turn = app.imaging.clone().acquire_owned().await.map_err(Error::internal)?;
    let Some(original) = app.blobs.read(&keys::original(&file.key)).await? else { return Ok(None) };
    let (size, output, limits) = (file.size, file.output, limits(app));
    let work = move || {
        let _kept = turn;
        imaging::open(&original, (size, Focus::default()), &limits)?.finish(output)
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    made.map(Some).map_err(Error::internal)
}
