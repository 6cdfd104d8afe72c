//! The roots of the schema: what can be read, changed and listened to.

use async_graphql::futures_util::Stream;
use async_graphql::futures_util::future::try_join_all;
use async_graphql::{Context, ID, MergedObject, Object, OneofObject, Result};

use super::activity::ActivityMutation;
use super::comment::CommentMutation;
use super::context::{app, signed_in, viewer};
use super::device::DeviceMutation;
use super::feed::FeedMutation;
use super::filter::{Filter, PhotoMutation};
use super::follow::FollowMutation;
use super::live::{ActivityEvent, Listening, MediaEvent, MediaStreamEvent, UploadEvent};
use super::loaders::{Visible, load};
use super::media::{Media, MediaLookup, MediaMutation};
use super::media_edit::MediaEditMutation;
use super::node::{self, Node};
use super::notification::NotificationMutation;
use super::photo_tag::PhotoTagMutation;
use super::save::SaveMutation;
use super::scalars::StreamCursor;
use super::server::Server;
use super::session::SessionMutation;
use super::upload::UploadMutation;
use super::user::{User, UserLookup};
use super::viewer::{Viewer, ViewerMutation};
use super::{live, stream};
use crate::base::error::{Code, Error};
use crate::base::ids::{MediaId, UserId, from_base58};
use crate::base::page::MOST_ITEMS;
use crate::domain::users;

/// What can be read.
pub struct Query;

/// What can be read.
#[Object]
impl Query {
    /// The object with an ID; null when it does not exist for the viewer.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Its ID.")] id: ID) -> Result<Option<Node>> {
        Ok(node::find(ctx, &id).await?)
    }

    /// The objects with these IDs, in the same order; null where one does not exist for the viewer. At most 100.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their IDs.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_ITEMS as usize {
            return Err(Error::failed(Code::BadUserInput, "`nodes` takes at most 100 IDs.").into());
        }
        Ok(try_join_all(ids.iter().map(|id| node::find(ctx, id))).await?)
    }

    /// Who is asking; null when anonymous.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        viewer(ctx).map(Viewer)
    }

    /// A user.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How to find them.")] by: UserLookup,
    ) -> Result<Option<User>> {
        let id: Option<UserId> = match by {
            UserLookup::Id(id) => id.parse().ok(),
            UserLookup::Username(username) => users::by_username(app(ctx), &username).await?.map(|user| user.id),
        };
        let Some(id) = id else { return Ok(None) };
        Ok(load(ctx).load_one(Visible(id)).await?.map(User))
    }

    /// A media.
    async fn media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How to find it.")] by: MediaLookup,
    ) -> Result<Option<Media>> {
        let id: Option<MediaId> = match by {
            MediaLookup::Id(id) => id.parse().ok(),
            MediaLookup::Shortcode(code) => from_base58(&code).map(MediaId),
        };
        let Some(id) = id else { return Ok(None) };
        Ok(load(ctx).load_one(id).await?.map(Media::from))
    }

    /// The photo filters of this server.
    async fn filters(&self, ctx: &Context<'_>) -> Vec<Filter> {
        app(ctx).filters.all().cloned().map(Filter).collect()
    }

    /// This server: its name and limits. Needs no session.
    async fn server(&self) -> Server {
        Server
    }

    /// Where the event log stood before anything else in this operation was read. Pass it as `after` to a subscription and
    /// nothing between this read and that subscription is missed.
    async fn stream_cursor(&self, ctx: &Context<'_>) -> StreamCursor {
        ctx.data_unchecked::<stream::Start>().cursor()
    }
}

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    ViewerMutation,
    FollowMutation,
    UploadMutation,
    MediaMutation,
    PhotoMutation,
    MediaEditMutation,
    PhotoTagMutation,
    SaveMutation,
    CommentMutation,
    DeviceMutation,
    FeedMutation,
    ActivityMutation,
    NotificationMutation,
);

/// What a stream of media is about. New kinds may be added.
#[derive(Clone, Debug, OneofObject)]
pub enum MediaStreamSource {
    /// The media of a user.
    UserId(ID),
}

/// What can be listened to, over WebSocket (`graphql-transport-ws`), server-sent events or
/// `multipart/mixed; subscriptionSpec=1.0`.
///
/// The first event is always `StreamOpened`. Every event carries a `cursor`; to go on after a break, subscribe again with
/// the last one as `after`. What the viewer may no longer see is not sent, whatever was true when they subscribed.
pub struct Subscription;

/// The first event is always `StreamOpened`. Every event carries a `cursor`; to go on after a break, subscribe again with
/// the last one as `after`. What the viewer may no longer see is not sent, whatever was true when they subscribed.
#[async_graphql::Subscription]
impl Subscription {
    /// The viewer's home feed.
    async fn home_feed_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on after this position.")] after: Option<StreamCursor>,
    ) -> Result<impl Stream<Item = Result<MediaStreamEvent>>> {
        live::home_feed(Listening::of(ctx, after)).await
    }

    /// The media of a user, as they are published.
    async fn media_stream_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of what.")] source: MediaStreamSource,
        #[graphql(desc = "Go on after this position.")] after: Option<StreamCursor>,
    ) -> Result<impl Stream<Item = Result<MediaStreamEvent>>> {
        let MediaStreamSource::UserId(user) = source;
        live::user_media(Listening::of(ctx, after), user.parse().ok()).await
    }

    /// One media: its comments, counts and end.
    async fn media_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] media_id: ID,
        #[graphql(desc = "Go on after this position.")] after: Option<StreamCursor>,
    ) -> Result<impl Stream<Item = Result<MediaEvent>>> {
        live::media(Listening::of(ctx, after), media_id.parse().ok()).await
    }

    /// What happens to the viewer.
    async fn activity_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on after this position.")] after: Option<StreamCursor>,
    ) -> Result<impl Stream<Item = Result<ActivityEvent>>> {
        let viewer = signed_in(ctx)?;
        live::activity(Listening::of(ctx, after), viewer).await
    }

    /// One upload, until it is ready or rejected; then the subscription completes.
    async fn upload_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] upload_id: ID,
        #[graphql(desc = "Go on after this position.")] after: Option<StreamCursor>,
    ) -> Result<impl Stream<Item = Result<UploadEvent>>> {
        let viewer = signed_in(ctx)?;
        live::upload(Listening::of(ctx, after), viewer, upload_id.parse().ok()).await
    }
}
