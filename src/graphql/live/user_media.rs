//! The media of one user as they are published, for as long as the viewer may see them.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::Stream;

use super::super::stream::LogStream;
use super::edited::edited;
use super::events::At;
use super::{GONE, Listening, MediaAdded, MediaRemoved, MediaStreamEvent, Story, StreamClosingReason, Telling, told};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, FollowState, Topic};
use crate::base::ids::{MediaId, UserId};
use crate::base::page::cursor;
use crate::domain::follows;
use crate::domain::media::{self, Audience};
use crate::domain::sessions::Viewer;
use crate::platform::log::Entry;

/// Listens to the media of a user.
///
/// # Errors
/// Those of the database.
pub async fn user_media(
    listening: Listening,
    owner: Option<UserId>,
) -> Result<impl Stream<Item = Result<MediaStreamEvent>>> {
    let (app, viewer) = (listening.app.clone(), listening.viewer);
    let mut topics: Vec<Topic> =
        owner.into_iter().flat_map(|owner| [Topic::MediaOf(owner), Topic::AccountOf(owner)]).collect();
    topics.extend(viewer.map(|viewer| Topic::RelationsOf(viewer.user)));
    let log = listening.open(listening.attach(&topics), &topics).await?;
    Ok(told(listening, log, UserMedia { app, viewer, owner, audiences: Vec::new() }))
}

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
        self.audiences = self.audiences_now().await?;
        Ok(self.so_far(Vec::new()))
    }

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaStreamEvent>> {
        match entry.fact {
            Fact::MediaPublished { media, .. } => Ok(Telling::of(self.added(log, entry, media).await?)),
            Fact::MediaEdited { .. } | Fact::AudienceChanged { .. } => {
                let event = edited(&self.app, self.viewer, (log, entry)).await?;
                Ok(Telling::of(event.into_iter().collect()))
            }
            Fact::MediaDeleted { media, only_me, .. } => Ok(Telling::of(self.removed(log, entry, media, only_me))),
            _ if self.concerns_owner(&entry.fact) => self.stands_anew(log, entry).await,
            _ => Ok(Telling::nothing()),
        }
    }
}

impl UserMedia {
    async fn added(&self, log: &LogStream, entry: &Entry, id: MediaId) -> Answer<Vec<MediaStreamEvent>> {
        let media = media::find(&self.app, self.viewer, id).await?;
        let added = |media: media::Media| MediaAdded::new(At::entry(log, entry), media.into(), cursor(id.0)).into();
        Ok(media.map(added).into_iter().collect())
    }

    /// A media that the viewer could not see is not missed by them either.
    fn removed(&self, log: &LogStream, entry: &Entry, id: MediaId, only_me: bool) -> Vec<MediaStreamEvent> {
        let could_see = !only_me || self.audiences.contains(&Audience::OnlyMe);
        could_see.then(|| MediaRemoved::of(log, entry, id).into()).into_iter().collect()
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
        let lost = media::newest_of(&self.app, owner, lost, GONE).await?;
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
