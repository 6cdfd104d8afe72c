//! Lists of followers, of those followed, of requests, of those muted and of those blocked. Who does not exist for the viewer is left out.

use super::{blocks, followers as edges, following as copies, mutes, standing};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::{UserId, made_at};
use crate::base::page::{Page, Slice};
use crate::domain::sessions::Viewer;
use crate::domain::users::{self, User};

/// A user in a list.
#[derive(Clone, Debug)]
pub struct Related {
    /// The user.
    pub user: User,
    /// The key of their place in the list.
    pub edge: i64,
}

impl Related {
    /// When they came into the list.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        made_at(self.edge)
    }
}

type Place = (UserId, i64);

/// Who follows a user, last first; nobody when the viewer cannot see the user's media.
///
/// # Errors
/// Those of the database.
pub async fn followers(app: &App, viewer: Option<Viewer>, user: UserId, page: Page) -> Result<Slice<Related>> {
    if !is_open(app, viewer, user).await? {
        return Ok(Slice::default());
    }
    list(app, viewer, page, |page| places_of_followers(app, user, FollowState::Following, page)).await
}

/// Whom a user follows, last first; nobody when the viewer cannot see the user's media.
///
/// # Errors
/// Those of the database.
pub async fn following(app: &App, viewer: Option<Viewer>, user: UserId, page: Page) -> Result<Slice<Related>> {
    if !is_open(app, viewer, user).await? {
        return Ok(Slice::default());
    }
    let is_own = viewer.is_some_and(|viewer| viewer.user == user);
    let rows = if is_own { app.db.read_own(&user) } else { app.db.read(&user) };
    list(app, viewer, page, async |page| {
        let rows = copies::page(rows, user, page).await?;
        Ok(rows.into_iter().map(|row| (row.followee_id, row.edge)).collect())
    })
    .await
}

/// Who asks to follow the viewer, last first.
///
/// # Errors
/// Those of the database.
pub async fn requests(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Related>> {
    list(app, Some(viewer), page, |page| places_of_followers(app, viewer.user, FollowState::Requested, page)).await
}

/// Whom the viewer mutes, last first.
///
/// # Errors
/// Those of the database.
pub async fn muted(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Related>> {
    let now = app.clock.now();
    list(app, Some(viewer), page, async |page| {
        let rows = mutes::page(app.db.read_own(&viewer.user), viewer.user, now, page).await?;
        Ok(rows.into_iter().map(|row| (row.muted_id, row.edge)).collect())
    })
    .await
}

/// Whom the viewer blocks, last first. The one list where they exist for each other.
///
/// # Errors
/// Those of the database.
pub async fn blocked(app: &App, viewer: Viewer, page: Page) -> Result<Slice<Related>> {
    let rows = blocks::page(app.db.read_own(&viewer.user), viewer.user, page).await?;
    let rows = Slice::cut(page, rows).map(|row| (row.blocked_id, row.edge));
    let ids: Vec<UserId> = rows.items.iter().map(|row| row.0).collect();
    let mut users = users::find_many(app, &ids).await?;
    Ok(rows.map(|(id, edge)| users.remove(&id).map(|user| Related { user, edge })).flatten())
}

async fn is_open(app: &App, viewer: Option<Viewer>, user: UserId) -> Result<bool> {
    Ok(standing::standing(app, viewer, user).await?.is_some_and(standing::Standing::can_view_media))
}

async fn places_of_followers(app: &App, user: UserId, state: FollowState, page: Page) -> Result<Vec<Place>> {
    let rows = edges::page(app.db.read_own(&user), user, state, page).await?;
    Ok(rows.into_iter().map(|row| (row.follower_id, row.edge)).collect())
}

/// A full page of users who exist for the viewer.
async fn list<R, Read>(app: &App, viewer: Option<Viewer>, page: Page, read: R) -> Result<Slice<Related>>
where
    R: Fn(Page) -> Read,
    Read: Future<Output = Result<Vec<Place>>>,
{
    Slice::fill(page, |place: &Place| place.1, read, |places| present(app, viewer, places)).await
}

async fn present(app: &App, viewer: Option<Viewer>, places: Vec<Place>) -> Result<Vec<Related>> {
    let ids: Vec<UserId> = places.iter().map(|place| place.0).collect();
    let mut users = standing::visible(app, viewer, &ids).await?;
    let related = |(id, edge)| users.remove(&id).map(|user| Related { user, edge });
    Ok(places.into_iter().filter_map(related).collect())
}
