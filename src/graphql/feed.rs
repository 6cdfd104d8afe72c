//! The home feed.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use super::context::{app, signed_in};
use super::cost::{COUNTED, STATEMENT, cost};
use super::error::{UserError, outcome};
use super::media::Media;
use super::page::PageInfo;
use super::scalars::DateTime;
use super::user::User;
use super::viewer;
use crate::base::page::{Slice, cursor};
use crate::domain::feed;
use crate::domain::media::Card;
use crate::domain::sessions::Viewer;

/// A page of the home feed.
#[derive(Clone, Debug)]
pub struct HomeFeedConnection {
    viewer: Viewer,
    page: Slice<Card>,
}

impl HomeFeedConnection {
    /// A page of the home feed of a viewer.
    #[must_use]
    pub fn new(viewer: Viewer, page: Slice<Card>) -> Self {
        Self { viewer, page }
    }
}

/// A page of the home feed.
#[Object]
impl HomeFeedConnection {
    /// The media with their cursors and why they are here.
    async fn edges(&self) -> Vec<HomeFeedEdge> {
        self.page.items.iter().map(|card| HomeFeedEdge { viewer: self.viewer, card: card.clone() }).collect()
    }

    /// The media.
    async fn nodes(&self) -> Vec<Media> {
        self.page.items.iter().cloned().map(Media::from).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.page, |card| card.media.id.0)
    }

    /// Whether the server is still bringing the feed back after a long absence; what is here is right, and older pages work.
    #[graphql(directive = cost::apply(STATEMENT.into()))]
    async fn is_rebuilding(&self, ctx: &Context<'_>) -> bool {
        feed::is_rebuilding(app(ctx), self.viewer).await
    }
}

/// One media in the home feed.
#[derive(Clone, Debug)]
pub struct HomeFeedEdge {
    viewer: Viewer,
    card: Card,
}

/// One media in the home feed.
#[Object]
impl HomeFeedEdge {
    /// Its cursor.
    async fn cursor(&self) -> String {
        cursor(self.card.media.id.0)
    }

    /// The media.
    async fn node(&self) -> Media {
        self.card.clone().into()
    }

    /// Why it is here.
    async fn reason(&self) -> HomeFeedReason {
        if self.card.media.owner_id == self.viewer.user {
            let published_at = DateTime(self.card.media.id.made_at());
            return HomeFeedReason::Own(OwnMediaReason { published_at });
        }
        HomeFeedReason::Followed(FollowedUserReason { user: User(self.card.owner.clone()) })
    }
}

/// Why a media is in the home feed. New kinds may be added.
#[derive(Clone, Debug, Union)]
pub enum HomeFeedReason {
    /// The viewer follows its owner.
    Followed(FollowedUserReason),
    /// The viewer published it.
    Own(OwnMediaReason),
}

/// The viewer follows its owner.
#[derive(Clone, Debug, SimpleObject)]
pub struct FollowedUserReason {
    /// The owner.
    user: User,
}

/// The viewer published it.
#[derive(Clone, Debug, SimpleObject)]
pub struct OwnMediaReason {
    /// When.
    published_at: DateTime,
}

/// How far the viewer read the home feed.
#[derive(Clone, Debug)]
pub struct HomeFeedMarker {
    /// The viewer.
    pub viewer: Viewer,
    /// How far they read.
    pub marker: feed::Marker,
}

/// How far the viewer read the home feed.
#[Object]
impl HomeFeedMarker {
    /// The cursor of the last media seen: everything `before` it is new.
    async fn cursor(&self) -> String {
        cursor(self.marker.position)
    }

    /// How many media are newer, counted up to 100.
    #[graphql(directive = cost::apply(COUNTED.into()))]
    async fn newer_count(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(feed::newer_than(app(ctx), self.viewer, &self.marker).await?)
    }

    /// When it was last moved.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.marker.updated_at)
    }
}

/// Input of `saveHomeFeedMarker`.
#[derive(InputObject)]
pub struct SaveHomeFeedMarkerInput {
    /// The cursor of the newest media seen.
    cursor: String,
}

/// Result of `saveHomeFeedMarker`.
#[derive(Clone, Debug, SimpleObject)]
pub struct SaveHomeFeedMarkerPayload {
    /// The viewer.
    viewer: Option<viewer::Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// The home feed.
#[derive(Default)]
pub struct FeedMutation;

/// The home feed.
#[Object]
impl FeedMutation {
    /// Remember how far the home feed was read. Never moves back.
    async fn save_home_feed_marker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: SaveHomeFeedMarkerInput,
    ) -> Result<SaveHomeFeedMarkerPayload> {
        let asking = signed_in(ctx)?;
        let saved = feed::save_marker(app(ctx), asking, &input.cursor).await;
        let (viewer, user_errors) = outcome(saved.map(|()| viewer::Viewer(asking)))?;
        Ok(SaveHomeFeedMarkerPayload { viewer, user_errors })
    }
}
