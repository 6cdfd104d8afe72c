//! Loading by id in batches: however many items a page has, the same number of statements.
//!
//! The resolvers of an operation run side by side in one task. The first that asks for something waits until the others
//! have had their turn to ask, and then loads for all of them: no timer, no other task, and no batch cut in two. Nothing is
//! kept between batches, so an event of a stream is never shown with what an earlier one loaded.

mod comments;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_graphql::Context;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::context::Asking;
use super::live::group::Kept;
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::ids::{CommentId, MediaId, PhotoId, UserId};
use crate::domain::comments::{self as room, Comment};
use crate::domain::follows::{self, Relationship, Standing};
use crate::domain::likes;
use crate::domain::media::{self, Media, Photo, PhotoTag};
use crate::domain::sessions::Viewer;
use crate::domain::shelves::{self, Shelf};
use crate::domain::users::{self, User};

pub use comments::{CommentsOn, LikeOfComment, RepliesTo};

/// The loaders of one operation, for who asks in it.
pub struct Loaders {
    app: Arc<App>,
    asking: Arc<Asking>,
    known: Batch<Known>,
    visible: Batch<Visible>,
    standings: Batch<StandingTo>,
    relationships: Batch<RelationshipWith>,
    media: Batch<MediaId>,
    photo: Batch<PhotoId>,
    comment: Batch<CommentId>,
    photos: Batch<PhotosOf>,
    tags: Batch<TagsOf>,
    likes: Batch<LikeOf>,
    saves: Batch<SaveOf>,
    comments: Batch<CommentsOn>,
    replies: Batch<RepliesTo>,
    comment_likes: Batch<LikeOfComment>,
    /// Rows that are loaded once for many viewers of one event.
    kept: OnceLock<Arc<Kept>>,
}

/// What can be loaded.
pub trait Key: Copy + Eq + Hash + Send + Sync + 'static {
    /// What it stands for.
    type Value: Clone + Send + 'static;

    /// Those who wait for such keys.
    fn batch(loaders: &Loaders) -> &Batch<Self>
    where
        Self: Sized;

    /// Loads many at once. What does not exist for the viewer is missing.
    fn fetch(
        app: &App,
        viewer: Option<Viewer>,
        keys: &[Self],
    ) -> impl Future<Output = Result<HashMap<Self, Self::Value>>> + Send
    where
        Self: Sized;

    /// The same from rows that many viewers of one event share; `None` for what is not shared.
    fn kept(
        _kept: &Kept,
        (_app, _viewer): (&App, Option<Viewer>),
        _key: Self,
    ) -> impl Future<Output = Result<Option<Option<Self::Value>>>> + Send
    where
        Self: Sized,
    {
        async { Ok(None) }
    }
}

/// Those who wait for keys of one kind to be loaded.
pub struct Batch<K: Key>(Mutex<Vec<Waiting<K>>>);

struct Waiting<K: Key> {
    key: K,
    answer: oneshot::Sender<Result<Option<K::Value>>>,
}

/// Loaders for somebody's operation.
#[must_use]
pub fn loaders(app: &Arc<App>, asking: &Arc<Asking>) -> Loaders {
    Loaders {
        app: app.clone(),
        asking: asking.clone(),
        known: Batch::default(),
        visible: Batch::default(),
        standings: Batch::default(),
        relationships: Batch::default(),
        media: Batch::default(),
        photo: Batch::default(),
        comment: Batch::default(),
        photos: Batch::default(),
        tags: Batch::default(),
        likes: Batch::default(),
        saves: Batch::default(),
        comments: Batch::default(),
        replies: Batch::default(),
        comment_likes: Batch::default(),
        kept: OnceLock::new(),
    }
}

/// The loaders of this operation.
#[must_use]
pub fn load<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

impl Loaders {
    /// From now on takes rows from here that many viewers share.
    pub fn keep(&self, kept: &Arc<Kept>) {
        let _ = self.kept.set(kept.clone());
    }

    /// Loads something together with whatever else is asked for at the moment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_one<K: Key>(&self, key: K) -> Result<Option<K::Value>> {
        if let Some(kept) = self.kept.get()
            && let Some(found) = K::kept(kept, (&self.app, self.asking.viewer()), key).await?
        {
            return Ok(found);
        }
        let batch = K::batch(self);
        let (answer, answered) = oneshot::channel();
        if batch.join(Waiting { key, answer }) {
            let waiting = batch.fill().await;
            let keys: Vec<K> = waiting.iter().map(|waiting| waiting.key).collect::<HashSet<K>>().into_iter().collect();
            let loaded = K::fetch(&self.app, self.asking.viewer(), &keys).await;
            for Waiting { key, answer } in waiting {
                // Whoever asked may have gone.
                let _ = answer.send(loaded.as_ref().map(|values| values.get(&key).cloned()).map_err(Error::clone));
            }
        }
        answered.await.map_err(Error::internal)?
    }
}

impl<K: Key> Default for Batch<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Key> Batch<K> {
    /// Joins those who wait; true for the first, who loads for all.
    fn join(&self, waiting: Waiting<K>) -> bool {
        let mut all = self.lock();
        all.push(waiting);
        all.len() == 1
    }

