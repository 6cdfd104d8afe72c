//! The viewer's home feed as it grows and shrinks.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::StreamExt;
use async_graphql::futures_util::stream::BoxStream;

use super::super::stream::LogStream;
use super::edited::edited;
use super::events::At;
use super::group::Shared;
use super::{
    GONE, Listening, MediaAdded, MediaRemoved, MediaStreamEvent, Story, Telling, bits, deleted_for, taken_away_at, told,
};
use crate::app::App;
use crate::base::error::{Error, Result as Answer};
use crate::base::facts::{Fact, FollowState, Topic};
use crate::base::ids::{MediaId, UserId};
use crate::base::page::cursor;
use crate::domain::feed;
use crate::domain::follows::{self, Crowd, Standing};
use crate::domain::media::{self, Audience};
use crate::domain::sessions::Viewer;
use crate::platform::log::Entry;

/// Listens to a viewer's home feed.
///
/// # Errors
/// `UNAUTHENTICATED` for nobody; those of the database.
pub async fn home_feed(mut listening: Listening) -> Result<BoxStream<'static, Result<MediaStreamEvent>>> {
    if let Some(stage) = listening.stage.take() {
        return Ok(stage.events());
    }
    let viewer = listening.viewer.ok_or_else(Error::unauthenticated)?;
    let story = HomeFeed { app: listening.app.clone(), viewer: Some(viewer) };
    let log = attach(&listening, viewer, &story).await?;
    Ok(told(listening, log, story).boxed())
}

/// Attaches to the media of those whom the viewer follows. Whom they follow is read again once attached: only when nothing
/// changed in between is nothing missed.
async fn attach(listening: &Listening, viewer: Viewer, story: &HomeFeed) -> Answer<LogStream> {
    let mut sources = sorted_sources(&listening.app, viewer).await?;
    loop {
        let media = sources.iter().copied().map(Topic::MediaOf);
        let topics: Vec<Topic> = media.chain([Topic::RelationsOf(viewer.user)]).collect();
        let log = listening.open_with_others((&topics, Some(viewer.user)), story).await?;
        let now = sorted_sources(&listening.app, viewer).await?;
        if now == sources {
            return Ok(log);
        }
        sources = now;
    }
}

async fn sorted_sources(app: &App, viewer: Viewer) -> Answer<Vec<UserId>> {
    let mut sources = feed::sources(app, viewer).await?;
    sources.sort_unstable();
    Ok(sources)
}

#[derive(Clone)]
struct HomeFeed {
    app: Arc<App>,
    /// Nobody has none.
    viewer: Option<Viewer>,
}

impl Story for HomeFeed {
    type Event = MediaStreamEvent;

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaStreamEvent>> {
        let Some(viewer) = self.viewer else { return Ok(Telling::nothing()) };
        let event = match entry.fact {
            Fact::MediaPublished { media, .. } => self.added(log, entry, (viewer, media)).await?,
            Fact::MediaEdited { .. } | Fact::AudienceChanged { .. } => {
                edited(&self.app, Some(viewer), (log, entry)).await?
            }
            Fact::MediaDeleted { media, owner, only_me, audience } => {
                let was_there = self.was_there(viewer, owner, deleted_for(audience, only_me)).await?;
                was_there.then(|| MediaRemoved::of(log, entry, media).into())
            }
            Fact::FollowingChanged { follower, followee, before: FollowState::Following, .. }
                if follower == viewer.user =>
            {
                return self.left(log, entry, followee).await;
            }
            Fact::UserMuted { muted, .. } if self.is_muted_now(viewer, muted).await? => {
                return self.left(log, entry, muted).await;
            }
            _ => None,
        };
        Ok(Telling::of(event.into_iter().collect()))
    }
}

/// Those are told the same of a user's media who belong to the same audiences, and mute them or not.
impl Shared for HomeFeed {
    fn viewed_by(&self, viewer: Option<Viewer>, _memory: u8) -> Self {
        Self { app: self.app.clone(), viewer }
    }

    fn about(event: &MediaStreamEvent) -> Option<(MediaId, UserId)> {
        event.about()
    }

