//! Following, approving, blocking and muting.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, input_id, signed_in};
use super::error::{UserError, outcome};
use super::scalars::DateTime;
use super::user::{
    ApproveFollowRequestInput, BlockUserInput, DeclineFollowRequestInput, FollowUserInput, RemoveFollowerInput,
    UnblockUserInput, UnfollowUserInput, UnmuteUserInput, User,
};
use crate::app::App;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::UserId;
use crate::domain::follows;
use crate::domain::sessions::Viewer;

macro_rules! user_payloads {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, SimpleObject)]
        pub struct $name {
            /// The user.
            user: Option<User>,
            /// Why it was not done; empty when it was.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn new(result: Answer<User>) -> Answer<Self> {
                let (user, user_errors) = outcome(result)?;
                Ok(Self { user, user_errors })
            }
        }
    )*};
}

user_payloads! {
    /// Result of `followUser`.
    FollowUserPayload;
    /// Result of `unfollowUser`.
    UnfollowUserPayload;
    /// Result of `removeFollower`.
    RemoveFollowerPayload;
    /// Result of `approveFollowRequest`.
    ApproveFollowRequestPayload;
    /// Result of `declineFollowRequest`.
    DeclineFollowRequestPayload;
    /// Result of `unblockUser`.
    UnblockUserPayload;
    /// Result of `muteUser`.
    MuteUserPayload;
    /// Result of `unmuteUser`.
    UnmuteUserPayload;
}

/// Result of `blockUser`.
#[derive(Clone, Debug, SimpleObject)]
pub struct BlockUserPayload {
    /// The user.
    blocked_user_id: Option<ID>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `muteUser`.
#[derive(Clone, Debug, InputObject)]
pub struct MuteUserInput {
    /// Whom.
    user_id: ID,
    /// Until when; for ever when left out.
    until: Option<DateTime>,
}

/// Following, blocking.
#[derive(Default)]
pub struct FollowMutation;

/// Following, blocking.
#[Object]
impl FollowMutation {
    /// Follow a user, or ask to.
    async fn follow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: FollowUserInput,
    ) -> Result<FollowUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::follow(app, viewer, user).await;
        Ok(FollowUserPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Stop following a user, or asking to.
    async fn unfollow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnfollowUserInput,
    ) -> Result<UnfollowUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::unfollow(app, viewer, user).await;
        Ok(UnfollowUserPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Make a user stop following the viewer. They are not told.
    async fn remove_follower(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: RemoveFollowerInput,
    ) -> Result<RemoveFollowerPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::remove_follower(app, viewer, user).await;
        Ok(RemoveFollowerPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Let a user follow the viewer.
    async fn approve_follow_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: ApproveFollowRequestInput,
    ) -> Result<ApproveFollowRequestPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::approve(app, viewer, user).await;
        Ok(ApproveFollowRequestPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Do not let a user follow the viewer. They are not told.
    async fn decline_follow_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: DeclineFollowRequestInput,
    ) -> Result<DeclineFollowRequestPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::decline(app, viewer, user).await;
        Ok(DeclineFollowRequestPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Block a user: neither exists for the other any more, at once and everywhere, open subscriptions included. They are
    /// not told.
    async fn block_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: BlockUserInput,
    ) -> Result<BlockUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let block = async || {
            let user: UserId = input_id(&input.user_id, "user", &["userId"])?;
            follows::block(app, viewer, user).await?;
            Ok(ID::from(user.to_string()))
        };
        let (blocked_user_id, user_errors) = outcome(block().await)?;
        Ok(BlockUserPayload { blocked_user_id, user_errors })
    }

    /// Stop blocking a user. Follows that the block ended stay ended.
    async fn unblock_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnblockUserInput,
    ) -> Result<UnblockUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::unblock(app, viewer, user).await;
        Ok(UnblockUserPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Keep a user's media out of the home feed and their actions out of push.
    async fn mute_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: MuteUserInput,
    ) -> Result<MuteUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let until = input.until.map(|until| until.0);
        let done = async |user| follows::mute(app, viewer, user, until).await;
        Ok(MuteUserPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }

    /// Stop muting a user.
    async fn unmute_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnmuteUserInput,
    ) -> Result<UnmuteUserPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let done = async |user| follows::unmute(app, viewer, user).await;
        Ok(UnmuteUserPayload::new(then_user(app, viewer, &input.user_id, done).await)?)
    }
}

/// Does something to a user and gives them as the viewer sees them afterwards.
async fn then_user<F>(app: &App, viewer: Viewer, id: &ID, done: F) -> Answer<User>
where
    F: AsyncFnOnce(UserId) -> Answer<()>,
{
    let id: UserId = input_id(id, "user", &["userId"])?;
    done(id).await?;
    let user = follows::visible(app, Some(viewer), &[id]).await?.remove(&id);
    user.map(User).ok_or_else(|| Error::not_found("user").at(["userId"]))
}
