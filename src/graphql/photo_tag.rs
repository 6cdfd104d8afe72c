//! Who is in a photo.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, input_id, signed_in, viewer};
use super::error::{UserError, outcome};
use super::loaders::{Known, load};
use super::photo::Photo;
use super::point::{PhotoPoint, PhotoPointInput};
use super::user::User;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::{PhotoTagId, UserId};
use crate::domain::media::{self, DraftTag};

/// Someone in a photo.
#[derive(Clone, Debug)]
pub struct PhotoTag {
    /// The tag.
    pub row: media::PhotoTag,
    /// Whose photo it is.
    pub owner: UserId,
}

/// Someone in a photo.
#[Object]
impl PhotoTag {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let user = load(ctx).load_one(Known(self.row.user_id)).await?;
        Ok(user.map(User).ok_or_else(|| Error::internal("somebody is tagged who is not there"))?)
    }

    /// Where in the photo.
    async fn position(&self) -> PhotoPoint {
        PhotoPoint { x: self.row.x, y: self.row.y }
    }

    /// Whether the viewer can take it away: the owner of the media and the one tagged can.
    async fn viewer_can_remove(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some_and(|viewer| media::can_remove_tag(viewer, &self.row, self.owner))
    }
}

/// Someone in a photo.
#[derive(Clone, Debug, InputObject)]
pub struct PhotoTagInput {
    /// Who.
    user_id: ID,
    /// Where.
    position: PhotoPointInput,
}

/// Whom to tag in the photo at a place of the input.
///
/// # Errors
/// `NOT_FOUND` when an ID is none of a user.
pub(super) fn draft_tags(photo: usize, tags: Option<Vec<PhotoTagInput>>) -> Answer<Vec<DraftTag>> {
    let photo = photo.to_string();
    let draft = |(place, tag): (usize, PhotoTagInput)| {
        let path = ["photos", &photo, "tags", &place.to_string(), "userId"];
        let user = input_id(&tag.user_id, "user", &path)?;
        Ok(DraftTag { user, x: tag.position.x, y: tag.position.y })
    };
    tags.unwrap_or_default().into_iter().enumerate().map(draft).collect()
}

/// Input of `removePhotoTag`.
#[derive(InputObject)]
pub struct RemovePhotoTagInput {
    /// Which.
    photo_tag_id: ID,
}

/// Result of `removePhotoTag`.
#[derive(Clone, Debug, SimpleObject)]
pub struct RemovePhotoTagPayload {
    /// The photo; null when the viewer cannot see it.
    photo: Option<Photo>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Photo tags.
#[derive(Default)]
pub struct PhotoTagMutation;

/// Photo tags.
#[Object]
impl PhotoTagMutation {
    /// Take a photo tag away: whoever is tagged and the owner of the media can.
    async fn remove_photo_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: RemovePhotoTagInput,
    ) -> Result<RemovePhotoTagPayload> {
        let viewer = signed_in(ctx)?;
        let remove = async || -> Answer<Option<Photo>> {
            let id: PhotoTagId = input_id(&input.photo_tag_id, "tag", &["photoTagId"])?;
            let Some(photo) = media::remove_tag(app(ctx), viewer, id).await? else { return Ok(None) };
            let media = media::find(app(ctx), Some(viewer), photo.media_id).await?;
            Ok(media.map(|media| Photo::of(&media, photo)))
        };
        let (photo, user_errors) = outcome(remove().await)?;
        Ok(RemovePhotoTagPayload { photo: photo.flatten(), user_errors })
    }
}
