//! One media as people like it and write about it.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Result;
use async_graphql::futures_util::StreamExt;
use async_graphql::futures_util::stream::BoxStream;
use tokio::time::Instant;

use super::super::comment::Comment;
use super::super::stream::{LogStream, Recovery};
use super::events::At;
use super::group::Shared;
use super::{
    CommentAdded, CommentRemoved, CommentUpdated, Listening, MediaCountsChanged, MediaEvent, MediaRemoved,
    MediaUpdated, Story, StreamClosingReason, Telling, told,
};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, Topic};
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::base::page::cursor;
use crate::domain::sessions::Viewer;
use crate::domain::{comments, media as media_room};
use crate::platform::log::Entry;

/// How often the numbers of a media are sent at most.
const COUNTS_EVERY: Duration = Duration::from_secs(1);

/// Listens to one media.
///
/// # Errors
/// Those of the database.
pub async fn media(mut listening: Listening, id: Option<MediaId>) -> Result<BoxStream<'static, Result<MediaEvent>>> {
    if let Some(stage) = listening.stage.take() {
        return Ok(stage.events());
    }
    let (app, viewer) = (listening.app.clone(), listening.viewer);
    let mut topics: Vec<Topic> = id.map(Topic::Media).into_iter().collect();
    if let Some(id) = id {
        // Whose it is does not change. One that the viewer cannot see ends the stream when it begins.
        let media = media_room::find(&app, viewer, id).await?;
        topics.extend(media.map(|media| Topic::AccountOf(media.owner_id)));
    }
    topics.extend(viewer.map(|viewer| Topic::RelationsOf(viewer.user)));
    let story = OneMedia { app, viewer, id, counts_sent: None, counts_due: None };
    let log = listening.open_with_others((&topics, None), &story).await?;
    Ok(told(listening, log, story).boxed())
}

#[derive(Clone)]
struct OneMedia {
    app: Arc<App>,
    viewer: Option<Viewer>,
    id: Option<MediaId>,
    counts_sent: Option<Instant>,
    counts_due: Option<Instant>,
}

impl Story for OneMedia {
    type Event = MediaEvent;

    /// After a break the numbers are told once: those that were held back when it began are not in the log.
    async fn begin(&mut self, log: &LogStream) -> Answer<Telling<MediaEvent>> {
        match self.find().await? {
            Some(media) if log.recovery == Recovery::Recovered => {
                Ok(Telling::of(self.counts(At::last(log), media).into_iter().collect()))
            }
            Some(_) => Ok(Telling::nothing()),
            None => Ok(Telling::last(Vec::new(), StreamClosingReason::Unavailable)),
        }
    }

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaEvent>> {
        let Some(media) = self.find().await? else {
            let removed = self.id.map(|id| MediaRemoved::of(log, entry, id).into());
            return Ok(Telling::last(removed.into_iter().collect(), StreamClosingReason::Unavailable));
        };
        let mut events = Vec::new();
        match entry.fact {
            Fact::CommentAdded { comment, .. } => events.extend(self.comment(log, entry, comment).await?),
            Fact::CommentDeleted { comment, author, parent_author, .. } => {
                let authors: Vec<UserId> = [author].into_iter().chain(parent_author).collect();
                // Who could not see the comment, or what it replied to, does not miss it.
                if comments::sees_authors(&self.app, self.viewer, media.owner_id, &authors).await? {
                    events.push(CommentRemoved::new(At::entry(log, entry), comment.to_string().into()).into());
                }
            }
            Fact::CommentEdited { comment, .. } => {
                let comment = comments::find(&self.app, self.viewer, comment).await?;
                let updated = |comment| CommentUpdated::new(At::entry(log, entry), Comment::from(comment)).into();
                return Ok(Telling::of(comment.map(updated).into_iter().collect()));
            }
            Fact::MediaEdited { .. } | Fact::AudienceChanged { .. } => {
                return Ok(Telling::of(vec![MediaUpdated::new(At::entry(log, entry), media.into()).into()]));
            }
            Fact::MediaLiked { .. } | Fact::MediaUnliked { .. } => {}
            _ => return Ok(Telling::nothing()),
        }
        events.extend(self.counts(At::entry(log, entry), media));
        Ok(Telling::of(events))
    }

