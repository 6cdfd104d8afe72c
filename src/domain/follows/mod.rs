//! Who may see whom. Blocks win over follows; a private account is seen by approved followers only.
//!
//! A follow is decided on the shard of the one followed; the follower's own list is a copy that a step keeps. A block
//! lives on the shard of the one who blocks, and so does a mute. [`standings`] is the one place that decides visibility.

mod approve;
mod audience;
mod block;
mod blocks;
mod crowd;
mod edges;
mod follow;
mod followers;
mod following;
mod lists;
mod mirror;
mod mute;
mod mutes;
mod privacy;
mod standing;

pub use approve::{approve, decline};
pub use audience::{Audience, audience};
pub use block::{block, sever, unblock};
pub use crowd::Crowd;
pub(in crate::domain) use edges::decided;
pub use follow::{follow, remove_follower, unfollow};
pub use followers::Seen;
pub(in crate::domain) use followers::{HomeSide, select_seen};
pub use following::all_of as followed_by;
pub use following::unmuted_of as heard_by;
pub use lists::{Related, blocked, followers, following, muted, requests};
pub use mirror::mirror;
pub use mute::{mute, muted_among, unmute};
pub use privacy::{approve_waiting, set_private};
pub(in crate::domain) use standing::standings_of;
pub use standing::{Mute, Relationship, Standing, are_blocked, hidden, relationships, standing, standings, visible};
