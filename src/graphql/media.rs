//! Media and their photos.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};

use super::comment::{CommentConnection, CommentOrder};
use super::context::{app, input_id, reachable, signed_in, viewer};
use super::error::{UserError, outcome};
use super::filter::{self, CropInput, PhotoFilterInput};
use super::loaders::{CommentsOn, Known, LikeOf, PhotosOf, SaveOf, load};
use super::page::semanticNonNull;
use super::photo::Photo;
use super::photo_tag::{PhotoTagInput, draft_tags};
use super::point::PhotoPointInput;
use super::scalars::{DateTime, Url, Uuid};
use super::text::FormattedText;
use super::user::User;
use super::viewer::Viewer;
use crate::app::App;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::{MediaId, UserId, base58};
use crate::base::page::{Direction, Wanted, cursor};
use crate::domain::comments;
use crate::domain::feed;
use crate::domain::likes;
use crate::domain::media::{self, Card, Draft, DraftPhoto};
use crate::domain::users;

/// One or more photos, published together.
#[derive(Clone, Debug)]
pub struct Media {
    pub(super) row: media::Media,
    pub(super) beside: Option<Beside>,
}

impl Media {
    /// Its id and its owner.
    pub(super) fn whose(&self) -> (MediaId, UserId) {
        (self.row.id, self.row.owner_id)
    }

    /// The address of its page.
    pub(super) fn link(&self, app: &App) -> String {
        format!("{}/p/{}", app.config.public_url(), base58(self.row.id.0))
    }
}

/// What was read together with a media, so that nothing loads it once more.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) owner: users::User,
    pub(super) is_liked: bool,
}

impl From<media::Media> for Media {
    fn from(row: media::Media) -> Self {
        Self { row, beside: None }
    }
}

impl From<Card> for Media {
    fn from(card: Card) -> Self {
        Self { row: card.media, beside: Some(Beside { owner: card.owner, is_liked: card.is_liked }) }
    }
}

/// One or more photos, published together.
#[Object]
impl Media {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The short code in its link.
    async fn shortcode(&self) -> String {
        base58(self.row.id.0)
    }

    /// Its page.
    async fn url(&self, ctx: &Context<'_>) -> Url {
        reachable(ctx, self.link(app(ctx)))
    }

    /// Who published it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        if let Some(beside) = &self.beside {
            return Ok(User(beside.owner.clone()));
        }
        let owner = load(ctx).load_one(Known(self.row.owner_id)).await?;
        Ok(owner.map(User).ok_or_else(|| Error::internal("a media has no owner"))?)
    }

    /// Its photos, in order; at least one.
    async fn photos(&self, ctx: &Context<'_>) -> Result<Vec<Photo>> {
        let photos = load(ctx).load_one(PhotosOf(self.row.id)).await?.unwrap_or_default();
        let is_private = self.beside.as_ref().map(|beside| beside.owner.is_private);
        Ok(photos.into_iter().map(|photo| Photo::of(&self.row, photo).owned_by(is_private)).collect())
    }

    /// What its owner wrote.
    async fn caption(&self) -> Option<FormattedText> {
        self.row.caption.clone().map(|plain| FormattedText { plain, mentions: self.row.mentions.clone() })
    }

    /// A warning to show before the photos.
    async fn content_warning(&self) -> Option<&str> {
        self.row.content_warning.as_deref()
    }

    /// Who can see it. With a private account, `EVERYONE` means followers.
    async fn audience(&self) -> Audience {
        self.row.audience.into()
    }

    /// When it was published.
    async fn published_at(&self) -> DateTime {
        DateTime(self.row.id.made_at())
    }

    /// When it was last edited.
    async fn edited_at(&self) -> Option<DateTime> {
        self.row.edited_at.map(DateTime)
    }

    /// How many like it.
    async fn like_count(&self) -> i64 {
        self.row.like_count
    }

    /// How many comments it has.
    async fn comment_count(&self) -> i64 {
        self.row.comment_count
    }

    /// Its comments.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which order.", default_with = "CommentOrder::OldestFirst")] order: CommentOrder,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<CommentConnection>> {
        let page = Wanted { first, after, last, before }.page()?;
        let (media, owner, order) = (self.row.id, Some(self.row.owner_id), order.into());
        if page.direction == Direction::Forward && page.beyond.is_none() {
            let comments = load(ctx).load_one(CommentsOn { media, order, items: page.items }).await?;
            return Ok(Some(CommentConnection { slice: comments.unwrap_or_default(), owner }));
        }
        let slice = comments::of_media(app(ctx), viewer(ctx), media, order, page).await?;
        Ok(Some(CommentConnection { slice, owner }))
    }

    /// Whether the viewer likes it.
    async fn viewer_has_liked(&self, ctx: &Context<'_>) -> Result<bool> {
        match &self.beside {
            Some(beside) => Ok(beside.is_liked),
            None => Ok(load(ctx).load_one(LikeOf(self.row.id)).await?.is_some()),
        }
    }

    /// Whether the viewer saved it.
    async fn viewer_has_saved(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(load(ctx).load_one(SaveOf(self.row.id)).await?.is_some())
    }

    /// Whether the viewer can comment.
    async fn viewer_can_comment(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some()
    }

    /// Whether the viewer can edit and delete it.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some_and(|viewer| viewer.user == self.row.owner_id)
    }
}

/// Who can see a media. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "media::Audience")]
pub enum Audience {
    /// Anyone; followers when the account is private.
    Everyone,
    /// Followers.
    Followers,
    /// Its owner.
    OnlyMe,
}

/// How to find a media.
#[derive(Clone, Debug, OneofObject)]
pub enum MediaLookup {
    /// By ID.
    Id(ID),
    /// By the short code of its link, as in `/p/BUS3X`.
    Shortcode(String),
}

