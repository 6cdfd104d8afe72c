//! The rules of the home feed, asked at each read: what the viewer can see, of themselves and of those whom they follow and
//! do not mute. So a follow, a block or a mute that changed shows at once, whatever was made ahead.

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::domain::follows::{self, Standing};
use crate::domain::media::{self, Media};
use crate::domain::sessions::Viewer;

/// What of these media belongs into the viewer's home feed.
pub(super) async fn shown(app: &App, viewer: Viewer, mut media: Vec<Media>) -> Result<Vec<Media>> {
    let owners: Vec<UserId> = media.iter().map(|media| media.owner_id).collect();
    let standings = follows::unmuted(app, viewer, &owners).await?;
    media.retain(|media| {
        let standing = standings.get(&media.owner_id).copied();
        matches!(standing, Some(Standing::Own | Standing::Follower)) && media::is_visible(media.audience, standing)
    });
    Ok(media)
}
