//! The rules of the home feed, asked at each read: what the viewer can see, of themselves and of those whom they follow and
//! do not mute. So a follow, a block or a mute that changed shows at once, whatever was made ahead.

use crate::domain::follows::Standing;
use crate::domain::media::Card;
use crate::domain::sessions::Viewer;

/// What of these media belongs into the viewer's home feed.
pub(super) fn shown(viewer: Viewer, mut cards: Vec<Card>) -> Vec<Card> {
    cards.retain(|card| {
        let is_source = matches!(card.standing(Some(viewer)), Some(Standing::Own | Standing::Follower));
        is_source && !card.is_muted() && card.is_visible(Some(viewer))
    });
    cards
}
