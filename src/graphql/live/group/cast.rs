//! Executing a group's operation: events are put on a stage one after the other, each for a viewer, and what comes of it is
//! written.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;

use async_graphql::futures_util::stream::{self, BoxStream};
use async_graphql::{Context, Result};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};

use super::super::super::compile::On;
use super::super::super::context::Asking;
use super::super::super::loaders::load;
use super::super::super::report::{self, Rejected};
use super::{Perform, Results};
use crate::app::App;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::{MediaId, UserId};
use crate::domain::likes;
use crate::domain::media::{self, Media};
use crate::domain::sessions::Viewer;
use crate::domain::shelves::{self, Shelf};
use crate::domain::users::{self, User};

/// Where the events of a group come from, and who looks at them.
#[derive(Default)]
pub struct Stage {
    next: Mutex<Option<Scene>>,
    asking: OnceLock<Arc<Asking>>,
    kept: Arc<Kept>,
}

/// An event, and who looks at it.
type Scene = (Option<Viewer>, Box<dyn Any + Send>);

impl Stage {
    /// One on which an operation is executed.
    pub(in super::super) fn of(ctx: &Context<'_>) -> Option<Arc<Self>> {
        let stage = ctx.data_opt::<Arc<Self>>()?;
        let _ = stage.asking.set(ctx.data_unchecked::<Arc<Asking>>().clone());
        load(ctx).keep(&stage.kept);
        Some(stage.clone())
    }

    /// The events that are put on it.
    pub(in super::super) fn events<E: Send + 'static>(self: Arc<Self>) -> BoxStream<'static, Result<E>> {
        stream::poll_fn(move |_| match self.lock().take() {
            Some((viewer, event)) => match event.downcast::<E>() {
                Ok(event) => {
                    self.is_looked_at_by(viewer);
                    Poll::Ready(Some(Ok(*event)))
                }
                Err(_) => Poll::Ready(None),
            },
            // It is asked again when there is one.
            None => Poll::Pending,
        })
        .boxed()
    }

    fn is_looked_at_by(&self, viewer: Option<Viewer>) {
        if let Some(asking) = self.asking.get() {
            asking.is(viewer);
        }
    }

    fn shows(&self, scene: Scene) {
        *self.lock() = Some(scene);
    }

