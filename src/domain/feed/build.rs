//! Building a timeline from the databases: for somebody who comes back, whose follows changed, or after Redis was emptied.

use super::{large, sources_of};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::{media, users};
use crate::platform::timelines::Timeline;

/// Users looked at together.
const USERS: u64 = 1000;

/// Builds a user's timeline. `None` when somebody else does, when what it is made of changed meanwhile, or without Redis.
pub(super) async fn build(app: &App, user: UserId) -> Result<Option<Timeline>> {
    let Some(build) = app.timelines.begin(user).await else { return Ok(None) };
    // Read after the beginning: what is not seen here is pushed from now on.
    let timeline = from_databases(app, user).await?;
    Ok(app.timelines.finish(build, &timeline).await)
}

async fn from_databases(app: &App, user: UserId) -> Result<Timeline> {
    let sources = sources_of(app, user).await?;
    let large = large::among(app, &sources).await?;
    let most = app.timelines.entries();
    let media = media::newest_of_many(app, &sources, most).await?;
    // Fewer than asked for are all there are.
    let floor = if media.len() < most { 0 } else { media.last().map_or(0, |media| media.0) };
    Ok(Timeline { floor, media, large })
}

/// Drops a user's timeline, because whom they follow changed. It is built again when they read their feed.
///
/// # Errors
/// When Redis is away.
pub async fn forget(app: &App, user: UserId) -> Result<()> {
    Ok(app.timelines.drop(user).await?)
}

/// Builds a user's timeline anew, as happens at a read. False when there is no Redis, or somebody else is at it.
///
/// # Errors
/// Those of the databases, and when Redis is away.
pub async fn rebuild(app: &App, user: UserId) -> Result<bool> {
    forget(app, user).await?;
    Ok(build(app, user).await?.is_some())
}

/// Builds all timelines that are kept anew, and tells how many. Those who are away have none.
///
/// # Errors
/// As [`rebuild`].
pub async fn rebuild_all(app: &App) -> Result<u64> {
    let mut rebuilt = 0;
    for database in app.db.databases() {
        let mut after = UserId(0);
        loop {
            let some = users::some_of(database, after, USERS).await?;
            let Some(last) = some.last() else { break };
            after = *last;
            for user in some {
                if app.timelines.is_kept(user).await? && rebuild(app, user).await? {
                    rebuilt += 1;
                }
            }
        }
    }
    Ok(rebuilt)
}

/// Whether the viewer's feed is being brought back at this moment. What a read gives is right all the same.
pub async fn is_rebuilding(app: &App, viewer: Viewer) -> bool {
    app.timelines.is_building(viewer.user).await
}
