//! The links of photos: which files a key in a link leads to, and renewing keys so that old links lead nowhere.
//!
//! What must stay true:
//!
//! * The key in a link is random and belongs to one publication of a photo. The files have keys of their own, which stay; so
//!   the same bytes that are published again have another link.
//! * A key is renewed when its media is for fewer people than before, when the account of its owner turns private, and when the
//!   look of its photo changes. A media that was deleted has no links.
//! * A link that does not end leads somewhere only while everyone can see the media, whether its key was renewed yet or not.
//!
//! Photos of versions before have no key for links until it is renewed: the key of their files stands in for it.

use std::collections::HashMap;

use super::{Audience, Photo, is_for_everyone, looks, photos, table};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::{Fact, Row};
use crate::base::ids::{MediaId, Sharded, UploadId, UserId};
use crate::domain::{uploads, users};
use crate::platform::db::Tx;
use crate::platform::links::Target;
use crate::platform::log;

/// Media whose links are renewed in one step; the next step takes the next ones. Up to ten photos each.
const BATCH: u64 = 20;

/// A link that somebody follows, whose seal was checked.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// The key in it.
    pub key: &'a str,
    /// Whether it does not end by itself: such links are for what everyone can see.
    pub is_lasting: bool,
}

/// Where rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// From memory, where they are in it.
    Cached,
    /// From the primary.
    Fresh,
}

impl Photo {
    /// The key in the links of its images.
    #[must_use]
    pub fn link_key(&self) -> &str {
        self.link_key.as_deref().unwrap_or_else(|| self.shown_key())
    }

    /// What its links lead to.
    #[must_use]
    pub fn linked(&self) -> Target<'_> {
        // Images of a look are made when somebody asks for them.
        Target { key: self.link_key(), stored: self.look_key.is_none().then_some(&self.image_key) }
    }
}

/// The key of the files that a link leads to; `None` when it leads nowhere any more.
///
/// # Errors
/// Those of the database.
pub async fn files_behind(app: &App, link: Followed<'_>) -> Result<Option<String>> {
    if let Ok(upload) = link.key.parse::<UploadId>() {
        return files_of_upload(app, upload).await;
    }
    if let Some(media) = app.links.recall(link.key) {
        let photos = photos::of_media(app, &media).await?.into_values().flatten().collect();
        let files = files_among(app, photos, link, Reading::Cached).await?;
        if files.is_some() {
            return Ok(files);
        }
    }
    // What is in memory may be older than the link.
    let photos = linked_by(app, link.key).await?;
    let media: Vec<MediaId> = photos.iter().map(|photo| photo.media_id).collect();
    let files = files_among(app, photos, link, Reading::Fresh).await?;
    if files.is_some() {
        app.links.remember(link.key, &media);
    }
    Ok(files)
}

/// An upload is shown to its owner, and not after its media was deleted.
async fn files_of_upload(app: &App, upload: UploadId) -> Result<Option<String>> {
    let Some((files, media)) = uploads::files_of(app, upload).await? else { return Ok(None) };
    let is_there = match media {
        Some(media) => audience(app, media, Reading::Cached).await?.is_some(),
        None => true,
    };
    Ok(is_there.then_some(files))
}

async fn files_among(app: &App, photos: Vec<Photo>, link: Followed<'_>, reading: Reading) -> Result<Option<String>> {
    for photo in photos.into_iter().filter(|photo| photo.link_key() == link.key) {
        if is_shown(app, photo.media_id, link.is_lasting, reading).await? {
            return Ok(Some(photo.shown_key().to_owned()));
        }
    }
    Ok(None)
}

async fn is_shown(app: &App, media: MediaId, to_everyone: bool, reading: Reading) -> Result<bool> {
    let Some((owner, audience)) = audience(app, media, reading).await? else { return Ok(false) };
    if !to_everyone {
        return Ok(true);
    }
    let owner = match reading {
        Reading::Cached => users::known(app, &[owner]).await?.remove(&owner),
        Reading::Fresh => users::find(app, owner).await?,
    };
    Ok(owner.is_some_and(|owner| is_for_everyone(audience, owner.is_private)))
}

/// Whose a media is, and who can see it; `None` when it is not there.
async fn audience(app: &App, id: MediaId, reading: Reading) -> Result<Option<(UserId, Audience)>> {
    let read = async |ids: Vec<MediaId>| {
        let rows = app.db.gather(&ids, table::audiences).await?;
        Ok(rows.into_iter().map(|(id, owner, audience)| (id, (owner, audience))).collect::<HashMap<_, _>>())
    };
    let mut found = match reading {
        Reading::Cached => app.db.kept_or(&[id], Row::Audience, read).await?,
        Reading::Fresh => read(vec![id]).await?,
    };
    Ok(found.remove(&id))
}

/// The photos that a key in a link may be for.
async fn linked_by(app: &App, key: &str) -> Result<Vec<Photo>> {
    if let Some(shard) = looks::shard_of(key) {
        let connection = app.db.read_own(&shard);
        if let Some(photo) = photos::with_link_key(connection, key).await? {
            return Ok(vec![photo]);
        }
        if let Some(photo) = photos::with_look_key(connection, key).await? {
            return Ok(vec![photo]);
        }
    }
    // A key of files does not tell its shard. Nobody gets here without a link that was once given.
    let media = uploads::media_with(app, key).await?;
    photos::read(app, &media).await
}

/// Renews the links of some media of one owner: those from before lead nowhere from then on.
pub(super) async fn renew(app: &App, tx: &Tx, media: &[MediaId]) -> Result<()> {
    for photo in photos::in_some(tx, media).await? {
        photos::set_link_key(tx, photo.id, &looks::new_key(app, photo.media_id.shard())).await?;
    }
    log::record(tx, app.clock.now(), &Fact::LinksRenewed { media: media.to_vec() }).await
}

/// A step after an account turned private: renews the links of some media that everyone could see, after one of them. Gives
/// the last of these, unless they were all. Safe twice, and also after the account was opened again: who may not have
/// followed the new links in between has no use for the old ones.
///
/// # Errors
/// Those of the database.
pub async fn renew_of_user(app: &App, user: UserId, after: MediaId) -> Result<Option<MediaId>> {
    app.db
        .write(&user, async |tx| {
            let media = table::after(tx, (user, Audience::Everyone), after, BATCH).await?;
            if !media.is_empty() {
                renew(app, tx, &media).await?;
            }
            Ok(media.last().copied().filter(|_| media.len() as u64 == BATCH))
        })
        .await
}