    fn due(&self) -> Option<Instant> {
        self.counts_due
    }

    async fn held_back(&mut self, log: &LogStream) -> Answer<Telling<MediaEvent>> {
        self.counts_due = None;
        self.counts_sent = Some(Instant::now());
        let media = self.find().await?;
        let event = media.map(|media| MediaCountsChanged::new(At::last(log), media.into()).into());
        Ok(Telling::of(event.into_iter().collect()))
    }
}

/// Those are told the same who see the media alike, and the comment.
impl Shared for OneMedia {
    fn viewed_by(&self, viewer: Option<Viewer>, _memory: u8) -> Self {
        Self { viewer, ..self.clone() }
    }

    fn about(event: &MediaEvent) -> Option<(MediaId, UserId)> {
        event.about()
    }

    async fn alike(&self, viewers: &[Option<Viewer>], entry: Option<&Entry>) -> Answer<Vec<i64>> {
        let viewers: Vec<Option<UserId>> = viewers.iter().map(|viewer| viewer.map(|viewer| viewer.user)).collect();
        let Some(id) = self.id else { return Ok(vec![0; viewers.len()]) };
        let (media, sees) = media_room::seen_by_each(&self.app, &viewers, id).await?;
        let Some(owner) = media.map(|media| media.owner_id) else { return Ok(vec![0; viewers.len()]) };
        let knows = match entry.map(|entry| &entry.fact) {
            Some(Fact::CommentAdded { comment, .. } | Fact::CommentEdited { comment, .. }) => {
                comments::seen_by_each(&self.app, &viewers, owner, *comment).await?
            }
            Some(Fact::CommentDeleted { author, parent_author, .. }) => {
                let authors: Vec<UserId> = [*author].into_iter().chain(*parent_author).collect();
                comments::each_sees_authors(&self.app, &viewers, owner, &authors).await?
            }
            _ => vec![false; viewers.len()],
        };
        Ok(sees.into_iter().zip(knows).map(|(sees, knows)| i64::from(sees) | (i64::from(knows) << 1)).collect())
    }

    /// Numbers that are sent later are not looked for now: a photo that thousands like costs one look a second.
    fn waits_with(&mut self, entry: &Entry) -> bool {
        let counts = matches!(entry.fact, Fact::MediaLiked { .. } | Fact::MediaUnliked { .. });
        let later = self.counts_sent.map(|sent| sent + COUNTS_EVERY).filter(|later| Instant::now() < *later);
        if counts && later.is_some() {
            self.counts_due = later;
        }
        counts && later.is_some()
    }
}

impl OneMedia {
    async fn find(&self) -> Answer<Option<media_room::Media>> {
        match self.id {
            Some(id) => media_room::find(&self.app, self.viewer, id).await,
            None => Ok(None),
        }
    }

    async fn comment(&self, log: &LogStream, entry: &Entry, id: CommentId) -> Answer<Option<MediaEvent>> {
        let comment = comments::find(&self.app, self.viewer, id).await?;
        let added = |comment| CommentAdded::new(At::entry(log, entry), Comment::from(comment), cursor(id.0));
        Ok(comment.map(|comment| added(comment).into()))
    }

    /// The numbers now, or later when they were sent just before.
    fn counts(&mut self, at: At, media: media_room::Media) -> Option<MediaEvent> {
        let now = Instant::now();
        match self.counts_sent {
            Some(sent) if now < sent + COUNTS_EVERY => {
                self.counts_due = Some(sent + COUNTS_EVERY);
                None
            }
            _ => {
                (self.counts_sent, self.counts_due) = (Some(now), None);
                Some(MediaCountsChanged::new(at, media.into()).into())
            }
        }
    }
}
