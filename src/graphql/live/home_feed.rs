//! The viewer's home feed as it grows and shrinks.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::Stream;

use super::super::stream::LogStream;
use super::edited::edited;
use super::events::At;
use super::{GONE, Listening, MediaAdded, MediaRemoved, MediaStreamEvent, Story, Telling, told};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, FollowState, Topic};
use crate::base::ids::{MediaId, UserId};
use crate::base::page::cursor;
use crate::domain::feed;
use crate::domain::follows::{self, Standing};
use crate::domain::media::{self, Audience};
use crate::domain::sessions::Viewer;
use crate::platform::log::Entry;
use crate::platform::log::live::Listener;

/// Listens to a viewer's home feed.
///
/// # Errors
/// Those of the database.
pub async fn home_feed(listening: Listening, viewer: Viewer) -> Result<impl Stream<Item = Result<MediaStreamEvent>>> {
    let (listener, topics) = attach(&listening, viewer).await?;
    let log = listening.open(listener, &topics).await?;
    let app = listening.app.clone();
    Ok(told(listening, log, HomeFeed { app, viewer }))
}

/// Attaches to the media of those whom the viewer follows. Whom they follow is read again once attached: only when nothing
/// changed in between is nothing missed.
async fn attach(listening: &Listening, viewer: Viewer) -> Answer<(Listener, Vec<Topic>)> {
    let mut sources = sorted_sources(&listening.app, viewer).await?;
    loop {
        let topics: Vec<Topic> = sources.iter().copied().map(Topic::MediaOf).collect();
        let listener = listening.attach_as(viewer.user, &topics);
        let now = sorted_sources(&listening.app, viewer).await?;
        if now == sources {
            let relations = Topic::RelationsOf(viewer.user);
            return Ok((listener, topics.into_iter().chain([relations]).collect()));
        }
        sources = now;
    }
}

async fn sorted_sources(app: &App, viewer: Viewer) -> Answer<Vec<UserId>> {
    let mut sources = feed::sources(app, viewer).await?;
    sources.sort_unstable();
    Ok(sources)
}

struct HomeFeed {
    app: Arc<App>,
    viewer: Viewer,
}

impl Story for HomeFeed {
    type Event = MediaStreamEvent;

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaStreamEvent>> {
        let event = match entry.fact {
            Fact::MediaPublished { media, .. } => self.added(log, entry, media).await?,
            Fact::MediaEdited { .. } | Fact::AudienceChanged { .. } => {
                edited(&self.app, Some(self.viewer), (log, entry)).await?
            }
            Fact::MediaDeleted { media, owner, only_me } => self.removed(log, entry, media, (owner, only_me)).await?,
            Fact::FollowingChanged { follower, followee, before: FollowState::Following, .. }
                if follower == self.viewer.user =>
            {
                return self.left(log, entry, followee).await;
            }
            Fact::UserMuted { muted, .. } if self.is_muted_now(muted).await? => {
                return self.left(log, entry, muted).await;
            }
            _ => None,
        };
        Ok(Telling::of(event.into_iter().collect()))
    }
}

impl HomeFeed {
    async fn added(&self, log: &LogStream, entry: &Entry, id: MediaId) -> Answer<Option<MediaStreamEvent>> {
        let Some(media) = media::find(&self.app, Some(self.viewer), id).await? else { return Ok(None) };
        let is_muted = self.is_muted(media.owner_id).await?;
        Ok((!is_muted)
            .then_some(media)
            .map(|media| MediaAdded::new(At::entry(log, entry), media.into(), cursor(id.0)).into()))
    }

    async fn is_muted(&self, owner: UserId) -> Answer<bool> {
        Ok(!follows::muted_among(&self.app, self.viewer.user, &[owner]).await?.is_empty())
    }

    /// Whether a mute takes something out of the feed: of one whom the viewer follows, and not over by now.
    async fn is_muted_now(&self, owner: UserId) -> Answer<bool> {
        let standing = follows::standing(&self.app, Some(self.viewer), owner).await?;
        Ok(standing == Some(Standing::Follower) && self.is_muted(owner).await?)
    }

    /// Those whom the viewer no longer follows, or mutes, take their media with them.
    async fn left(&self, log: &LogStream, entry: &Entry, owner: UserId) -> Answer<Telling<MediaStreamEvent>> {
        let seen = vec![Audience::Everyone, Audience::Followers];
        let gone = media::newest_of(&self.app, owner, seen, GONE).await?;
        Ok(Telling::of(gone.into_iter().map(|id| MediaRemoved::of(log, entry, id).into()).collect()))
    }

    /// A media that was not in the viewer's feed is not missed there either.
    async fn removed(
        &self,
        log: &LogStream,
        entry: &Entry,
        id: MediaId,
        (owner, only_me): (UserId, bool),
    ) -> Answer<Option<MediaStreamEvent>> {
        let standing = follows::standing(&self.app, Some(self.viewer), owner).await?;
        let could_see = match standing {
            Some(Standing::Own) => true,
            Some(standing) => standing.can_view_media() && !only_me && !self.is_muted(owner).await?,
            None => false,
        };
        Ok(could_see.then(|| MediaRemoved::of(log, entry, id).into()))
    }
}
