//! The home feed: what those whom the viewer follows published, and the viewer, newest first.
//!
//! Four thoughts: which ids, load, rules, present. With Redis, which ids is known ahead for everybody who comes often: a
//! media is put into their timelines when it is published. Without it, or while it is away, the feed is computed from whom
//! the viewer follows, at each read. Nobody can tell which of the two it was.

mod build;
mod fan_out;
mod ids;
mod large;
mod marker;
mod rules;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::base::page::{Page, Slice};
use crate::domain::follows;
use crate::domain::media::Card;
use crate::domain::sessions::Viewer;

pub use build::{forget, is_rebuilding, rebuild, rebuild_all};
pub use fan_out::{Place, add_own, fan_out, note_arrived};
pub use marker::{Model as Marker, marker, newer_than, save_marker};

/// A page of the viewer's home feed.
///
/// # Errors
/// Those of the database.
pub async fn home(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Card>> {
    let ids = ids::Ids::of(app, viewer).await?;
    let read = |page| ids.read(app, page);
    let key = |card: &Card| card.media.id.0;
    Slice::fill(page, key, read, async |cards| Ok(rules::shown(viewer, cards))).await
}

/// Whose media the viewer's home feed is made of.
///
/// # Errors
/// Those of the database.
pub async fn sources(app: &App, viewer: Viewer) -> Result<Vec<UserId>> {
    sources_of(app, viewer.user).await
}

async fn sources_of(app: &App, user: UserId) -> Result<Vec<UserId>> {
    let mut sources = follows::followed_by(app, user).await?;
    sources.push(user);
    Ok(sources)
}
