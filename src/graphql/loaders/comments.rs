//! Loading comments in batches: the first ones on many media, the first replies to many comments, and likes of them.

use std::collections::{HashMap, HashSet};

use super::{Batch, Key, Loaders};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{CommentId, MediaId};
use crate::base::page::Slice;
use crate::domain::comments::{self, Comment, Order};
use crate::domain::sessions::Viewer;

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

/// The first page of replies to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RepliesTo {
    /// The comment.
    pub comment: CommentId,
    /// How many.
    pub items: u32,
}

/// Whether the viewer likes a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LikeOfComment(pub CommentId);

impl Key for CommentsOn {
    type Value = Slice<Comment>;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.comments
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Slice<Comment>>> {
        let shapes: HashSet<(Order, u32)> = keys.iter().map(|key| (key.order, key.items)).collect();
        let mut pages = HashMap::new();
        for (order, items) in shapes {
            let alike = keys.iter().filter(|key| (key.order, key.items) == (order, items));
            let ids: Vec<MediaId> = alike.map(|key| key.media).collect();
            let slices = comments::first_of_each(app, viewer, &ids, order, items).await?;
            pages.extend(slices.into_iter().map(|(media, slice)| (Self { media, order, items }, slice)));
        }
        Ok(pages)
    }
}

impl Key for RepliesTo {
    type Value = Slice<Comment>;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.replies
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Slice<Comment>>> {
        let shapes: HashSet<u32> = keys.iter().map(|key| key.items).collect();
        let mut pages = HashMap::new();
        for items in shapes {
            let alike = keys.iter().filter(|key| key.items == items);
            let ids: Vec<CommentId> = alike.map(|key| key.comment).collect();
            let slices = comments::first_replies_of_each(app, viewer, &ids, items).await?;
            pages.extend(slices.into_iter().map(|(comment, slice)| (Self { comment, items }, slice)));
        }
        Ok(pages)
    }
}

impl Key for LikeOfComment {
    type Value = ();

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.comment_likes
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, ()>> {
        let Some(viewer) = viewer else { return Ok(HashMap::new()) };
        let ids: Vec<CommentId> = keys.iter().map(|key| key.0).collect();
        let liked = comments::liked(app, viewer.user, &ids).await?;
        Ok(liked.into_iter().map(|id| (Self(id), ())).collect())
    }
}
