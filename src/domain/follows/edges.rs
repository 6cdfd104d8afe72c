//! Changing a follow where it is decided: the edge, the number of followers and the fact, in one transaction.

use super::followers::{self, Model as Edge};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::{Fact, FollowState};
use crate::base::ids::UserId;
use crate::domain::users::{self, Counter};
use crate::platform::db::Tx;
use crate::platform::log;

/// One user following another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub follower: UserId,
    pub followee: UserId,
}

/// Brings an edge into a state. The caller has locked the one followed in this transaction, so that counts and edges of a
/// user change one at a time. False when it was in that state.
pub(super) async fn set(app: &App, tx: &Tx, pair: Pair, state: FollowState) -> Result<bool> {
    let Pair { follower, followee } = pair;
    let earlier = followers::one(tx.conn(), followee, follower).await?;
    let before = earlier.as_ref().map_or(FollowState::NotFollowing, |edge| edge.state);
    if before == state {
        return Ok(false);
    }
    // Clocks of processes differ; the number of a change grows all the same.
    let edge = app.ids.next::<i64>(&followee)?.max(earlier.map_or(0, |edge| edge.edge + 1));
    let is_approved = before == FollowState::Requested && state == FollowState::Following;
    followers::put(tx, Edge { followee_id: followee, follower_id: follower, edge, state, is_approved }).await?;
    users::count(tx, followee, Counter::Followers, following(state) - following(before)).await?;
    log::record(tx, app.clock.now(), &Fact::FollowChanged { follower, followee }).await?;
    Ok(true)
}

/// Whether one user follows another as it is decided now, and whether they were let in after they had asked.
pub(in crate::domain) async fn decided(app: &App, follower: UserId, followee: UserId) -> Result<(FollowState, bool)> {
    let edge = followers::one(app.db.read_own(&followee), followee, follower).await?;
    Ok(edge.map_or((FollowState::NotFollowing, false), |edge| (edge.state, edge.is_approved)))
}

/// The state of an edge.
pub(super) async fn state_of(tx: &Tx, pair: Pair) -> Result<FollowState> {
    let edge = followers::one(tx.conn(), pair.followee, pair.follower).await?;
    Ok(edge.map_or(FollowState::NotFollowing, |edge| edge.state))
}

/// How much an edge in a state adds to the counts.
pub(super) fn following(state: FollowState) -> i64 {
    i64::from(state == FollowState::Following)
}