    /// Another one with the same rows.
    fn anew(&self) -> Arc<Self> {
        Arc::new(Self { kept: self.kept.clone(), ..Self::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Scene>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is loaded once for all who are told of one event: rows, and who of them sees a media.
#[derive(Default)]
pub struct Kept(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    viewers: Arc<[UserId]>,
    users: HashMap<UserId, Option<User>>,
    media: HashMap<MediaId, Arc<Seen>>,
    likes: HashMap<MediaId, Arc<HashSet<UserId>>>,
    saves: HashMap<MediaId, Arc<HashSet<UserId>>>,
}

/// A media, and those who see it.
struct Seen {
    media: Option<Media>,
    by: HashSet<UserId>,
}

impl Kept {
    /// Forgets everything: another event, and those who are told of it.
    fn is_for(&self, viewers: impl Iterator<Item = Viewer>) {
        let viewers = viewers.map(|viewer| viewer.user).collect();
        *self.lock() = Rows { viewers, ..Rows::default() };
    }

    /// A user of something that was found to be seen.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn user(&self, app: &App, id: UserId) -> Answer<Option<User>> {
        if let Some(user) = self.lock().users.get(&id) {
            return Ok(user.clone());
        }
        let user = users::known(app, &[id]).await?.remove(&id);
        self.lock().users.insert(id, user.clone());
        Ok(user)
    }

    /// A media, if a viewer can see it: asked once for all of them, after the event.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn media(&self, app: &App, viewer: Viewer, id: MediaId) -> Answer<Option<Media>> {
        let (known, viewers) = {
            let rows = self.lock();
            (rows.media.get(&id).cloned(), rows.viewers.clone())
        };
        let seen = match known {
            Some(seen) => seen,
            None => Arc::new(Self::seen(app, &viewers, id).await?),
        };
        let media = seen.media.clone().filter(|_| seen.by.contains(&viewer.user));
        self.lock().media.insert(id, seen);
        Ok(media)
    }

    async fn seen(app: &App, viewers: &[UserId], id: MediaId) -> Answer<Seen> {
        let each: Vec<Option<UserId>> = viewers.iter().copied().map(Some).collect();
        let (media, sees) = media::seen_by_each(app, &each, id).await?;
        let by = viewers.iter().zip(sees).filter_map(|(viewer, sees)| sees.then_some(*viewer)).collect();
        Ok(Seen { media, by })
    }

    /// Whether a viewer likes a media: asked once for all of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn likes(&self, app: &App, viewer: Viewer, media: MediaId) -> Answer<bool> {
        let (known, viewers) = {
            let rows = self.lock();
            (rows.likes.get(&media).cloned(), rows.viewers.clone())
        };
        let known = match known {
            Some(known) => known,
            None => Arc::new(likes::among(app, media, &viewers).await?),
        };
        let likes = known.contains(&viewer.user);
        self.lock().likes.insert(media, known);
        Ok(likes)
    }

    /// Whether a viewer saved a media: asked once for all of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn saves(&self, app: &App, viewer: Viewer, media: MediaId) -> Answer<bool> {
        let (known, viewers) = {
            let rows = self.lock();
            (rows.saves.get(&media).cloned(), rows.viewers.clone())
        };
        let known = match known {
            Some(known) => known,
            None => Arc::new(shelves::keepers(app, (Shelf::Saved, media), &viewers).await?),
        };
        let saves = known.contains(&viewer.user);
        self.lock().saves.insert(media, known);
        Ok(saves)
    }

    /// Whether something is true of a viewer and a media: asked once for all of them.
    pub(super) async fn holds(
        &self,
        app: &App,
        (on, viewer): (On, Viewer),
        (media, owner): (MediaId, UserId),
    ) -> Answer<bool> {
        match on {
            On::SignIn | On::Everything => Ok(true),
            On::Ownership => Ok(viewer.user == owner),
            On::Like => self.likes(app, viewer, media).await,
            On::Save => self.saves(app, viewer, media).await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The execution of a group's operation.
pub(super) struct Cast {
    app: Arc<App>,
    stage: Arc<Stage>,
    perform: Perform,
    results: Option<Results>,
}

impl Cast {
    pub(super) fn new(app: Arc<App>, perform: Perform) -> Self {
        Self { app, stage: Arc::default(), perform, results: None }
    }

    /// Another event, with those who are told of it.
    pub(super) fn is_for(&self, viewers: impl Iterator<Item = Viewer>) {
        self.stage.kept.is_for(viewers);
    }

    /// What was loaded for those who are told of this event.
    pub(super) fn kept(&self) -> Arc<Kept> {
        self.stage.kept.clone()
    }

    /// Executes the operation for one event as one viewer.
    pub(super) async fn plays<E: Send + 'static>(
        &mut self,
        viewer: Option<Viewer>,
        event: E,
    ) -> std::result::Result<Bytes, Rejected> {
        let results = self.results.get_or_insert_with(|| (self.perform)(self.stage.clone()));
        self.stage.shows((viewer, Box::new(event)));
        let played = match AssertUnwindSafe(results.next()).catch_unwind().await {
            Ok(Some(played)) => played,
            Ok(None) => Err(report::failed(&self.app.chance, &Error::internal("a group's operation ended"))),
            Err(panic) => Err(report::panicked(&self.app.chance, panic.as_ref())),
        };
        // What broke once is begun anew for the next.
        let written = played.and_then(|response| {
            serde_json::to_vec(&response).map_err(|error| report::failed(&self.app.chance, &Error::internal(error)))
        });
        if written.is_err() {
            self.results = None;
            self.stage = self.stage.anew();
        }
        written.map(Bytes::from)
    }
}
