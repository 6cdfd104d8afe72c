//! Finding anything by its global ID. What the viewer may not see does not exist.

use async_graphql::{Context, ID, Interface};

use super::activity::{
    Activity, CommentLikedActivity, CommentedActivity, FollowActivity, MediaLikedActivity, MentionedActivity,
    PhotoTaggedActivity,
};
use super::comment::Comment;
use super::context::{app, viewer as asking};
use super::device::Device;
use super::filter::{self, Filter};
use super::loaders::{Visible, load};
use super::media::Media;
use super::photo::Photo;
use super::photo_tag::PhotoTag;
use super::session::Session;
use super::text::{HASHTAG_PREFIX, Hashtag};
use super::upload::Upload;
use super::user::User;
use super::viewer::{self, Viewer};
use crate::base::error::Result;
use crate::base::ids::{ActivityId, CommentId, DeviceId, MediaId, PhotoId, PhotoTagId, SessionId, UploadId, UserId};
use crate::domain::{activity, devices, media, sessions, uploads};

/// An object with a global ID.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global ID."))]
pub enum Node {
    /// A comment.
    Comment(Comment),
    /// A device of the viewer.
    Device(Device),
    /// A photo filter.
    Filter(Filter),
    /// A hashtag.
    Hashtag(Hashtag),
    /// A media.
    Media(Media),
    /// A photo.
    Photo(Photo),
    /// Someone in a photo.
    PhotoTag(PhotoTag),
    /// A session of the viewer.
    Session(Session),
    /// An upload of the viewer.
    Upload(Upload),
    /// A user.
    User(User),
    /// The viewer.
    Viewer(Viewer),
    /// An activity of the viewer.
    MediaLiked(MediaLikedActivity),
    /// An activity of the viewer.
    CommentLiked(CommentLikedActivity),
    /// An activity of the viewer.
    Commented(CommentedActivity),
    /// An activity of the viewer.
    Mentioned(MentionedActivity),
    /// An activity of the viewer.
    PhotoTagged(PhotoTaggedActivity),
    /// An activity of the viewer.
    Follow(FollowActivity),
}

/// The object with an ID; `None` when it does not exist for the viewer.
///
/// # Errors
/// Those of the database.
pub async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
    match prefix {
        UserId::PREFIX => user(ctx, id).await,
        MediaId::PREFIX => medium(ctx, id).await,
        PhotoId::PREFIX => photo(ctx, id).await,
        PhotoTagId::PREFIX => photo_tag(ctx, id).await,
        CommentId::PREFIX => comment(ctx, id).await,
        HASHTAG_PREFIX => Ok(Hashtag::with_id(id).map(Node::Hashtag)),
        filter::PREFIX => Ok(Filter::with_id(ctx, id).map(Node::Filter)),
        UploadId::PREFIX | SessionId::PREFIX | ActivityId::PREFIX | DeviceId::PREFIX | "vwr" => own(ctx, id).await,
        _ => Ok(None),
    }
}

async fn user(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Ok(id) = id.parse::<UserId>() else { return Ok(None) };
    Ok(load(ctx).load_one(Visible(id)).await?.map(|user| Node::User(User(user))))
}

async fn medium(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Ok(id) = id.parse::<MediaId>() else { return Ok(None) };
    Ok(load(ctx).load_one(id).await?.map(|media| Node::Media(media.into())))
}

async fn photo(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Ok(id) = id.parse::<PhotoId>() else { return Ok(None) };
    let Some(photo) = load(ctx).load_one(id).await? else { return Ok(None) };
    let media = load(ctx).load_one(photo.media_id).await?;
    Ok(media.map(|media| Node::Photo(Photo::of(&media, photo))))
}

async fn photo_tag(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Ok(id) = id.parse::<PhotoTagId>() else { return Ok(None) };
    let Some((row, _)) = media::find_tag(app(ctx), asking(ctx), id).await? else { return Ok(None) };
    let media = load(ctx).load_one(row.media_id).await?;
    Ok(media.map(|media| Node::PhotoTag(PhotoTag { row, owner: media.owner_id })))
}

async fn comment(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Ok(id) = id.parse::<CommentId>() else { return Ok(None) };
    Ok(load(ctx).load_one(id).await?.map(|comment| Node::Comment(comment.into())))
}

/// What exists for its owner only.
async fn own(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some(asking) = asking(ctx) else { return Ok(None) };
    if *id == viewer::id_of(asking.user) {
        return Ok(Some(Node::Viewer(Viewer(asking))));
    }
    if let Ok(id) = id.parse::<UploadId>() {
        return Ok(uploads::find(app(ctx), asking, id).await?.map(|upload| Node::Upload(Upload(upload))));
    }
    if let Ok(id) = id.parse::<DeviceId>() {
        return Ok(devices::find(app(ctx), asking, id).await?.map(|shown| Node::Device(Device(shown))));
    }
    if let Ok(id) = id.parse::<ActivityId>() {
        let activity = activity::find(app(ctx), asking.user, id).await?;
        return activity.map(|activity| Activity::of(activity).map(Node::from)).transpose();
    }
    let Ok(id) = id.parse::<SessionId>() else { return Ok(None) };
    Ok(sessions::find(app(ctx), asking, id).await?.map(|session| Node::Session(Session(session))))
}

impl From<Activity> for Node {
    fn from(activity: Activity) -> Self {
        match activity {
            Activity::MediaLiked(activity) => activity.into(),
            Activity::CommentLiked(activity) => activity.into(),
            Activity::Commented(activity) => activity.into(),
            Activity::Mentioned(activity) => activity.into(),
            Activity::PhotoTagged(activity) => activity.into(),
            Activity::Follow(activity) => activity.into(),
        }
    }
}
