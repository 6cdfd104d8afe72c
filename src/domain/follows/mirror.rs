//! The step that keeps a follower's own list: copies a follow from where it is decided. Safe late, twice, in any order.

use super::edges::following as counted;
use super::{followers, following};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::{Fact, FollowState};
use crate::base::ids::UserId;
use crate::domain::users::{self, Counter};
use crate::platform::db::Tx;
use crate::platform::log;

/// Copies the state of a follow, as it is now, into the follower's list.
///
/// # Errors
/// Those of the database.
pub async fn mirror(app: &App, follower: UserId, followee: UserId) -> Result<()> {
    let Some(decided) = followers::one(app.db.read_own(&followee), followee, follower).await? else { return Ok(()) };
    app.db.write(&follower, async |tx| copy(app, tx, decided).await).await
}

async fn copy(app: &App, tx: &Tx, decided: followers::Model) -> Result<()> {
    let followers::Model { follower_id: follower, followee_id: followee, edge, state, .. } = decided;
    users::lock(tx, follower).await?;
    let before = following::one(tx, follower, followee).await?;
    if before.as_ref().is_some_and(|before| before.edge >= edge) {
        return Ok(());
    }
    let before = before.map_or(FollowState::NotFollowing, |before| before.state);
    following::put(tx, following::Model { follower_id: follower, followee_id: followee, edge, state }).await?;
    if before == state {
        return Ok(());
    }
    users::count(tx, follower, Counter::Following, counted(state) - counted(before)).await?;
    let fact = Fact::FollowingChanged { follower, followee, before, state, edge: Some(edge) };
    log::record(tx, app.clock.now(), &fact).await
}
