//! How a viewer stands to other users: the one rule of visibility, asked in batches, from the truth and never a copy.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join;

use super::blocks;
use super::followers::{self, Seen};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::domain::sessions::Viewer;
use crate::domain::users::{self, User};

/// How a viewer stands to a user who exists for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the viewer.
    Own,
    /// The viewer follows them.
    Follower,
    /// The viewer does not follow them.
    Stranger {
        /// Whether their account is private.
        is_private: bool,
    },
}

impl Standing {
    /// Whether the viewer can see the user's media at all.
    #[must_use]
    pub fn can_view_media(self) -> bool {
        !matches!(self, Self::Stranger { is_private: true })
    }
}

/// How the viewer stands to each of these users. Users who do not exist for the viewer — blocked either way, or not
/// there — are missing.
///
/// # Errors
/// Those of the database.
pub async fn standings(app: &App, viewer: Option<Viewer>, users: &[UserId]) -> Result<HashMap<UserId, Standing>> {
    match viewer {
        Some(viewer) => standings_of(app, viewer.user, users).await,
        None => strangers(app, users).await,
    }
}

/// The same for somebody who does not ask: what happens to them is decided for.
pub(in crate::domain) async fn standings_of(
    app: &App,
    viewer: UserId,
    users: &[UserId],
) -> Result<HashMap<UserId, Standing>> {
    let seen = followers::seen_by(app, viewer, users).await?;
    Ok(seen.iter().filter_map(|row| row.standing(Some(viewer)).map(|standing| (row.id, standing))).collect())
}

impl Seen {
    /// How the viewer for whom it was read stands to the user; `None` when the user does not exist for them.
    pub(in crate::domain) fn standing(&self, viewer: Option<UserId>) -> Option<Standing> {
        match self {
            row if viewer == Some(row.id) => Some(Standing::Own),
            row if row.blocks_viewer || row.is_blocked => None,
            row if row.state == Some(FollowState::Following) => Some(Standing::Follower),
            row => Some(Standing::Stranger { is_private: row.is_private }),
        }
    }

    /// Whether the viewer mutes the user.
    pub(in crate::domain) fn is_muted(&self) -> bool {
        self.is_muted
    }
}

async fn strangers(app: &App, users: &[UserId]) -> Result<HashMap<UserId, Standing>> {
    let users = users::find_many(app, users).await?;
    let stranger = |user: User| Standing::Stranger { is_private: user.is_private };
    Ok(users.into_iter().map(|(id, user)| (id, stranger(user))).collect())
}

/// How the viewer stands to one user; `None` when they do not exist for the viewer.
///
/// # Errors
/// Those of the database.
pub async fn standing(app: &App, viewer: Option<Viewer>, user: UserId) -> Result<Option<Standing>> {
    Ok(standings(app, viewer, &[user]).await?.remove(&user))
}

/// Whether one of two users blocks the other.
///
/// # Errors
/// Those of the database.
pub async fn are_blocked(app: &App, one: UserId, other: UserId) -> Result<bool> {
    Ok(!standings_of(app, one, &[other]).await?.contains_key(&other))
}

/// Those among these users, all with an account, who do not exist for the viewer because one of the two blocks the other.
///
/// # Errors
/// Those of the database.
pub async fn hidden(app: &App, viewer: Option<Viewer>, users: &[UserId]) -> Result<HashSet<UserId>> {
    let Some(Viewer { user: viewer, .. }) = viewer else { return Ok(HashSet::new()) };
    let between = app.db.gather(users, |connection, users| blocks::between(connection, viewer, users));
    let elsewhere = followers::elsewhere(app, viewer, users);
    let (between, blocked) = try_join(between, blocks::among(app, viewer, &elsewhere)).await?;
    let other = |block: blocks::Model| if block.blocker_id == viewer { block.blocked_id } else { block.blocker_id };
    Ok(between.into_iter().map(other).chain(blocked).collect())
}

/// The users among these who exist for the viewer.
///
/// # Errors
/// Those of the database.
pub async fn visible(app: &App, viewer: Option<Viewer>, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let standings = standings(app, viewer, ids).await?;
    let mut users = users::find_many(app, ids).await?;
    users.retain(|id, _| standings.contains_key(id));
    Ok(users)
}

/// How the viewer and another user stand, as both may see it.
#[derive(Clone, Copy, Debug)]
pub struct Relationship {
    /// Whether the viewer follows them.
    pub follow_state: FollowState,
    /// Whether they follow the viewer, or asked to.
    pub followed_by: FollowState,
    /// Whether the viewer blocks them.
    pub is_blocking: bool,
    /// Whether the viewer mutes them.
    pub mute: Mute,
}

/// Whether a viewer mutes a user, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// They do not.
    No,
    /// Until they say otherwise.
    ForGood,
    /// Until an instant.
    Until(Timestamp),
}

/// How the viewer and these users stand.
///
/// # Errors
/// Those of the database.
pub async fn relationships(app: &App, viewer: Viewer, users: &[UserId]) -> Result<HashMap<UserId, Relationship>> {
    let seen = followers::seen_by(app, viewer.user, users).await?;
    let followers = followers::states(app.db.read_own(&viewer.user), viewer.user, users).await?;
    let mute = |row: &Seen| if row.is_muted { row.muted_until.map_or(Mute::ForGood, Mute::Until) } else { Mute::No };
    let relationship = |row: Seen| Relationship {
        follow_state: row.state.unwrap_or(FollowState::NotFollowing),
        followed_by: followers.get(&row.id).copied().unwrap_or(FollowState::NotFollowing),
        is_blocking: row.is_blocked,
        mute: mute(&row),
    };
    Ok(seen.into_iter().map(|row| (row.id, relationship(row))).collect())
}

/// Refuses when a user does not exist for the viewer.
pub(super) async fn must_exist(app: &App, viewer: Viewer, user: UserId) -> Result<Standing> {
    let standing = standing(app, Some(viewer), user).await?;
    standing.ok_or_else(|| Error::not_found("user").at(["userId"]))
}
