//! The media of one user as they are published, for as long as the viewer may see them.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::StreamExt;
use async_graphql::futures_util::stream::BoxStream;

use super::super::stream::LogStream;
use super::edited::edited;
use super::events::At;
use super::group::Shared;
use super::{
    GONE, Listening, MediaAdded, MediaRemoved, MediaStreamEvent, Story, StreamClosingReason, Telling, bit, bits,
    deleted_for, taken_away_at, told,
};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, FollowState, Topic};
use crate::base::ids::{MediaId, UserId};
use crate::base::page::cursor;
use crate::domain::follows::{self, Crowd};
use crate::domain::media::{self, Audience};
use crate::domain::sessions::Viewer;
use crate::platform::log::Entry;

/// Listens to the media of a user.
///
/// # Errors
/// Those of the database.
pub async fn user_media(
    mut listening: Listening,
    owner: Option<UserId>,
) -> Result<BoxStream<'static, Result<MediaStreamEvent>>> {
    if let Some(stage) = listening.stage.take() {
        return Ok(stage.events());
    }
    let (app, viewer) = (listening.app.clone(), listening.viewer);
    let mut topics: Vec<Topic> =
        owner.into_iter().flat_map(|owner| [Topic::MediaOf(owner), Topic::AccountOf(owner)]).collect();
    topics.extend(viewer.map(|viewer| Topic::RelationsOf(viewer.user)));
    let mut story = UserMedia { app, viewer, owner, audiences: Vec::new() };
    // Looked for again once attached: only when nothing changed in between is no change missed.
    loop {
        story.audiences = story.audiences_now().await?;
        let log = listening.open_with_others((&topics, None), &story).await?;
        if story.audiences_now().await? == story.audiences {
            return Ok(told(listening, log, story).boxed());
        }
    }
}

#[derive(Clone)]
struct UserMedia {
    app: Arc<App>,
    viewer: Option<Viewer>,
    owner: Option<UserId>,
    /// Those that the viewer belonged to when it was looked last.
    audiences: Vec<Audience>,
}

impl Story for UserMedia {
    type Event = MediaStreamEvent;

    async fn begin(&mut self, _log: &LogStream) -> Answer<Telling<MediaStreamEvent>> {
        Ok(self.so_far(Vec::new()))
    }

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaStreamEvent>> {
        match entry.fact {
            Fact::MediaPublished { media, .. } => Ok(Telling::of(self.added(log, entry, media).await?)),
            Fact::MediaEdited { .. } | Fact::AudienceChanged { .. } => {
                let event = edited(&self.app, self.viewer, (log, entry)).await?;
                Ok(Telling::of(event.into_iter().collect()))
            }
            Fact::MediaDeleted { media, only_me, audience, .. } => {
                let could_see = self.audiences.contains(&deleted_for(audience, only_me));
                let removed = could_see.then(|| MediaRemoved::of(log, entry, media).into());
                Ok(Telling::of(removed.into_iter().collect()))
            }
            _ if self.concerns_owner(&entry.fact) => self.stands_anew(log, entry).await,
            _ => Ok(Telling::nothing()),
        }
    }
}

/// Those are told the same who belong to the same audiences, and did before.
impl Shared for UserMedia {
    fn viewed_by(&self, viewer: Option<Viewer>, memory: u8) -> Self {
        let audiences = [Audience::Everyone, Audience::Followers, Audience::OnlyMe].into_iter();
        let audiences = audiences.filter(|audience| memory & bit(*audience) != 0).collect();
        Self { app: self.app.clone(), viewer, owner: self.owner, audiences }
    }

    fn memory(&self) -> u8 {
        bits(&self.audiences)
    }

    fn about(event: &MediaStreamEvent) -> Option<(MediaId, UserId)> {
        event.about()
    }

    async fn alike(&self, viewers: &[Option<Viewer>], _entry: Option<&Entry>) -> Answer<Vec<i64>> {
        let viewers: Vec<Option<UserId>> = viewers.iter().map(|viewer| viewer.map(|viewer| viewer.user)).collect();
        let Some(owner) = self.owner else { return Ok(vec![0; viewers.len()]) };
        let known: Vec<UserId> = viewers.iter().copied().flatten().collect();
        let Some(crowd) = Crowd::of(&self.app, &known, owner).await? else { return Ok(vec![0; viewers.len()]) };
        let crowd = crowd.with_followers(&self.app, &known).await?;
        Ok(viewers.into_iter().map(|viewer| bits(&media::audiences(crowd.standing(viewer))).into()).collect())
    }
}

impl UserMedia {
    async fn added(&self, log: &LogStream, entry: &Entry, id: MediaId) -> Answer<Vec<MediaStreamEvent>> {
        let media = media::find(&self.app, self.viewer, id).await?;
        let added = |media: media::Media| MediaAdded::new(At::entry(log, entry), media.into(), cursor(id.0)).into();
        Ok(media.map(added).into_iter().collect())
    }

    fn concerns_owner(&self, fact: &Fact) -> bool {
        let owner = |user| self.owner == Some(user);
        match *fact {
            Fact::PrivacyChanged { user, .. } => owner(user),
            Fact::FollowingChanged { followee, .. } => owner(followee),
            Fact::UserBlocked { blocker, blocked, .. } | Fact::UserUnblocked { blocker, blocked } => {
                owner(blocker) || owner(blocked)
            }
            _ => false,
        }
    }

    /// Tells what the viewer no longer sees, and ends when that is everything.
    async fn stands_anew(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaStreamEvent>> {
        let now = self.audiences_now().await?;
        let mut lost = std::mem::replace(&mut self.audiences, now);
        // It may have ended while nobody listened.
        if stopped_following(&entry.fact) && !lost.contains(&Audience::Followers) {
            lost.push(Audience::Followers);
        }
        lost.retain(|audience| !self.audiences.contains(audience));
        let Some(owner) = self.owner else { return Ok(self.so_far(Vec::new())) };
        let lost = media::newest_before(&self.app, owner, lost, (taken_away_at(entry), GONE)).await?;
        Ok(self.so_far(lost.into_iter().map(|id| MediaRemoved::of(log, entry, id).into()).collect()))
    }

    async fn audiences_now(&self) -> Answer<Vec<Audience>> {
        let Some(owner) = self.owner else { return Ok(Vec::new()) };
        Ok(media::audiences(follows::standing(&self.app, self.viewer, owner).await?))
    }

    fn so_far(&self, events: Vec<MediaStreamEvent>) -> Telling<MediaStreamEvent> {
        if self.audiences.is_empty() {
            return Telling::last(events, StreamClosingReason::Unavailable);
        }
        Telling::of(events)
    }
}

fn stopped_following(fact: &Fact) -> bool {
    matches!(fact, Fact::FollowingChanged { before: FollowState::Following, .. })
}
