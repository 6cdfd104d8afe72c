//! People, as others see them.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};

use super::context::{app, reachable, viewer};
use super::loaders::{RelationshipWith, StandingTo, load};
use super::media_list::MediaConnection;
use super::page::{PageInfo, semanticNonNull};
use super::scalars::{DateTime, Url};
use crate::base::facts::FollowState as State;
use crate::base::page::{Slice, Wanted, cursor};
use crate::domain::follows::{self, Mute, Related, Standing};
use crate::domain::{media, users};

/// Someone with an account. A user who blocks the viewer, or whom the viewer blocks, exists for the viewer only in
/// `Viewer.blockedUsers`.
#[derive(Clone, Debug)]
pub struct User(pub users::User);

/// Someone with an account. A user who blocks the viewer, or whom the viewer blocks, exists for the viewer only in
/// `Viewer.blockedUsers`.
#[Object]
impl User {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name in links and mentions: letters, digits, `_` and `.`, at most 30, unique in any case.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// The name to show.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// Their profile.
    async fn url(&self, ctx: &Context<'_>) -> Url {
        reachable(ctx, format!("{}/{}", app(ctx).config.public_url(), self.0.username))
    }

    /// Whether new followers must be approved.
    async fn is_private(&self) -> bool {
        self.0.is_private
    }

    /// When they signed up.
    async fn joined_at(&self) -> DateTime {
        DateTime(self.0.id.made_at())
    }

    /// Whether it is the viewer.
    async fn is_viewer(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some_and(|viewer| viewer.user == self.0.id)
    }

    /// How the viewer and they stand; null when anonymous, or when it is the viewer.
    async fn viewer_relationship(&self, ctx: &Context<'_>) -> Result<Option<Relationship>> {
        if viewer(ctx).is_none_or(|viewer| viewer.user == self.0.id) {
            return Ok(None);
        }
        let with = load(ctx).load_one(RelationshipWith(self.0.id)).await?;
        Ok(with.map(Relationship::from))
    }

    /// Whether the viewer can see their media. When false, `media`, `followers` and `following` are empty.
    async fn viewer_can_view_media(&self, ctx: &Context<'_>) -> Result<bool> {
        let standing = load(ctx).load_one(StandingTo(self.0.id)).await?;
        Ok(standing.is_some_and(Standing::can_view_media))
    }

    /// How many media they published that their followers can see.
    async fn media_count(&self) -> i64 {
        self.0.media_count
    }

    /// How many follow them.
    async fn follower_count(&self) -> i64 {
        self.0.follower_count
    }

    /// How many they follow.
    async fn following_count(&self) -> i64 {
        self.0.following_count
    }

    /// Their media, newest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the newest.")] first: Option<i32>,
        #[graphql(desc = "Older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the oldest.")] last: Option<i32>,
        #[graphql(desc = "Newer than this cursor.")] before: Option<String>,
    ) -> Result<Option<MediaConnection>> {
        let page = Wanted { first, after, last, before }.page()?;
        Ok(Some(media::of_user(app(ctx), viewer(ctx), self.0.id, page).await?.into()))
    }

    /// Who follows them, last first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn followers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UserConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UserConnection(follows::followers(app(ctx), viewer(ctx), self.0.id, page).await?)))
    }

    /// Whom they follow, last first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn following(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UserConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UserConnection(follows::following(app(ctx), viewer(ctx), self.0.id, page).await?)))
    }
}

/// How to find a user.
#[derive(Clone, Debug, OneofObject)]
pub enum UserLookup {
    /// By ID.
    Id(ID),
    /// By username, with or without `@`, in any case.
    Username(String),
}

/// How the viewer and a user stand.
#[derive(Clone, Debug, SimpleObject)]
pub struct Relationship {
    /// Whether the viewer follows them.
    follow_state: FollowState,
    /// Whether they follow the viewer.
    is_followed_by: bool,
    /// Whether they asked to follow the viewer.
    has_requested_to_follow: bool,
    /// Whether the viewer blocks them.
    is_blocking: bool,
    /// Whether the viewer mutes them.
    is_muting: bool,
    /// When the mute ends; null when it does not, or there is none.
    muted_until: Option<DateTime>,
}

impl From<follows::Relationship> for Relationship {
    fn from(with: follows::Relationship) -> Self {
        Self {
            follow_state: with.follow_state.into(),
            is_followed_by: with.followed_by == State::Following,
            has_requested_to_follow: with.followed_by == State::Requested,
            is_blocking: with.is_blocking,
            is_muting: with.mute != Mute::No,
            muted_until: if let Mute::Until(until) = with.mute { Some(DateTime(until)) } else { None },
        }
    }
}

/// Whether one user follows another. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub enum FollowState {
    /// No.
    NotFollowing,
    /// Asked, not yet answered.
    Requested,
    /// Yes.
    Following,
}

/// A page of users.
#[derive(Clone, Debug)]
pub struct UserConnection(pub Slice<Related>);

/// A page of users.
#[Object]
impl UserConnection {
    /// The users with their cursors.
    async fn edges(&self) -> Vec<UserEdge> {
        self.0.items.iter().cloned().map(UserEdge::from).collect()
    }

    /// The users.
    async fn nodes(&self) -> Vec<User> {
        self.0.items.iter().map(|related| User(related.user.clone())).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.0, |related| related.edge)
    }
}

/// One user in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserEdge {
    /// Its cursor.
    cursor: String,
    /// The user.
    node: User,
    /// When they came into the list: followed, asked, blocked, muted.
    since: Option<DateTime>,
}

impl From<Related> for UserEdge {
    fn from(related: Related) -> Self {
        let since = Some(DateTime(related.since()));
        Self { cursor: cursor(related.edge), node: User(related.user), since }
    }
}

/// A user named in the input of a mutation.
macro_rules! user_inputs {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, InputObject)]
        pub struct $name {
            /// Whom.
            pub user_id: ID,
        }
    )*};
}

user_inputs! {
    /// Input of `followUser`.
    FollowUserInput;
    /// Input of `unfollowUser`.
    UnfollowUserInput;
    /// Input of `removeFollower`.
    RemoveFollowerInput;
    /// Input of `approveFollowRequest`.
    ApproveFollowRequestInput;
    /// Input of `declineFollowRequest`.
    DeclineFollowRequestInput;
    /// Input of `blockUser`.
    BlockUserInput;
    /// Input of `unblockUser`.
    UnblockUserInput;
    /// Input of `unmuteUser`.
    UnmuteUserInput;
}
