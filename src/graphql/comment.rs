//! What people write below a media.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, input_id, signed_in, viewer};
use super::error::{UserError, outcome};
use super::loaders::{Known, LikeOfComment, RepliesTo, load};
use super::media::Media;
use super::page::{PageInfo, semanticNonNull};
use super::scalars::{DateTime, Uuid};
use super::text::FormattedText;
use super::user::User;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::{CommentId, UserId};
use crate::base::page::{Slice, Wanted, cursor};
use crate::domain::comments::{self, Order, Remark};

/// A comment on a media, or a reply to one.
#[derive(Clone, Debug)]
pub struct Comment {
    row: comments::Comment,
    /// The owner of the media it is on, where it was found below that media.
    owner: Option<UserId>,
}

impl From<comments::Comment> for Comment {
    fn from(row: comments::Comment) -> Self {
        Self { row, owner: None }
    }
}

/// A comment on a media, or a reply to one.
#[Object]
impl Comment {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The media it is on.
    async fn media(&self, ctx: &Context<'_>) -> Result<Media> {
        let media = load(ctx).load_one(self.row.media_id).await?;
        Ok(media.map(Media::from).ok_or_else(|| Error::internal("a comment is shown whose media is not"))?)
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Result<User> {
        let author = load(ctx).load_one(Known(self.row.author_id)).await?;
        Ok(author.map(User).ok_or_else(|| Error::internal("a comment has no author"))?)
    }

    /// What they wrote.
    async fn text(&self) -> FormattedText {
        FormattedText { plain: self.row.body.clone(), mentions: self.row.mentions.clone() }
    }

    /// The comment it replies to; replies are one level deep.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Comment>> {
        let Some(parent) = self.row.parent_id else { return Ok(None) };
        Ok(load(ctx).load_one(parent).await?.map(Comment::from))
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.id.made_at())
    }

    /// When it was last edited.
    async fn edited_at(&self) -> Option<DateTime> {
        self.row.edited_at.map(DateTime)
    }

    /// Whether the viewer can edit it.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some_and(|viewer| viewer.user == self.row.author_id)
    }

    /// How many like it.
    async fn like_count(&self) -> i64 {
        self.row.like_count
    }

    /// Whether the viewer likes it.
    async fn viewer_has_liked(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(load(ctx).load_one(LikeOfComment(self.row.id)).await?.is_some())
    }

    /// How many replies it has.
    async fn reply_count(&self) -> i64 {
        self.row.reply_count
    }

    /// Its replies, oldest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn replies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<CommentConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        if page.beyond.is_none() {
            let replies = load(ctx).load_one(RepliesTo { comment: self.row.id, items: page.items }).await?;
            return Ok(Some(CommentConnection { slice: replies.unwrap_or_default(), owner: self.owner }));
        }
        let slice = comments::replies(app(ctx), viewer(ctx), self.row.id, page).await?;
        Ok(Some(CommentConnection { slice, owner: self.owner }))
    }

    /// Whether the viewer can delete it: its author and the owner of the media can.
    async fn viewer_can_delete(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some(viewer) = viewer(ctx) else { return Ok(false) };
        if self.row.author_id == viewer.user {
            return Ok(true);
        }
        let owner = match self.owner {
            Some(owner) => Some(owner),
            None => load(ctx).load_one(self.row.media_id).await?.map(|media| media.owner_id),
        };
        Ok(owner.is_some_and(|owner| comments::can_delete(viewer, &self.row, owner)))
    }
}

/// The order of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Order")]
pub enum CommentOrder {
    /// Oldest first.
    OldestFirst,
    /// Newest first.
    NewestFirst,
}

/// A page of comments.
#[derive(Clone, Debug)]
pub struct CommentConnection {
    /// The comments.
    pub slice: Slice<comments::Comment>,
    /// The owner of the media they are on, where that is known.
    pub owner: Option<UserId>,
}

/// A page of comments.
#[Object]
impl CommentConnection {
    /// The comments with their cursors.
    async fn edges(&self) -> Vec<CommentEdge> {
        self.slice.items.iter().map(|row| CommentEdge { cursor: cursor(row.id.0), node: self.node(row) }).collect()
    }

    /// The comments.
    async fn nodes(&self) -> Vec<Comment> {
        self.slice.items.iter().map(|row| self.node(row)).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.slice, |row| row.id.0)
    }
}

impl CommentConnection {
    fn node(&self, row: &comments::Comment) -> Comment {
        Comment { row: row.clone(), owner: self.owner }
    }
}

/// One comment in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommentEdge {
    /// Its cursor.
    cursor: String,
    /// The comment.
    node: Comment,
}

/// Input of `addComment`.
#[derive(InputObject)]
pub struct AddCommentInput {
    /// On which.
    media_id: ID,
    /// The comment to reply to.
    parent_id: Option<ID>,
    /// What to say.
    text: String,
    /// Makes a repeated request harmless: the first answer is given again for 24 hours.
    idempotency_key: Option<Uuid>,
}

