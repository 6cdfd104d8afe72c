//! The home feed: what those whom the viewer follows published, and the viewer, newest first.
//!
//! Four thoughts: which ids, load, rules, present. It is computed from whom the viewer follows at each read; lists made
//! ahead for busy servers belong in place of the read in [`home`] and change nothing else.

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::base::page::{Page, Slice};
use crate::domain::follows;
use crate::domain::media::{self, Media};
use crate::domain::sessions::Viewer;

/// A page of the viewer's home feed.
///
/// # Errors
/// Those of the database.
pub async fn home(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Media>> {
    let sources = sources(app, viewer).await?;
    let read = |page| media::of_users(app, &sources, page);
    let key = |media: &Media| media.id.0;
    Slice::fill(page, key, read, |media| media::visible(app, Some(viewer), media)).await
}

/// Whose media the viewer's home feed is made of.
///
/// # Errors
/// Those of the database.
pub async fn sources(app: &App, viewer: Viewer) -> Result<Vec<UserId>> {
    let mut sources = follows::followed_by(app, viewer.user).await?;
    sources.push(viewer.user);
    Ok(sources)
}
