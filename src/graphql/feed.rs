//! The home feed.

use async_graphql::{Context, Object, Result, SimpleObject, Union};

use super::context::app;
use super::loaders::{Known, load};
use super::media::Media;
use super::page::PageInfo;
use super::scalars::DateTime;
use super::user::User;
use crate::base::error::Error;
use crate::base::page::{Slice, cursor};
use crate::domain::sessions::Viewer;
use crate::domain::{feed, media};

/// A page of the home feed.
#[derive(Clone, Debug)]
pub struct HomeFeedConnection {
    viewer: Viewer,
    page: Slice<media::Media>,
}

impl HomeFeedConnection {
    /// A page of the home feed of a viewer.
    #[must_use]
    pub fn new(viewer: Viewer, page: Slice<media::Media>) -> Self {
        Self { viewer, page }
    }
}

/// A page of the home feed.
#[Object]
impl HomeFeedConnection {
    /// The media with their cursors and why they are here.
    async fn edges(&self) -> Vec<HomeFeedEdge> {
        self.page.items.iter().map(|row| HomeFeedEdge { viewer: self.viewer, row: row.clone() }).collect()
    }

    /// The media.
    async fn nodes(&self) -> Vec<Media> {
        self.page.items.iter().cloned().map(Media).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.page, |row| row.id.0)
    }

    /// Whether the server is still bringing the feed back after a long absence; what is here is right, and older pages work.
    async fn is_rebuilding(&self, ctx: &Context<'_>) -> bool {
        feed::is_rebuilding(app(ctx), self.viewer).await
    }
}

/// One media in the home feed.
#[derive(Clone, Debug)]
pub struct HomeFeedEdge {
    viewer: Viewer,
    row: media::Media,
}

/// One media in the home feed.
#[Object]
impl HomeFeedEdge {
    /// Its cursor.
    async fn cursor(&self) -> String {
        cursor(self.row.id.0)
    }

    /// The media.
    async fn node(&self) -> Media {
        Media(self.row.clone())
    }

    /// Why it is here.
    async fn reason(&self, ctx: &Context<'_>) -> Result<HomeFeedReason> {
        if self.row.owner_id == self.viewer.user {
            let published_at = DateTime(self.row.id.made_at());
            return Ok(HomeFeedReason::Own(OwnMediaReason { published_at }));
        }
        let owner = load(ctx).load_one(Known(self.row.owner_id)).await?;
        let user = owner.map(User).ok_or_else(|| Error::internal("a media has no owner"))?;
        Ok(HomeFeedReason::Followed(FollowedUserReason { user }))
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
