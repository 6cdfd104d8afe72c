//! What follows from each fact. A new fact does not compile until it has its line here.

use super::step::Step;
use crate::base::facts::Fact;
use crate::domain::feed::Place;

/// The steps that follow from a fact.
pub(super) fn after(fact: &Fact) -> Vec<Step> {
    match *fact {
        Fact::FollowChanged { follower, followee } => vec![Step::MirrorFollow { follower, followee }],
        Fact::UserBlocked { blocker, blocked, edge } => vec![Step::SeverFollow { blocker, blocked, block: edge }],
        Fact::PrivacyChanged { user, is_private: false } => vec![Step::ApproveWaiting { user }],
        Fact::UploadReceived { upload } => vec![Step::ProcessUpload { upload }],
        Fact::UploadExpired { upload } => vec![Step::EraseUpload { upload }],
        Fact::MediaPublished { media, owner } => vec![Step::FanOut { media, owner, place: Place::Start }],
        Fact::MediaDeleted { media, .. } => vec![Step::EraseMedia { media }],
        Fact::CountsWait { media } => vec![Step::AddUpCounts { media }],
        Fact::UserSignedUp { .. }
        | Fact::SessionEnded { .. }
        | Fact::PrivacyChanged { is_private: true, .. }
        | Fact::FollowingChanged { .. }
        | Fact::UserUnblocked { .. }
        | Fact::UploadProcessed { .. }
        | Fact::MediaEdited { .. }
        | Fact::AudienceChanged { .. }
        | Fact::PhotoTagged { .. }
        | Fact::PhotoTagRemoved { .. }
        | Fact::CommentEdited { .. }
        | Fact::MediaLiked { .. }
        | Fact::MediaUnliked { .. }
        | Fact::CommentAdded { .. }
        | Fact::CommentDeleted { .. } => vec![],
    }
}
