//! What is there before anything is measured: the world, and where every operation is to find something, what people did.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::side::Side;
use super::{ROUNDS, Setup};
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::error::Result;
use crate::base::ids::{SessionId, UploadId, UserId};
use crate::bench::world::{self, World};
use crate::domain::comments::{self, Remark};
use crate::domain::sessions::{self, Viewer};
use crate::domain::{follows, likes};
use crate::jobs;

/// People to whom much happened, and as many private ones whom others ask to follow.
pub(super) const VIEWERS: usize = 20;
/// Who like, comment on and follow each of them.
const FRIENDS: usize = 10;
/// Done at once.
const AT_ONCE: usize = 16;
/// How long uploads may be published: longer than every benchmark.
const UNUSED: Duration = Duration::from_hours(24);

/// What is in the databases.
pub(super) struct Filled {
    pub(super) app: Arc<App>,
    pub(super) world: World,
    /// One of each actor, to be published.
    pub(super) uploads: Vec<UploadId>,
}

/// Fills an empty database.
pub(super) async fn fill(side: &Side, setup: &Setup, say: &impl Fn(&str)) -> Result<Filled> {
    let app = App::start(side.config(setup)?, Clock::system()).await?;
    world::must_be_empty(&app).await?;
    sessions::load_keys(&app).await?;
    let world = world::make(&app, setup.size, say).await?;
    let mut uploads = vec![];
    if let Some(executions) = setup.executions {
        say("what happened lately …");
        let background = jobs::spawn(&app).await?;
        uploads = happen(&app, &world, executions * (ROUNDS + 1)).await?;
        jobs::settle(&app).await?;
        background.stop().await;
    }
    app.db.rest();
    Ok(Filled { app, world, uploads })
}

async fn happen(app: &Arc<App>, world: &World, executions: usize) -> Result<Vec<UploadId>> {
    let actors: Vec<UserId> = (0..executions).map(|number| actor(world, number)).collect();
    let uploads = world::upload(app, &actors, app.clock.now().after(UNUSED)).await?;
    let pairs = (0..VIEWERS * FRIENDS).map(|number| (world.people[number % VIEWERS], actor(world, number)));
    let befriended = stream::iter(pairs).map(|(viewer, friend)| befriend(app, world, viewer, friend));
    befriended.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    for number in 0..VIEWERS {
        follows::set_private(app, as_viewer(private(world, number)), true).await?;
    }
    let asking = stream::iter((0..executions).map(|number| (private(world, number), actor(world, number))));
    let asking = asking.map(|(whom, who)| follows::follow(app, as_viewer(who), whom));
    asking.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(uploads)
}

async fn befriend(app: &App, world: &World, viewer: UserId, friend: UserId) -> Result<()> {
    let friend = as_viewer(friend);
    follows::follow(app, friend, viewer).await?;
    let Some((media, _)) = world.media.iter().rev().find(|(_, owner)| *owner == viewer) else { return Ok(()) };
    likes::like(app, friend, *media).await?;
    let remark = Remark { media: *media, text: "I was there, too.".to_owned(), parent: None };
    comments::add(app, friend, remark, None).await.map(|_| ())
}

pub(super) fn as_viewer(user: UserId) -> Viewer {
    Viewer { user, session: SessionId(user.0) }
}

/// Who does something for the `number`th time: others each time, and none of those of whom something is shown.
pub(super) fn actor(world: &World, number: usize) -> UserId {
    let half = world.people.len() / 2;
    world.people[half - 1 - number % (half - VIEWERS)]
}

/// Somebody else, to whom it is done: nobody follows many of these.
pub(super) fn other(world: &World, number: usize) -> UserId {
    let half = world.people.len() / 2;
    world.people[world.people.len() - 1 - number % (half - VIEWERS)]
}

/// A private account that many ask to follow.
pub(super) fn private(world: &World, number: usize) -> UserId {
    world.people[world.people.len() / 2 + number % VIEWERS]
}