/// Input of `publishMedia`.
#[derive(InputObject)]
pub struct PublishMediaInput {
    /// The photos, in order.
    photos: Vec<PhotoInput>,
    /// What to say.
    caption: Option<String>,
    /// A warning to show first.
    content_warning: Option<String>,
    /// Who can see it.
    #[graphql(default_with = "Audience::Everyone")]
    audience: Audience,
    /// Makes a repeated request harmless: the first answer is given again for 24 hours.
    idempotency_key: Option<Uuid>,
}

/// A photo to publish.
#[derive(InputObject)]
pub struct PhotoInput {
    /// A ready upload.
    upload_id: ID,
    /// The filter.
    filter: Option<PhotoFilterInput>,
    /// The part to keep; all of it when left out.
    crop: Option<CropInput>,
    /// What it shows, for those who cannot see it.
    alt_text: Option<String>,
    /// What must stay in sight when it is cropped; the middle when left out.
    focal_point: Option<PhotoPointInput>,
    /// Who is in it.
    tags: Option<Vec<PhotoTagInput>>,
    /// Whether to show how it was taken. Never where.
    #[graphql(default)]
    shows_camera: bool,
}

/// Result of `publishMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct PublishMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Its cursor in the home feed and in the owner's media, to put it in place.
    edge_cursor: Option<String>,
    /// The viewer.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `deleteMedia`.
#[derive(InputObject)]
pub struct DeleteMediaInput {
    /// Which.
    media_id: ID,
}

/// Result of `deleteMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct DeleteMediaPayload {
    /// The media.
    deleted_media_id: Option<ID>,
    /// The viewer.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `likeMedia`.
#[derive(InputObject)]
pub struct LikeMediaInput {
    /// Which.
    media_id: ID,
}

/// Result of `likeMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct LikeMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `unlikeMedia`.
#[derive(InputObject)]
pub struct UnlikeMediaInput {
    /// Which.
    media_id: ID,
}

/// Result of `unlikeMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnlikeMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Media and likes.
#[derive(Default)]
pub struct MediaMutation;

/// Media and likes.
#[Object]
impl MediaMutation {
    /// Publish photos.
    async fn publish_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: PublishMediaInput,
    ) -> Result<PublishMediaPayload> {
        let asking = signed_in(ctx)?;
        let key = input.idempotency_key.as_ref().map(|key| key.0.clone());
        let publish = async || -> Answer<_> {
            let media = media::publish(app(ctx), asking, draft(input)?, key).await?;
            feed::add_own(app(ctx), asking, media.id).await;
            Ok(media)
        };
        let (media, user_errors) = outcome(publish().await)?;
        let viewer = media.is_some().then_some(Viewer(asking));
        let edge_cursor = media.as_ref().map(|media| cursor(media.id.0));
        Ok(PublishMediaPayload { media: media.map(Media::from), edge_cursor, viewer, user_errors })
    }

    /// Delete a media, its comments and likes with it.
    async fn delete_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: DeleteMediaInput,
    ) -> Result<DeleteMediaPayload> {
        let asking = signed_in(ctx)?;
        let delete = async || -> Answer<ID> {
            let id: MediaId = input_id(&input.media_id, "media", &["mediaId"])?;
            media::delete(app(ctx), asking, id).await?;
            Ok(id.to_string().into())
        };
        let (deleted_media_id, user_errors) = outcome(delete().await)?;
        let viewer = deleted_media_id.is_some().then_some(Viewer(asking));
        Ok(DeleteMediaPayload { deleted_media_id, viewer, user_errors })
    }

    /// Like a media.
    async fn like_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: LikeMediaInput,
    ) -> Result<LikeMediaPayload> {
        let viewer = signed_in(ctx)?;
        let like = async |id| likes::like(app(ctx), viewer, id).await;
        let (media, user_errors) = outcome(then_media(ctx, &input.media_id, like).await)?;
        Ok(LikeMediaPayload { media, user_errors })
    }

    /// No longer like a media.
    async fn unlike_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnlikeMediaInput,
    ) -> Result<UnlikeMediaPayload> {
        let viewer = signed_in(ctx)?;
        let unlike = async |id| likes::unlike(app(ctx), viewer, id).await;
        let (media, user_errors) = outcome(then_media(ctx, &input.media_id, unlike).await)?;
        Ok(UnlikeMediaPayload { media, user_errors })
    }
}

fn draft(input: PublishMediaInput) -> Answer<Draft> {
    let photo = |(number, photo): (usize, PhotoInput)| {
        let upload = input_id(&photo.upload_id, "upload", &["photos", &number.to_string(), "uploadId"])?;
        let look = filter::look(photo.filter, photo.crop, photo.focal_point);
        let PhotoInput { alt_text, tags, shows_camera, .. } = photo;
        Ok(DraftPhoto { upload, alt_text, look, tags: draft_tags(number, tags)?, shows_camera })
    };
    let photos = input.photos.into_iter().enumerate().map(photo).collect::<Answer<_>>()?;
    let PublishMediaInput { caption, content_warning, audience, .. } = input;
    Ok(Draft { photos, caption, content_warning, audience: audience.into() })
}

/// Does something to a media and gives it as it is afterwards.
pub(super) async fn then_media<F>(ctx: &Context<'_>, id: &ID, done: F) -> Answer<Media>
where
    F: AsyncFnOnce(MediaId) -> Answer<()>,
{
    let id: MediaId = input_id(id, "media", &["mediaId"])?;
    done(id).await?;
    let media = media::find(app(ctx), viewer(ctx), id).await?;
    media.map(Media::from).ok_or_else(|| Error::not_found("media").at(["mediaId"]))
}
