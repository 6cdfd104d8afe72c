//! How many viewers stand to one user, asked at once: few statements, however many they are, and from the truth.

use std::collections::HashSet;

use super::followers::Seen;
use super::standing::Standing;
use super::{blocks, followers, mutes};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::domain::users;
use crate::platform::db::Reader;
use futures_util::future::{try_join, try_join_all};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Select};

/// Blocks and mutes that are read as they are; of a user with more, those of the viewers are looked for.
const FEW: u64 = 1000;
/// Viewers looked for in one statement.
const AT_ONCE: usize = 500;

/// How some viewers stand to one user.
#[derive(Debug)]
pub struct Crowd {
    user: UserId,
    /// Whether the account of the user is private.
    pub is_private: bool,
    blocked: HashSet<UserId>,
    blockers: HashSet<UserId>,
    followers: HashSet<UserId>,
    muters: HashSet<UserId>,
}

impl Crowd {
    /// Some viewers of a user, without who of them follows. `None` when there is no such user.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(app: &App, viewers: &[UserId], user: UserId) -> Result<Option<Self>> {
        let Some(row) = users::find_many(app, &[user]).await?.remove(&user) else { return Ok(None) };
        let (blocked, blockers) = try_join(blocked_by(app, user, viewers), blockers_of(app, user, viewers)).await?;
        Ok(Some(Self {
            user,
            is_private: row.is_private,
            blocked: blocked.into_iter().collect(),
            blockers: blockers.into_iter().collect(),
            followers: HashSet::new(),
            muters: HashSet::new(),
        }))
    }

    /// The same with who of them follows.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_followers(self, app: &App, viewers: &[UserId]) -> Result<Self> {
        let mut found = HashSet::new();
        for viewers in viewers.chunks(AT_ONCE) {
            let states = followers::states(app.db.read_own(&self.user), self.user, viewers).await?;
            let following = states.into_iter().filter(|(_, state)| *state == FollowState::Following);
            found.extend(following.map(|(follower, _)| follower));
        }
        Ok(Self { followers: found, ..self })
    }

    /// The same with who of them mutes the user now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_muters(self, app: &App, viewers: &[UserId]) -> Result<Self> {
        let mutes = mutes::by_anybody(self.user, app.clock.now());
        let muters = at_home(app, viewers, mutes, mutes::Column::MuterId).await?.into_iter().collect();
        Ok(Self { muters, ..self })
    }

    /// Whether one of them mutes the user.
    #[must_use]
    pub fn is_muted_by(&self, viewer: UserId) -> bool {
        self.muters.contains(&viewer)
    }

    /// How one of them stands to the user, by the rule for everybody; `None` when the user does not exist for them.
    #[must_use]
    pub fn standing(&self, viewer: Option<UserId>) -> Option<Standing> {
        let is_in = |some: &HashSet<UserId>| viewer.is_some_and(|viewer| some.contains(&viewer));
        let seen = Seen {
            id: self.user,
            is_private: self.is_private,
            state: is_in(&self.followers).then_some(FollowState::Following),
            blocks_viewer: is_in(&self.blocked),
            is_blocked: is_in(&self.blockers),
            is_muted: false,
            muted_until: None,
        };
        seen.standing(viewer)
    }
}

/// Whom of the viewers the user blocks.
async fn blocked_by(app: &App, user: UserId, viewers: &[UserId]) -> Result<Vec<UserId>> {
    let (all, connection) = (blocks::Entity::find().filter(blocks::Column::BlockerId.eq(user)), app.db.read_own(&user));
    let some = ids(all.clone().limit(FEW), blocks::Column::BlockedId, connection).await?;
    if (some.len() as u64) < FEW {
        return Ok(some);
    }
    let mut found = Vec::new();
    for viewers in viewers.chunks(AT_ONCE) {
        let these = all.clone().filter(blocks::Column::BlockedId.is_in(viewers.iter().copied()));
        found.extend(ids(these, blocks::Column::BlockedId, connection).await?);
    }
    Ok(found)
}

/// Who of the viewers blocks the user.
async fn blockers_of(app: &App, user: UserId, viewers: &[UserId]) -> Result<Vec<UserId>> {
    let blocks = blocks::Entity::find().filter(blocks::Column::BlockedId.eq(user));
    at_home(app, viewers, blocks, blocks::Column::BlockerId).await
}

/// Who of the viewers has one of these rows, each of which is where its viewer lives.
async fn at_home<E, C>(app: &App, viewers: &[UserId], rows: Select<E>, viewer: C) -> Result<Vec<UserId>>
where
    E: EntityTrait,
    C: ColumnTrait,
{
    let few = app.db.databases().iter().map(|database| ids(rows.clone().limit(FEW), viewer, database.read_own()));
    let some = try_join_all(few).await?;
    if some.iter().all(|some| (some.len() as u64) < FEW) {
        return Ok(some.into_iter().flatten().collect());
    }
    let mut found = Vec::new();
    for viewers in viewers.chunks(AT_ONCE) {
        let these =
            async |connection, viewers| ids(rows.clone().filter(viewer.is_in(viewers)), viewer, connection).await;
        found.extend(app.db.gather(viewers, these).await?);
    }
    Ok(found)
}

async fn ids<E: EntityTrait, C: ColumnTrait>(rows: Select<E>, column: C, connection: &Reader) -> Result<Vec<UserId>> {
    Ok(rows.select_only().column(column).into_tuple().all(connection).await?)
}