    /// Everybody who waits, once nobody has joined for two turns. When the first gives up, so do those who wait for it:
    /// they are resolvers of the same operation.
    async fn fill(&self) -> Vec<Waiting<K>> {
        let guard = Abandon(self);
        let (mut joined, mut quiet) = (0, 0);
        while quiet < 2 {
            yield_now().await;
            let now = self.lock().len();
            quiet = if now == joined { quiet + 1 } else { 0 };
            joined = now;
        }
        let all = std::mem::take(&mut *self.lock());
        drop(guard);
        all
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting<K>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets nobody wait for one who has given up.
struct Abandon<'a, K: Key>(&'a Batch<K>);

impl<K: Key> Drop for Abandon<'_, K> {
    fn drop(&mut self) {
        self.0.lock().clear();
    }
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

/// Who is in a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagsOf(pub PhotoId);

/// Whether the viewer likes a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LikeOf(pub MediaId);

/// Whether the viewer saved a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SaveOf(pub MediaId);

impl Key for Known {
    type Value = User;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.known
    }

    async fn fetch(app: &App, _viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, User>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let users = users::known(app, &ids).await?;
        Ok(users.into_iter().map(|(id, user)| (Self(id), user)).collect())
    }

    async fn kept(kept: &Kept, (app, _): (&App, Option<Viewer>), key: Self) -> Result<Option<Option<User>>> {
        kept.user(app, key.0).await.map(Some)
    }
}

impl Key for Visible {
    type Value = User;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.visible
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, User>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let users = follows::visible(app, viewer, &ids).await?;
        Ok(users.into_iter().map(|(id, user)| (Self(id), user)).collect())
    }
}

impl Key for StandingTo {
    type Value = Standing;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.standings
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Standing>> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let standings = follows::standings(app, viewer, &ids).await?;
        Ok(standings.into_iter().map(|(id, standing)| (Self(id), standing)).collect())
    }
}

impl Key for RelationshipWith {
    type Value = Relationship;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.relationships
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Relationship>> {
        let Some(viewer) = viewer else { return Ok(HashMap::new()) };
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let relationships = follows::relationships(app, viewer, &ids).await?;
        Ok(relationships.into_iter().map(|(id, with)| (Self(id), with)).collect())
    }
}

impl Key for MediaId {
    type Value = Media;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.media
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Media>> {
        media::find_many(app, viewer, keys).await
    }

    async fn kept(kept: &Kept, (app, viewer): (&App, Option<Viewer>), key: Self) -> Result<Option<Option<Media>>> {
        let Some(viewer) = viewer else { return Ok(None) };
        Ok(Some(kept.media(app, viewer, key).await?))
    }
}

impl Key for PhotoId {
    type Value = Photo;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.photo
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Photo>> {
        media::find_photos(app, viewer, keys).await
    }
}

impl Key for CommentId {
    type Value = Comment;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.comment
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Comment>> {
        room::find_many(app, viewer, keys).await
    }
}

impl Key for PhotosOf {
    type Value = Vec<Photo>;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.photos
    }

    async fn fetch(app: &App, _viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Vec<Photo>>> {
        let ids: Vec<MediaId> = keys.iter().map(|key| key.0).collect();
        let photos = media::photos_of(app, &ids).await?;
        Ok(photos.into_iter().map(|(id, photos)| (Self(id), photos)).collect())
    }
}

impl Key for TagsOf {
    type Value = Vec<PhotoTag>;

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.tags
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, Vec<PhotoTag>>> {
        let ids: Vec<PhotoId> = keys.iter().map(|key| key.0).collect();
        let tags = media::tags_of(app, viewer, &ids).await?;
        Ok(tags.into_iter().map(|(id, tags)| (Self(id), tags)).collect())
    }
}

impl Key for LikeOf {
    type Value = ();

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.likes
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, ()>> {
        let Some(viewer) = viewer else { return Ok(HashMap::new()) };
        let ids: Vec<MediaId> = keys.iter().map(|key| key.0).collect();
        let liked = likes::liked(app, viewer.user, &ids).await?;
        Ok(liked.into_iter().map(|id| (Self(id), ())).collect())
    }

    async fn kept(kept: &Kept, (app, viewer): (&App, Option<Viewer>), key: Self) -> Result<Option<Option<()>>> {
        let Some(viewer) = viewer else { return Ok(Some(None)) };
        Ok(Some(kept.likes(app, viewer, key.0).await?.then_some(())))
    }
}

impl Key for SaveOf {
    type Value = ();

    fn batch(loaders: &Loaders) -> &Batch<Self> {
        &loaders.saves
    }

    async fn fetch(app: &App, viewer: Option<Viewer>, keys: &[Self]) -> Result<HashMap<Self, ()>> {
        let Some(viewer) = viewer else { return Ok(HashMap::new()) };
        let ids: Vec<MediaId> = keys.iter().map(|key| key.0).collect();
        let saved = shelves::among(app, viewer.user, Shelf::Saved, &ids).await?;
        Ok(saved.into_iter().map(|id| (Self(id), ())).collect())
    }

    async fn kept(kept: &Kept, (app, viewer): (&App, Option<Viewer>), key: Self) -> Result<Option<Option<()>>> {
        let Some(viewer) = viewer else { return Ok(Some(None)) };
        Ok(Some(kept.saves(app, viewer, key.0).await?.then_some(())))
    }
}
