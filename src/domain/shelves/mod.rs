//! What a user put aside: the media they like and those they saved, last first. Nobody else sees either list.
//!
//! Both are on the user's own shard. What they saved is known only here; a like is decided on the shard of its media, and
//! here is a copy. What they can no longer see is left out, and a media that is gone leaves its shelf when it is come upon.

mod save;
mod table;

use std::collections::{HashMap, HashSet};

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::{Page, Slice};
use crate::domain::media::{self, Card, Media};
use crate::domain::sessions::Viewer;

pub use save::{save, unsave};
use table::Model as Row;
pub use table::Shelf;
pub(in crate::domain) use table::{Place, put, remove};

/// Users looked for in one statement.
const AT_ONCE: usize = 500;

/// A media on a shelf.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The media.
    pub media: Media,
    /// The key of its place.
    pub edge: i64,
}

/// What is on a shelf of the viewer, as far as they can see it, last put there first.
///
/// # Errors
/// Those of the database.
pub async fn kept(app: &App, viewer: Viewer, shelf: Shelf, page: Page) -> Result<Slice<Kept>> {
    let read = |page| table::page(app.db.read_own(&viewer.user), (viewer.user, shelf), page);
    Slice::fill(page, |row: &Row| row.edge, read, |rows| present(app, viewer, rows)).await
}

async fn present(app: &App, viewer: Viewer, rows: Vec<Row>) -> Result<Vec<Kept>> {
    let ids: Vec<MediaId> = rows.iter().map(|row| row.media_id).collect();
    let there = media::cards(app, Some(viewer), &ids).await?;
    forget_gone(app, &rows, &there).await;
    let seen = media::visible(Some(viewer), there);
    let mut seen: HashMap<MediaId, Media> = seen.map(|media| (media.id, media)).collect();
    let kept = |row: Row| seen.remove(&row.media_id).map(|media| Kept { media, edge: row.edge });
    Ok(rows.into_iter().filter_map(kept).collect())
}

/// Takes what was deleted off its shelf. When that fails, whoever comes upon it next does it.
async fn forget_gone(app: &App, rows: &[Row], there: &[Card]) {
    let there: HashSet<MediaId> = there.iter().map(|card| card.media.id).collect();
    let gone: Vec<Place> = rows.iter().filter(|row| !there.contains(&row.media_id)).map(Row::place).collect();
    let Some(user) = gone.first().map(|place| place.user) else { return };
    let forget = async |tx: &_| {
        for place in &gone {
            remove(tx, *place).await?;
        }
        Ok(())
    };
    if let Err(error) = app.db.write(&user, forget).await {
        tracing::debug!(%error, "a media that is gone stays on its shelf for now");
    }
}

/// Which of these media are on a shelf of a user.
///
/// # Errors
/// Those of the database.
pub async fn among(app: &App, user: UserId, shelf: Shelf, media: &[MediaId]) -> Result<HashSet<MediaId>> {
    table::among(app.db.read_own(&user), (user, shelf), media).await
}

/// Which of these users have a media on their shelf.
///
/// # Errors
/// Those of the database.
pub async fn keepers(app: &App, (shelf, media): (Shelf, MediaId), users: &[UserId]) -> Result<HashSet<UserId>> {
    let mut found = HashSet::new();
    for users in users.chunks(AT_ONCE) {
        let keepers = async |connection, users| table::keepers(connection, users, (shelf, media)).await;
        found.extend(app.db.gather(users, keepers).await?);
    }
    Ok(found)
}
