//! What follows from each fact. A new fact does not compile until it has its line here.

use super::step::Step;
use super::tell::Tell;
use crate::base::facts::Fact;
use crate::domain::feed::Place;

/// The steps that follow from a fact.
pub(super) fn after(fact: &Fact) -> Vec<Step> {
    match *fact {
        Fact::FollowChanged { follower, followee } => {
            vec![Step::MirrorFollow { follower, followee }, tell(Tell::Follow { follower, followee })]
        }
        Fact::UserBlocked { blocker, blocked, edge } => vec![
            Step::SeverFollow { blocker, blocked, block: edge },
            tell(Tell::Parted { user: blocker, actor: blocked, block: edge }),
            tell(Tell::Parted { user: blocked, actor: blocker, block: edge }),
        ],
        Fact::PrivacyChanged { user, is_private: false } => vec![Step::ApproveWaiting { user }],
        Fact::UploadReceived { upload } => vec![Step::ProcessUpload { upload }],
        Fact::UploadExpired { upload } => vec![Step::EraseUpload { upload }],
        Fact::MediaPublished { media, owner } => vec![Step::FanOut { media, owner, place: Place::Start }],
        Fact::MediaDeleted { media, owner, .. } => {
            vec![Step::EraseMedia { media }, tell(Tell::DeletedMedia { media, owner })]
        }
        Fact::MediaLiked { media, user } | Fact::MediaUnliked { media, user } => {
            vec![tell(Tell::Like { media, user })]
        }
        Fact::CommentAdded { comment, .. } => vec![tell(Tell::Comment { comment })],
        Fact::CommentLiked { comment, user, .. } | Fact::CommentUnliked { comment, user, .. } => {
            vec![tell(Tell::CommentLike { comment, user })]
        }
        Fact::ActivityNoted { activity } => vec![tell(Tell::Sum { activity })],
        Fact::LikeWaits { media, user, edge } => vec![Step::CopyLike { media, user, edge }],
        Fact::CountsWait { media } => vec![Step::AddUpCounts { media }],
        Fact::CommentCountsWait { comment } => vec![Step::AddUpCommentCounts { comment }],
        Fact::CommentDeleted { comment, media, author, parent } => {
            vec![Step::EraseComment { comment }, tell(Tell::DeletedComment { comment, media, author, parent })]
        }
        Fact::UserSignedUp { .. }
        | Fact::SessionEnded { .. }
        | Fact::PrivacyChanged { is_private: true, .. }
        | Fact::FollowingChanged { .. }
        | Fact::UserUnblocked { .. }
        | Fact::UserMuted { .. }
        | Fact::UserUnmuted { .. }
        | Fact::UploadProcessed { .. }
        | Fact::MediaEdited { .. }
        | Fact::AudienceChanged { .. }
        | Fact::PhotoTagged { .. }
        | Fact::PhotoTagRemoved { .. }
        | Fact::CommentEdited { .. }
        | Fact::ActivityChanged { .. }
        | Fact::ActivityRemoved { .. }
        | Fact::ActivitySeen { .. } => vec![],
    }
}

fn tell(of: Tell) -> Step {
    Step::Tell { of }
}