    async fn alike(&self, viewers: &[Option<Viewer>], entry: Option<&Entry>) -> Answer<Vec<i64>> {
        let users: Vec<Option<UserId>> = viewers.iter().map(|viewer| viewer.map(|viewer| viewer.user)).collect();
        let known: Vec<UserId> = users.iter().copied().flatten().collect();
        // What a user does to others concerns each viewer in another way.
        let by_user = || users.iter().map(|user| user.map_or(0, |user| user.0)).collect();
        let Some(owner) = entry.and_then(|entry| owner_in(&entry.fact)) else { return Ok(by_user()) };
        let Some(crowd) = Crowd::of(&self.app, &known, owner).await? else { return Ok(vec![0; viewers.len()]) };
        let mut crowd = crowd.with_muters(&self.app, &known).await?;
        if !self.is_open(entry, &crowd).await? {
            crowd = crowd.with_followers(&self.app, &known).await?;
        }
        let class = |user: Option<UserId>| {
            let audiences = bits(&media::audiences(crowd.standing(user)));
            2 * i64::from(audiences) + i64::from(user.is_some_and(|user| crowd.is_muted_by(user)))
        };
        Ok(users.into_iter().map(class).collect())
    }
}

impl HomeFeed {
    /// Whether an entry is about a media that is for everybody, so that it does not matter who follows.
    async fn is_open(&self, entry: Option<&Entry>, crowd: &Crowd) -> Answer<bool> {
        let Some(Fact::MediaPublished { media, .. } | Fact::MediaEdited { media, .. }) = entry.map(|entry| &entry.fact)
        else {
            return Ok(false);
        };
        media::is_open(&self.app, *media, crowd.is_private).await
    }

    async fn added(
        &self,
        log: &LogStream,
        entry: &Entry,
        (viewer, id): (Viewer, MediaId),
    ) -> Answer<Option<MediaStreamEvent>> {
        let Some(media) = media::find(&self.app, Some(viewer), id).await? else { return Ok(None) };
        let is_muted = self.is_muted(viewer, media.owner_id).await?;
        Ok((!is_muted)
            .then_some(media)
            .map(|media| MediaAdded::new(At::entry(log, entry), media.into(), cursor(id.0)).into()))
    }

    async fn is_muted(&self, viewer: Viewer, owner: UserId) -> Answer<bool> {
        Ok(!follows::muted_among(&self.app, viewer.user, &[owner]).await?.is_empty())
    }

    /// Whether a mute takes something out of the feed: of one whom the viewer follows, and not over by now.
    async fn is_muted_now(&self, viewer: Viewer, owner: UserId) -> Answer<bool> {
        let standing = follows::standing(&self.app, Some(viewer), owner).await?;
        Ok(standing == Some(Standing::Follower) && self.is_muted(viewer, owner).await?)
    }

    /// Those whom the viewer no longer follows, or mutes, take their media with them.
    async fn left(&self, log: &LogStream, entry: &Entry, owner: UserId) -> Answer<Telling<MediaStreamEvent>> {
        let seen = vec![Audience::Everyone, Audience::Followers];
        let gone = media::newest_before(&self.app, owner, seen, (taken_away_at(entry), GONE)).await?;
        Ok(Telling::of(gone.into_iter().map(|id| MediaRemoved::of(log, entry, id).into()).collect()))
    }

    /// Whether a media was in the viewer's feed. One that was not is not missed there either.
    async fn was_there(&self, viewer: Viewer, owner: UserId, audience: Audience) -> Answer<bool> {
        let standing = follows::standing(&self.app, Some(viewer), owner).await?;
        Ok(media::is_visible(audience, standing)
            && (standing == Some(Standing::Own) || !self.is_muted(viewer, owner).await?))
    }
}

/// Whose media an entry is about.
fn owner_in(fact: &Fact) -> Option<UserId> {
    match *fact {
        Fact::MediaPublished { owner, .. }
        | Fact::MediaEdited { owner, .. }
        | Fact::AudienceChanged { owner, .. }
        | Fact::MediaDeleted { owner, .. } => Some(owner),
        _ => None,
    }
}
