//! Saving media for later.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, signed_in};
use super::error::{UserError, outcome};
use super::media::{Media, then_media};
use crate::domain::shelves;

/// Input of `saveMedia`.
#[derive(InputObject)]
pub struct SaveMediaInput {
    /// Which.
    media_id: ID,
}

/// Result of `saveMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct SaveMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `unsaveMedia`.
#[derive(InputObject)]
pub struct UnsaveMediaInput {
    /// Which.
    media_id: ID,
}

/// Result of `unsaveMedia`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnsaveMediaPayload {
    /// The media.
    media: Option<Media>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Saving.
#[derive(Default)]
pub struct SaveMutation;

/// Saving.
#[Object]
impl SaveMutation {
    /// Save a media. Its owner is not told.
    async fn save_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: SaveMediaInput,
    ) -> Result<SaveMediaPayload> {
        let viewer = signed_in(ctx)?;
        let save = async |id| shelves::save(app(ctx), viewer, id).await;
        let (media, user_errors) = outcome(then_media(ctx, &input.media_id, save).await)?;
        Ok(SaveMediaPayload { media, user_errors })
    }

    /// Stop saving a media.
    async fn unsave_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnsaveMediaInput,
    ) -> Result<UnsaveMediaPayload> {
        let viewer = signed_in(ctx)?;
        let unsave = async |id| shelves::unsave(app(ctx), viewer, id).await;
        let (media, user_errors) = outcome(then_media(ctx, &input.media_id, unsave).await)?;
        Ok(UnsaveMediaPayload { media, user_errors })
    }
}
