//! What follows from each fact. A new fact does not compile until it has its line here.

use super::step::Step;
use super::{pushing, tell};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UserId};
use crate::domain::feed::Place;
use crate::domain::pushes::Turn;

/// The steps that follow from a fact: what is to be done, who is to be told, and what devices are to be brought.
pub(super) fn after(fact: &Fact) -> Vec<Step> {
    let told = tell::after(fact).into_iter().map(|of| Step::Tell { of });
    let pushed = pushing::after(fact).map(|of| Step::Push { of, turn: Turn::default() });
    done_after(fact).into_iter().chain(told).chain(pushed).collect()
}

fn done_after(fact: &Fact) -> Vec<Step> {
    match *fact {
        Fact::SessionEnded { session, .. } => vec![Step::ForgetDevices { session }],
        Fact::DeviceMoved { device } => vec![Step::ForgetDevice { device }],
        Fact::FollowChanged { follower, followee } => vec![Step::MirrorFollow { follower, followee }],
        Fact::UserBlocked { blocker, blocked, edge } => after_block(blocker, blocked, edge),
        Fact::PrivacyChanged { user, is_private: false } => vec![Step::ApproveWaiting { user }],
        Fact::PrivacyChanged { user, is_private: true } => vec![Step::RenewLinks { user, after: MediaId(0) }],
        Fact::UploadReceived { upload } => vec![Step::ProcessUpload { upload }],
        Fact::UploadExpired { upload } => vec![Step::EraseUpload { upload }],
        Fact::MediaPublished { media, owner } => vec![Step::FanOut { media, owner, place: Place::Start }],
        Fact::MediaEdited { media, .. } => vec![Step::EraseOldLooks { media }],
        Fact::MediaDeleted { media, .. } => vec![Step::EraseMedia { media }],
        Fact::LikeWaits { media, user, edge } => vec![Step::CopyLike { media, user, edge }],
        Fact::CountsWait { media } => vec![Step::AddUpCounts { media }],
        Fact::CommentCountsWait { comment } => vec![Step::AddUpCommentCounts { comment }],
        Fact::CommentDeleted { comment, .. } => vec![Step::EraseComment { comment }],
        Fact::Rehearsed { number } => vec![Step::Rehearse { number }],
        Fact::UserSignedUp { .. }
        | Fact::FollowingChanged { .. }
        | Fact::UserUnblocked { .. }
        | Fact::UserMuted { .. }
        | Fact::UserUnmuted { .. }
        | Fact::UploadProcessed { .. }
        | Fact::MediaLiked { .. }
        | Fact::MediaUnliked { .. }
        | Fact::CommentAdded { .. }
        | Fact::CommentLiked { .. }
        | Fact::CommentUnliked { .. }
        | Fact::AudienceChanged { .. }
        | Fact::LinksRenewed { .. }
        | Fact::PhotoTagged { .. }
        | Fact::PhotoTagRemoved { .. }
        | Fact::MentionChanged { .. }
        | Fact::CommentEdited { .. }
        | Fact::ActivityNoted { .. }
        | Fact::ActivityChanged { .. }
        | Fact::ActivityRemoved { .. }
        | Fact::ActivitySeen { .. }
        | Fact::Unknown => vec![],
    }
}

fn after_block(blocker: UserId, blocked: UserId, block: i64) -> Vec<Step> {
    vec![
        Step::SeverFollow { blocker, blocked, block },
        Step::RemoveBlocked { owner: blocker, other: blocked, block, after: 0 },
        Step::RemoveBlocked { owner: blocked, other: blocker, block, after: 0 },
    ]
}
