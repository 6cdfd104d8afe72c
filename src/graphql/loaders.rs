//! Loading by id in batches: however many items a page has, the same number of statements.
//!
//! Nothing is kept between batches, so an event of a stream is never shown with what an earlier one loaded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};

use super::context::Asking;
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId};
use crate::base::page::Slice;
use crate::domain::comments::{self, Comment, Order};
use crate::domain::follows::{self, Relationship, Standing};
use crate::domain::media::{self, Media, Photo};
use crate::domain::users::{self, User};
use crate::domain::likes;

/// Loads what one viewer sees.
pub struct Load {
    app: Arc<App>,
    asking: Arc<Asking>,
}

/// The loaders of one operation.
pub type Loaders = DataLoader<Load>;

/// Loaders for somebody's operation.
#[must_use]
pub fn loaders(app: &Arc<App>, asking: &Arc<Asking>) -> Loaders {
    let load = Load { app: app.clone(), asking: asking.clone() };
    // Every resolver that is ready has asked by the time the loader's own task runs.
    DataLoader::new(load, tokio::spawn).delay(Duration::ZERO)
}

/// The loaders of this operation.
pub fn load<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// A user of something that the viewer was found to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Known(pub UserId);

/// A user as far as they exist for the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Visible(pub UserId);

/// How the viewer stands to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StandingTo(pub UserId);

/// How the viewer and a user stand, for showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RelationshipWith(pub UserId);

/// The photos of a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotosOf(pub MediaId);

/// Whether the viewer likes a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LikeOf(pub MediaId);

/// The first page of comments on a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommentsOn {
    /// The media.
    pub media: MediaId,
    /// In which order.
    pub order: Order,
    /// How many.
    pub items: u32,
}

impl Loader<Known> for Load {
    type Value = User;
    type Error = Error;

    async fn load(&self, keys: &[Known]) -> Result<HashMap<Known, User>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let users = users::find_many(&self.app, &ids).await?;
        Ok(users.into_iter().map(|(id, user)| (Known(id), user)).collect())
    }
}

impl Loader<Visible> for Load {
    type Value = User;
    type Error = Error;

    async fn load(&self, keys: &[Visible]) -> Result<HashMap<Visible, User>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let users = follows::visible(&self.app, self.asking.viewer(), &ids).await?;
        Ok(users.into_iter().map(|(id, user)| (Visible(id), user)).collect())
    }
}

impl Loader<StandingTo> for Load {
    type Value = Standing;
    type Error = Error;

    async fn load(&self, keys: &[StandingTo]) -> Result<HashMap<StandingTo, Standing>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let standings = follows::standings(&self.app, self.asking.viewer(), &ids).await?;
        Ok(standings.into_iter().map(|(id, standing)| (StandingTo(id), standing)).collect())
    }
}

impl Loader<RelationshipWith> for Load {
    type Value = Relationship;
    type Error = Error;

    async fn load(&self, keys: &[RelationshipWith]) -> Result<HashMap<RelationshipWith, Relationship>> {
        let Some(viewer) = self.asking.viewer() else { return Ok(HashMap::new()) };
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let relationships = follows::relationships(&self.app, viewer, &ids).await?;
        Ok(relationships.into_iter().map(|(id, with)| (RelationshipWith(id), with)).collect())
    }
}

impl Loader<MediaId> for Load {
    type Value = Media;
    type Error = Error;

    async fn load(&self, keys: &[MediaId]) -> Result<HashMap<MediaId, Media>> {
        media::find_many(&self.app, self.asking.viewer(), keys).await
    }
}

impl Loader<PhotosOf> for Load {
    type Value = Vec<Photo>;
    type Error = Error;

    async fn load(&self, keys: &[PhotosOf]) -> Result<HashMap<PhotosOf, Vec<Photo>>> {
        let ids: Vec<MediaId> = keys.iter().map(|key| key.0).collect();
        let photos = media::photos_of(&self.app, &ids).await?;
        Ok(photos.into_iter().map(|(id, photos)| (PhotosOf(id), photos)).collect())
    }
}

impl Loader<LikeOf> for Load {
    type Value = ();
    type Error = Error;

    async fn load(&self, keys: &[LikeOf]) -> Result<HashMap<LikeOf, ()>> {
        let Some(viewer) = self.asking.viewer() else { return Ok(HashMap::new()) };
        let ids: Vec<MediaId> = keys.iter().map(|key| key.0).collect();
        let liked = likes::liked(&self.app, viewer.user, &ids).await?;
        Ok(liked.into_iter().map(|id| (LikeOf(id), ())).collect())
    }
}

impl Loader<CommentsOn> for Load {
    type Value = Slice<Comment>;
    type Error = Error;

    async fn load(&self, keys: &[CommentsOn]) -> Result<HashMap<CommentsOn, Slice<Comment>>> {
        let shapes: HashSet<(Order, u32)> = keys.iter().map(|key| (key.order, key.items)).collect();
        let mut pages = HashMap::new();
        for (order, items) in shapes {
            let alike = keys.iter().filter(|key| (key.order, key.items) == (order, items));
            let ids: Vec<MediaId> = alike.map(|key| key.media).collect();
            let slices = comments::first_of_each(&self.app, self.asking.viewer(), &ids, order, items).await?;
            pages.extend(slices.into_iter().map(|(media, slice)| (CommentsOn { media, order, items }, slice)));
        }
        Ok(pages)
    }
}
