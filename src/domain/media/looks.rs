//! How a photo is shown: with which filter, which part of it, and what stays in sight. The original is never changed.
//!
//! Each look has files of its own, under a key that starts with the shard of its photo and cannot be guessed. Links change with
//! the look, and nobody comes from a photo with a filter or a crop to the one without. Its images are made of the original when
//! somebody asks for them; those of a look that was replaced are removed by a step.

mod old;
mod wanted;

use std::sync::Arc;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::{Photo, photos};
use crate::app::App;
use crate::base::client_address::ClientAddress;
use crate::base::error::{Error, Result};
use crate::base::ids::{LogicalShard, MediaId, Sharded, UserId};
use crate::domain::filters::{self, Filter};
use crate::domain::uploads::{self, ImageFile, Recipe};
use crate::platform::db::Tx;
use crate::platform::imaging::lut::Finish;
use crate::platform::imaging::{Crop, Focus, Framing, Rendition};
use crate::platform::rendering::Making;

pub(super) use old::replaced;
pub(super) use wanted::check;
pub use wanted::{WantedFilter, WantedLook};

/// How a photo is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Its filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<AppliedFilter>,
    /// The part that is shown; all of it when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Part>,
    /// What stays in sight when it is shown as a square; the middle when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Point>,
}

/// A filter on a photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppliedFilter {
    /// The filter, as it was when it was put on.
    pub filter: Filter,
    /// How strong, 0 to 1.
    pub strength: f64,
}

/// A part of a photo, as fractions of its width and height from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say what they are")]
pub struct Part {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A point in a photo, as fractions of its width and height from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they say what they are")]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Look {
    fn framing(&self) -> Framing {
        Framing {
            focus: self.focal_point.map_or_else(Focus::default, |point| Focus { x: point.x, y: point.y }),
            crop: self.crop.map(|part| Crop { x: part.x, y: part.y, width: part.width, height: part.height }),
        }
    }

    fn finish(&self) -> Option<(&Filter, Finish)> {
        let AppliedFilter { filter, strength } = self.filter.as_ref()?;
        #[expect(clippy::cast_possible_truncation, reason = "0 to 1, of which 1/256 counts")]
        let strength = *strength as f32;
        Some((filter, Finish { strength, vignette: filter.vignette, grain: filter.grain }))
    }
}

impl Photo {
    /// How it is shown.
    #[must_use]
    pub fn look(&self) -> Look {
        self.look.as_deref().and_then(|look| serde_json::from_str(look).ok()).unwrap_or_default()
    }

    /// The key of the files it is shown with.
    #[must_use]
    pub fn shown_key(&self) -> &str {
        self.look_key.as_deref().unwrap_or(&self.image_key)
    }

    /// Gives it a look. `None` is the photo as it was sent.
    pub(super) fn with(self, look: Option<Dressed>) -> Self {
        let Some(Dressed { look, key, link_key, width, height, blur_hash, dominant_color }) = look else { return self };
        Self { look, look_key: key, link_key: Some(link_key), width, height, blur_hash, dominant_color, ..self }
    }
}

/// A look that is ready to be stored with a photo, and what is seen of the photo before its images.
#[derive(Clone, Debug)]
pub(super) struct Dressed {
    pub look: Option<String>,
    pub key: Option<String>,
    pub link_key: String,
    pub width: i32,
    pub height: i32,
    pub blur_hash: String,
    pub dominant_color: String,
}

/// The photo a look is for: its files, how large they are, and on whose shard it lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undressed<'a> {
    pub owner: UserId,
    pub image_key: &'a str,
    /// Of the whole photo.
    pub size: (i32, i32),
}

/// Readies a look. What stands in for the photo while it loads is made of one of its small images.
pub(super) async fn dress(app: &Arc<App>, photo: Undressed<'_>, look: &Look) -> Result<Dressed> {
    if let Some((filter, _)) = look.finish() {
        filters::keep(app, filter).await?;
    }
    let recipe = recipe(app, photo.image_key, look).await?;
    let (blur_hash, dominant_color) = uploads::placeholder(app, &recipe).await?;
    let pixels = |length: i32| u32::try_from(length).unwrap_or(0);
    let (width, height) = look.framing().shown((pixels(photo.size.0), pixels(photo.size.1)));
    let length = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    let is_plain = *look == Look::default();
    Ok(Dressed {
        look: (!is_plain).then(|| serde_json::to_string(look)).transpose()?,
        key: (!is_plain).then(|| new_key(app, photo.owner.shard())),
        link_key: new_key(app, photo.owner.shard()),
        width: length(width),
        height: length(height),
        blur_hash,
        dominant_color,
    })
}

/// Random bytes of a key; the first two bytes are its shard.
const BYTES: usize = 14;

/// A key that tells its shard and cannot be guessed.
pub(super) fn new_key(app: &App, shard: LogicalShard) -> String {
    let bytes = [&shard.number().to_be_bytes()[..], &app.chance.bytes::<BYTES>()].concat();
    bs58::encode(bytes).into_string()
}