/// Result of `addComment`.
#[derive(Clone, Debug, SimpleObject)]
pub struct AddCommentPayload {
    /// The comment.
    comment: Option<Comment>,
    /// Its cursor in the list it is in.
    edge_cursor: Option<String>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `updateComment`.
#[derive(InputObject)]
pub struct UpdateCommentInput {
    /// Which.
    comment_id: ID,
    /// What to say.
    text: String,
}

/// Result of `updateComment`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UpdateCommentPayload {
    /// The comment.
    comment: Option<Comment>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `deleteComment`.
#[derive(InputObject)]
pub struct DeleteCommentInput {
    /// Which.
    comment_id: ID,
}

/// Result of `deleteComment`.
#[derive(Clone, Debug, SimpleObject)]
pub struct DeleteCommentPayload {
    /// The comment.
    deleted_comment_id: Option<ID>,
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `likeComment`.
#[derive(InputObject)]
pub struct LikeCommentInput {
    /// Which.
    comment_id: ID,
}

/// Result of `likeComment`.
#[derive(Clone, Debug, SimpleObject)]
pub struct LikeCommentPayload {
    /// The comment.
    comment: Option<Comment>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `unlikeComment`.
#[derive(InputObject)]
pub struct UnlikeCommentInput {
    /// Which.
    comment_id: ID,
}

/// Result of `unlikeComment`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnlikeCommentPayload {
    /// The comment.
    comment: Option<Comment>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Comments.
#[derive(Default)]
pub struct CommentMutation;

/// Comments.
#[Object]
impl CommentMutation {
    /// Comment on a media, or reply to a comment. A reply to a reply goes to its comment.
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: AddCommentInput,
    ) -> Result<AddCommentPayload> {
        let viewer = signed_in(ctx)?;
        let key = input.idempotency_key.map(|key| key.0);
        let add = async || -> Answer<comments::Comment> {
            let media = input_id(&input.media_id, "media", &["mediaId"])?;
            let parent = input.parent_id.map(|id| input_id(&id, "comment", &["parentId"])).transpose()?;
            comments::add(app(ctx), viewer, Remark { media, text: input.text, parent }, key).await
        };
        let (comment, user_errors) = outcome(add().await)?;
        let edge_cursor = comment.as_ref().map(|comment| cursor(comment.id.0));
        Ok(AddCommentPayload { comment: comment.map(Comment::from), edge_cursor, user_errors })
    }

    /// Edit a comment.
    async fn update_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UpdateCommentInput,
    ) -> Result<UpdateCommentPayload> {
        let viewer = signed_in(ctx)?;
        let update = async || -> Answer<comments::Comment> {
            let id: CommentId = input_id(&input.comment_id, "comment", &["commentId"])?;
            comments::edit(app(ctx), viewer, id, &input.text).await
        };
        let (comment, user_errors) = outcome(update().await)?;
        Ok(UpdateCommentPayload { comment: comment.map(Comment::from), user_errors })
    }

    /// Delete a comment, its replies with it: its author and the owner of the media can.
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: DeleteCommentInput,
    ) -> Result<DeleteCommentPayload> {
        let viewer = signed_in(ctx)?;
        let delete = async || {
            let id: CommentId = input_id(&input.comment_id, "comment", &["commentId"])?;
            Ok((ID::from(id.to_string()), comments::delete(app(ctx), viewer, id).await?))
        };
        let (deleted, user_errors) = outcome(delete().await)?;
        let (deleted_comment_id, media) =
            deleted.map_or((None, None), |(id, media)| (Some(id), media.map(Media::from)));
        Ok(DeleteCommentPayload { deleted_comment_id, media, user_errors })
    }

    /// Like a comment.
    async fn like_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: LikeCommentInput,
    ) -> Result<LikeCommentPayload> {
        let viewer = signed_in(ctx)?;
        let like = async |id| comments::like(app(ctx), viewer, id).await;
        let (comment, user_errors) = outcome(then_comment(ctx, &input.comment_id, like).await)?;
        Ok(LikeCommentPayload { comment, user_errors })
    }

    /// Stop liking a comment.
    async fn unlike_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnlikeCommentInput,
    ) -> Result<UnlikeCommentPayload> {
        let viewer = signed_in(ctx)?;
        let unlike = async |id| comments::unlike(app(ctx), viewer, id).await;
        let (comment, user_errors) = outcome(then_comment(ctx, &input.comment_id, unlike).await)?;
        Ok(UnlikeCommentPayload { comment, user_errors })
    }
}

/// Does something to a comment and gives it as it is afterwards.
async fn then_comment<F>(ctx: &Context<'_>, id: &ID, done: F) -> Answer<Comment>
where
    F: AsyncFnOnce(CommentId) -> Answer<()>,
{
    let id: CommentId = input_id(id, "comment", &["commentId"])?;
    done(id).await?;
    let comment = comments::find(app(ctx), viewer(ctx), id).await?;
    comment.map(Comment::from).ok_or_else(|| Error::not_found("comment").at(["commentId"]))
}
