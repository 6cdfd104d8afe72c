//! Media and comments that were edited, and media that others can see now, or no longer.

use async_graphql::SimpleObject;

use super::super::comment::Comment;
use super::super::media::Media;
use super::super::scalars::{DateTime, StreamCursor};
use super::super::stream::LogStream;
use super::events::At;
use super::{MediaAdded, MediaRemoved, MediaStreamEvent};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::Fact;
use crate::base::page::cursor;
use crate::domain::sessions::Viewer;
use crate::domain::{follows, media};
use crate::platform::log::Entry;

/// A media was edited, or its owner changed who can see it.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaUpdated {
    /// Its position.
    pub(super) cursor: StreamCursor,
    /// When.
    pub(super) occurred_at: DateTime,
    /// The media.
    pub(super) media: Media,
}

impl MediaUpdated {
    pub(super) fn new(at: At, media: Media) -> Self {
        let (cursor, occurred_at) = at.parts();
        Self { cursor, occurred_at, media }
    }
}

/// A comment was edited.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommentUpdated {
    /// Its position.
    pub(super) cursor: StreamCursor,
    /// When.
    pub(super) occurred_at: DateTime,
    /// The comment.
    comment: Comment,
}

impl CommentUpdated {
    pub(super) fn new(at: At, comment: Comment) -> Self {
        let (cursor, occurred_at) = at.parts();
        Self { cursor, occurred_at, comment }
    }
}

/// What it is to a viewer that a media was edited or that its audience changed: new, other, gone, or nothing.
pub(super) async fn edited(
    app: &App,
    viewer: Option<Viewer>,
    (log, entry): (&LogStream, &Entry),
) -> Answer<Option<MediaStreamEvent>> {
    let (id, before) = match entry.fact {
        Fact::MediaEdited { media, .. } => (media, None),
        Fact::AudienceChanged { media, owner, before } => (media, Some((owner, before))),
        _ => return Ok(None),
    };
    let now = media::find(app, viewer, id).await?;
    let could_see = match before {
        None => now.is_some(),
        Some((owner, audience)) => media::is_visible(audience, follows::standing(app, viewer, owner).await?),
    };
    let at = At::entry(log, entry);
    Ok(match (could_see, now) {
        (true, Some(media)) => Some(MediaUpdated::new(at, media.into()).into()),
        (false, Some(media)) => Some(MediaAdded::new(at, media.into(), cursor(id.0)).into()),
        (true, None) => Some(MediaRemoved::of(log, entry, id).into()),
        (false, None) => None,
    })
}
