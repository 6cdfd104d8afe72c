//! The files of a photo's images: their names, and those that are made of the original when somebody first asks for them.
//!
//! An image is made once, however many ask for it at the same time, in turns that leave uploads theirs.
//! When the photo goes, its original goes first: what is written after that is removed again by who wrote it.

use std::sync::Arc;

use super::{UploadStatus, keys, limits, table};
use crate::app::App;
use crate::base::client_address::ClientAddress;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UploadId, UserId};
use crate::platform::filters::Table;
use crate::platform::imaging::lut::Finish;
use crate::platform::imaging::{self, Framing, Limits, Output, Picture, Rejection, Rendition, Size};
use crate::platform::imaging_pools::ImagingWork;
use crate::platform::links::{Link, Reach, Target};
use crate::platform::rendering::Making;

/// An image of a photo, by what its file is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// The key of the photo's files.
    pub key: String,
    /// How large.
    pub size: Size,
    /// In which format.
    pub output: Output,
}

impl ImageFile {
    /// The file with this name, if it is one that this server makes.
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

/// The link of an image of what a target names.
///
/// # Errors
/// When a link cannot be signed.
pub fn link(app: &App, target: &Target<'_>, (size, output): (Size, Output), reach: Reach) -> Result<Link> {
    // Photos of earlier versions have no other files in the store.
    let is_made_at_once = output == Output::Jpeg && Size::AT_ONCE.contains(&size);
    let target = Target { stored: target.stored.filter(|_| is_made_at_once), ..*target };
    app.links.image(&target, &file_name(size, output), reach, app.clock.now())
}

/// How images are made of an original.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The key of the original.
    pub original: String,
    /// The part that is shown, and what stays in sight.
    pub framing: Framing,
    /// The filter.
    pub filter: Option<(Arc<Table>, Finish)>,
}

impl Recipe {
    /// The photo as it was sent.
    #[must_use]
    pub fn plain(original: &str) -> Self {
        Self { original: original.to_owned(), framing: Framing::default(), filter: None }
    }

    /// What is shown at a size, of the original or of one of its images.
    fn picture(&self, file: &[u8], size: Size, limits: &Limits) -> std::result::Result<Picture, Rejection> {
        let mut picture = imaging::open_framed(file, (size, self.framing), limits)?;
        if let Some((table, finish)) = &self.filter {
            // As clients have it, who put the filter on an image that is sharpened already.
            picture.sharpen();
            let width = picture.width() as usize;
            table.lut.apply(picture.rgb_mut().as_flattened_mut(), width, *finish);
        }
        Ok(picture)
    }
}

/// Waits for an image with all others who do, for as long as a request may take; a job is begun when nobody else waits. It
/// is dropped when everybody has gone.
///
/// # Errors
/// `OVERLOADED` when too many wait for images or it takes too long, and those of the job.
pub(in crate::domain) async fn wait_for(
    app: &App,
    file: &ImageFile,
    client: ClientAddress,
    job: impl FnOnce() -> Making,
) -> Result<bool> {
    let _place = app.rendering.try_wait(client).ok_or_else(|| overloaded("too many images are waited for"))?;
    let making = app.rendering.join(&file.blob(), job);
    let made = tokio::time::timeout(app.config.timeout(), making).await;
    made.unwrap_or_else(|_| Err(overloaded("an image was not made in time")))
}

fn overloaded(why: &'static str) -> Error {
    Error::unavailable("This image is not ready yet. Ask again in a moment.", why)
}

/// Makes the file of an image, without storing it; `None` when its photo is gone. Dropped, it ends before the file is
/// encoded, which takes most of the time. What waits for its turn has read nothing yet and takes no memory.
pub(in crate::domain) async fn render(app: &App, file: &ImageFile, recipe: Recipe) -> Result<Option<Rendition>> {
    let work = if file.output == Output::Avif { ImagingWork::Avif } else { ImagingWork::Image };
    let turn = app.imaging.acquire(work).await.map_err(Error::internal)?;
    let Some(original) = app.blobs.read(&keys::original(&recipe.original)).await? else { return Ok(None) };
    let (size, output, limits) = (file.size, file.output, limits(app));
    let wanted = Arc::new(());
    let is_wanted = Arc::downgrade(&wanted);
    let work = move || {
        let _turn = turn;
        let picture = recipe.picture(&original, size, &limits)?;
        (is_wanted.strong_count() > 0).then(|| picture.finish(output)).transpose()
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    drop(wanted);
    made.map_err(Error::internal)
}

/// Stores an image that was made. False, and nothing is left of it, when its photo went in between.
pub(in crate::domain) async fn store(app: &App, file: &ImageFile, original: &str, made: &Rendition) -> Result<bool> {
    app.blobs.write(&file.blob(), &made.bytes).await?;
    if app.blobs.look(&keys::original(original)).await?.is_some() {
        return Ok(true);
    }
    app.blobs.remove(&file.blob()).await?;
    Ok(false)
}

/// What stands in for a photo while it loads, and its main color, by a recipe. Made of an image of it, which is quick.
pub(in crate::domain) async fn placeholder(app: &App, recipe: &Recipe) -> Result<(String, String)> {
    let file = ImageFile { key: recipe.original.clone(), size: Size::Low, output: Output::Jpeg };
    let image = app.blobs.read(&file.blob()).await?.ok_or_else(|| Error::internal("an image of a photo is gone"))?;
    let (recipe, limits) = (recipe.clone(), limits(app));
    let work = move || recipe.picture(&image, Size::Low, &limits)?.placeholder();
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}

/// Removes the images with a key. Harmless when there are none.
pub(in crate::domain) async fn remove_images_of(app: &App, key: &str) -> Result<()> {
    app.blobs.remove_folder(&keys::images(key)).await
}

/// The key of the files of an upload that can be shown to its owner, and the media that uses it.
pub(in crate::domain) async fn files_of(app: &App, id: UploadId) -> Result<Option<(String, Option<MediaId>)>> {
    let upload = table::one(app.db.read_own(&id), id).await?;
    let upload = upload.filter(|upload| matches!(upload.status, UploadStatus::Ready | UploadStatus::Used));
    Ok(upload.and_then(|upload| upload.image_key.map(|key| (key, upload.media_id))))
}

/// The media with these files, on any shard.
pub(in crate::domain) async fn media_with(app: &App, key: &str) -> Result<Vec<MediaId>> {
    let mut media = Vec::new();
    for database in app.db.databases() {
        media.extend(table::media_with(database.read_own(), key).await?);
    }
    Ok(media)
}

/// How large a photo of somebody is, by the key of its files; `None` when none of their uploads has them any more.
pub(in crate::domain) async fn size_of(app: &App, owner: UserId, key: &str) -> Result<Option<(i32, i32)>> {
    let upload = table::with_images(app.db.read_own(&owner), key).await?;
    Ok(upload.and_then(|upload| upload.width.zip(upload.height)))
}
