//! Editing a media after it was published.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::context::{app, input_id, signed_in};
use super::error::{UserError, outcome};
use super::media::{Audience, Media};
use crate::base::error::Result as Answer;
use crate::base::ids::MediaId;
use crate::domain::media::{self, Edit};

/// Input of `updateMedia`.
#[derive(InputObject)]
pub struct UpdateMediaInput {
    /// Which.
    media_id: ID,
    /// What to say.
    caption: MaybeUndefined<String>,
    /// A warning to show first.
    content_warning: MaybeUndefined<String>,
    /// Who can see it.
    audience: Option<Audience>,
}

/// Result of `updateMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UpdateMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Editing media.
#[derive(Default)]
pub struct MediaEditMutation;

/// Editing media.
#[Object]
impl MediaEditMutation {
    /// Edit a media. What is left out stays; null clears.
    async fn update_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UpdateMediaInput,
    ) -> Result<UpdateMediaPayload> {
        let viewer = signed_in(ctx)?;
        let update = async || -> Answer<media::Media> {
            let id: MediaId = input_id(&input.media_id, "media", &["mediaId"])?;
            let (caption, content_warning) = (given(input.caption), given(input.content_warning));
            let edit = Edit { caption, content_warning, audience: input.audience.map(Into::into) };
            media::edit(app(ctx), viewer, id, edit).await
        };
        let (media, user_errors) = outcome(update().await)?;
        Ok(UpdateMediaPayload { media: media.map(Media::from), user_errors })
    }
}

/// A text that was given; null is an empty one.
fn given(text: MaybeUndefined<String>) -> Option<String> {
    match text {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(String::new()),
        MaybeUndefined::Value(text) => Some(text),
    }
}
