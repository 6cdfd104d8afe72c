//! Everybody who follows a user, page by page, for those who bring them something.

use super::followers;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::base::page::{Direction, Page};

/// Some of the followers of a user.
#[derive(Clone, Debug)]
pub struct Audience {
    /// They.
    pub followers: Vec<UserId>,
    /// After whom to go on; `None` when these were the last.
    pub next: Option<i64>,
}

/// Those who follow a user, at most `most`, beginning after a place. Who follows anew comes last, so that nobody who was
/// there from start to end is passed over, and one who left and came back neither.
///
/// # Errors
/// Those of the database.
pub async fn audience(app: &App, user: UserId, after: i64, most: u32) -> Result<Audience> {
    // The list of followers begins with the last; from its end it grows.
    let page = Page { direction: Direction::Backward, beyond: Some(after), items: most };
    let mut edges = followers::page(app.db.read_own(&user), user, FollowState::Following, page).await?;
    let is_more = edges.len() > most as usize;
    edges.truncate(most as usize);
    let next = if is_more { edges.last().map(|edge| edge.edge) } else { None };
    Ok(Audience { followers: edges.into_iter().map(|edge| edge.follower_id).collect(), next })
}