/// The shard of such a key. Other keys look like one at times.
pub(super) fn shard_of(key: &str) -> Option<LogicalShard> {
    let bytes = bs58::decode(key).into_vec().ok().filter(|bytes| bytes.len() == BYTES + 2)?;
    let number = u16::from_be_bytes([bytes[0], bytes[1]]);
    let shard = LogicalShard::new(number);
    (shard.number() == number).then_some(shard)
}

async fn with_key(app: &App, key: &str) -> Result<Option<Photo>> {
    let Some(shard) = shard_of(key) else { return Ok(None) };
    photos::with_look_key(app.db.read_own(&shard), key).await
}

async fn recipe(app: &Arc<App>, original: &str, look: &Look) -> Result<Recipe> {
    let mut recipe = Recipe { framing: look.framing(), ..Recipe::plain(original) };
    if let Some((filter, finish)) = look.finish() {
        let table = filters::table(app, &filter.sha256).await?;
        let table = table.ok_or_else(|| Error::internal("the table of a filter is gone"))?;
        recipe.filter = Some((table, finish));
    }
    Ok(recipe)
}

/// Makes an image that is not in the store, of a photo as it was sent or of one with a look, for a client at an address. False
/// when there is none.
///
/// # Errors
/// `OVERLOADED` when too many wait for images or it takes too long, and those of the store and the database.
pub async fn make_image(app: &Arc<App>, file: &ImageFile, client: ClientAddress) -> Result<bool> {
    uploads::wait_for(app, file, client, || making(app, file)).await
}

/// Has an image made that nobody waits for. Not when too many are, in all or for this address: whoever asks again has another
/// chance.
pub fn make_image_later(app: &Arc<App>, file: &ImageFile, client: ClientAddress) {
    if app.rendering.is_made(&file.blob()) {
        return;
    }
    let Some(place) = app.rendering.try_queue(client) else { return };
    let making = app.rendering.join(&file.blob(), || making(app, file));
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = making.await {
            error.tell(|detail| tracing::warn!(detail, "an image that was asked for was not made"));
        }
    });
}

fn making(app: &Arc<App>, file: &ImageFile) -> Making {
    let (app, file) = (app.clone(), file.clone());
    async move { make(&app, &file).await }.boxed()
}

async fn make(app: &Arc<App>, file: &ImageFile) -> Result<bool> {
    if app.blobs.look(&file.blob()).await?.is_some() {
        return Ok(true);
    }
    let photo = with_key(app, &file.key).await?;
    let recipe = match &photo {
        Some(photo) => recipe(app, &photo.image_key, &photo.look()).await?,
        None => Recipe::plain(&file.key),
    };
    let original = recipe.original.clone();
    let Some(made) = uploads::render(app, file, recipe).await? else { return Ok(false) };
    let (maker, file) = (app.clone(), file.clone());
    // What was made is stored as a whole, also when everybody who waited has gone.
    let storing = async move { store(&maker, &file, (&original, photo.is_some()), &made).await };
    tokio::spawn(storing).await.map_err(Error::internal)?
}

/// A look that was replaced meanwhile leaves nothing behind.
async fn store(app: &App, file: &ImageFile, (original, has_look): (&str, bool), made: &Rendition) -> Result<bool> {
    let is_stored = uploads::store(app, file, original, made).await?;
    if is_stored && has_look && with_key(app, &file.key).await?.is_none() {
        uploads::remove_images_of(app, &file.key).await?;
        return Ok(false);
    }
    Ok(is_stored)
}

/// A step after a photo was changed: removes the images of its old looks. Safe twice.
///
/// # Errors
/// Those of the store and the database.
pub async fn erase_old(app: &App, media: MediaId) -> Result<()> {
    for key in old::of_media(app.db.read_own(&media), media).await? {
        uploads::remove_images_of(app, &key).await?;
        app.db.write(&media, async |tx| old::forget(tx, &key).await).await?;
    }
    Ok(())
}

/// Removes the images of all looks of a media that was deleted.
pub(super) async fn erase_of(app: &App, media: MediaId) -> Result<()> {
    app.db.write(&media, async |tx| replace_all(tx, media).await).await?;
    erase_old(app, media).await
}

/// From here on no image with a look of this media is made any more.
async fn replace_all(tx: &Tx, media: MediaId) -> Result<()> {
    for photo in photos::in_some(tx, &[media]).await? {
        photos::set_look_key(tx, photo.id, None).await?;
        replaced(tx, &photo).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_shard_and_nothing_else_does() {
        let key = |number: u16| bs58::encode([&number.to_be_bytes()[..], &[7; BYTES]].concat()).into_string();
        for number in [0, 1, 4095, 8191] {
            assert_eq!(shard_of(&key(number)), Some(LogicalShard::new(number)));
        }
        for other in [key(8192), key(u16::MAX), String::new(), "3mJr7AoUXx2Wqd".into(), "0OIl".into()] {
            assert_eq!(shard_of(&other), None, "{other}");
        }
    }

    #[test]
    fn a_look_is_stored_with_what_it_says_only() {
        assert_eq!(serde_json::to_string(&Look::default()).unwrap(), "{}");
        let look = Look { focal_point: Some(Point { x: 0.25, y: 1.0 }), ..Look::default() };
        let text = serde_json::to_string(&look).unwrap();
        assert_eq!(serde_json::from_str::<Look>(&text).unwrap(), look);
    }
}
